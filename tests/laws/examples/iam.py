"""Valid input for IAM, put together of its parts: `_make_X` and `_delete_X` for resources, `_for_X` for operations.

`_bare_X` makes a resource without all that there is to read of it, where `_make_X` makes it with that.

`_list_X` makes one more thing that a list shows, and gives its name, or nothing where there is no room for another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogstead.kernel.catalog import Catalog
from laws.examples.iam_people import People
from laws.examples.iam_policies import Policies
from services.iam.policies import S3

_NAMED_BY = (
    *("AccessKeyId", "CertificateId", "SSHPublicKeyId", "SerialNumber"),
    *("UserName", "GroupName", "ServerCertificateName", "Key"),
    *("InstanceProfileName", "VersionId", "PolicyName", "RoleName", "EvalActionName"),
)
"""The first of these that an entry has is its own name."""

_CHOSEN = {"ListPolicies": {"Scope": "Local"}, "SimulateCustomPolicy": {"PolicyInputList": [S3]}}
"""What a list is asked for, so that it shows what was made for it alone."""

_ARNS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "CreatePolicy": ("PolicyArn", lambda given: f"policy{given['Path']}{given['PolicyName']}"),
    "CreateOpenIDConnectProvider": (
        "OpenIDConnectProviderArn",
        lambda given: "oidc-provider/" + given["Url"].removeprefix("https://"),
    ),
}
"""How what an operation made is pointed at, where that is not by its name."""


class IamExamples(People, Policies):
    """Each operation on a resource made for it."""

    service = "iam"

    def make(self, resource: str) -> dict[str, Any]:
        made: dict[str, Any] = getattr(self, f"_make_{resource}")()
        return made

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        if resource in ("User", "Group"):
            self._strip(resource, pointers)
        getattr(self, f"_delete_{resource}")(pointers)

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        here = self._here(operation, pointers)
        specific: Callable[[dict[str, Any]], dict[str, Any]] | None = getattr(self, f"_for_{operation}", None)
        return specific(here) if specific is not None else here

    def _here(self, operation: str, pointers: dict[str, Any] | None) -> dict[str, Any]:
        declared = _operation(operation)
        if declared.on is None:
            return {}
        known = pointers or (self._linked() if operation == "DeleteServiceLinkedRole" else None)
        known = known or self.make(declared.on.__name__)
        if declared.at == "PolicySourceArn":
            return {declared.at: self._arn_of(known["UserName"])}
        return {declared.at: known[declared.at]}

    def _arn_of(self, user: str) -> str:
        """A user's, with its path while it is there."""
        reply = self.caller.call(self.service, "GetUser", {"UserName": user})
        return reply.output["User"]["Arn"] if reply.status < 300 else f"arn:aws:iam::{self.caller.account}:user/{user}"

    # ------------------------------------------------------------- for single laws
    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        given = {**self._here(operation, self._bare(operation)), **_CHOSEN.get(operation, {})}
        made = [self._more(operation, given) for _ in range(count)]
        return given, [name for name in made if name]

    def _bare(self, operation: str) -> dict[str, Any] | None:
        """A resource that has nothing yet, where others have."""
        on = _operation(operation).on
        make = getattr(self, f"_bare_{on.__name__}", None) if on is not None else None
        return make() if make is not None else None

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if not operation.startswith("Simulate"):  # its results follow from the request alone
            self._more(operation, given)

    def named(self, operation: str, entry: Any) -> str:
        return entry if isinstance(entry, str) else str(next(entry[name] for name in _NAMED_BY if name in entry))

    def _more(self, operation: str, given: dict[str, Any]) -> str:
        made: str = getattr(self, f"_list_{operation}")(given)
        return made

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        given = self.input_of(operation)
        declared = _operation(operation)
        pointers = {declared.at: given[declared.at]}
        if operation == "CreateVirtualMFADevice":
            path, name = given["Path"], given["VirtualMFADeviceName"]
            pointers = {"SerialNumber": f"arn:aws:iam::{self.caller.account}:mfa{path}{name}"}
        if operation in _ARNS:
            member, pattern = _ARNS[operation]
            pointers = {member: f"arn:aws:iam::{self.caller.account}:" + pattern(given)}
        return given, pointers

    def await_waiter(self, waiter: str) -> dict[str, Any]:
        if waiter == "PolicyExists":
            return {"PolicyArn": self.make("ManagedPolicy")["PolicyArn"]}
        return self.make(waiter.removesuffix("Exists"))


def _operation(name: str) -> Any:
    return Catalog().operation("iam", name)
