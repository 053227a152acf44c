"""Identity policies as IAM takes them: refused with its own reasons, measured as it measures them.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements", "IAM and AWS STS quotas"
(white space does not count). The reasons are those that IAM gives in the reports of its users; which of several comes
first is not documented. What it means in the end is the kernel's: a policy that passes here compiles there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.policies import compile_policy
from fogstead.services.iam.service import MalformedPolicyDocument

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
UNPREFIXED = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."

_VERSIONS = ("2008-10-17", "2012-10-17")
_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_PARTITIONS = frozenset({"aws", "*"})
_VENDOR = re.compile(r"[A-Za-z0-9.-]+")
_ACTION = re.compile(r"[A-Za-z0-9*?]+")
_SID = re.compile(r"[0-9A-Za-z]*")
_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_S3_IN_REGIONS = ("accesspoint", "access-grants", "async-request", "job", "storage-lens", "*")
"""Beginnings of those of S3's resources that belong to a Region; buckets and objects do not."""


def check_identity_policy(text: str, *, managed: bool = False) -> None:
    """MalformedPolicyDocument with IAM's reason unless it is a policy. Managed ones have to be of the newer version."""
    document = parsed(text, SYNTAX)
    statements = _read_grammar(document)
    if managed and document.get("Version") != _VERSIONS[-1]:
        raise MalformedPolicyDocument("Policy document must be version 2012-10-17 or greater.")
    check_sids(statements)
    if not all(_SID.fullmatch(statement.get("Sid", "")) for statement in statements):
        raise MalformedPolicyDocument(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*"
        )
    for statement in statements:
        _check_contents(statement)
    compiled_or_refused(text)


def compiled_or_refused(text: str, error: type[ServiceError] = MalformedPolicyDocument) -> None:
    """What the kernel would not understand is refused as well."""
    try:
        compile_policy(text, "identity")
    except PolicyFault:
        raise error(SYNTAX) from None


def size_of(text: str) -> int:
    """The characters that count against a quota."""
    return sum(not char.isspace() for char in text)


def parsed(text: str, reason: str) -> Any:
    """The JSON of a document in which no element appears twice; MalformedPolicyDocument for that reason otherwise."""
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedPolicyDocument(reason) from None


def check_sids(statements: Sequence[Mapping[str, Any]]) -> None:
    """Those that are given are all different."""
    given = [sid for statement in statements if (sid := statement.get("Sid"))]
    if len(set(given)) != len(given):
        raise MalformedPolicyDocument("Statement IDs (SID) in a single policy must be unique.")


def listed(value: Any) -> list[Any]:
    """One value may stand for a list of one."""
    return value if isinstance(value, list) else [value]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("an element appears twice")
    return out


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# --------------------------------------------------------------------------- grammar
def _read_grammar(document: Any) -> list[dict[str, Any]]:
    """The statements of a document whose elements are all known and of the right kind."""
    _require(isinstance(document, dict) and _DOCUMENT.issuperset(document))
    _require(document.get("Version", _VERSIONS[0]) in _VERSIONS and isinstance(document.get("Id", ""), str))
    statements = listed(document.get("Statement"))
    _require(bool(statements) and all(isinstance(statement, dict) for statement in statements))
    for statement in statements:
        if not _PRINCIPALS.isdisjoint(statement):
            raise MalformedPolicyDocument("Policy document should not specify a principal.")
        _read_statement(statement)
    return statements


def _read_statement(statement: Mapping[str, Any]) -> None:
    _require(_STATEMENT.issuperset(statement) and isinstance(statement.get("Sid", ""), str))
    _require(statement.get("Effect") in ("Allow", "Deny"))
    for plain, negated, noun in (("Action", "NotAction", "actions"), ("Resource", "NotResource", "resources")):
        _require(not (plain in statement and negated in statement))
        texts = listed(statement.get(plain, statement.get(negated, [])))
        _require(all(isinstance(text, str) for text in texts))
        if not texts:
            raise MalformedPolicyDocument(f"Policy statement must contain {noun}.")
    block = statement.get("Condition", {})
    _require(isinstance(block, dict) and all(isinstance(keys, dict) for keys in block.values()))
    for _operator, _key, value in _conditions(statement):
        _require(all(isinstance(one, str | int | float) for one in listed(value)))


def _require(condition: bool) -> None:
    if not condition:
        raise MalformedPolicyDocument(SYNTAX)


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            yield operator, key, value


# --------------------------------------------------------------------------- contents
def _check_contents(statement: Mapping[str, Any]) -> None:
    for action in listed(statement.get("Action", statement.get("NotAction"))):
        _check_action(action)
    for resource in listed(statement.get("Resource", statement.get("NotResource"))):
        _check_resource(resource)
    for operator, key, value in _conditions(statement):
        if ":" not in key:
            raise MalformedPolicyDocument(UNPREFIXED)
        if operator.removesuffix("IfExists").rpartition(":")[2].startswith("Date"):
            _check_dates(listed(value))


def _check_action(action: str) -> None:
    if action == "*":
        return
    vendor, *named = action.split(":")
    if not named:
        raise MalformedPolicyDocument(UNPREFIXED)
    if len(named) > 1:
        raise MalformedPolicyDocument("Actions/Condition can contain only one colon.")
    if _VENDOR.fullmatch(vendor) is None:
        raise MalformedPolicyDocument(f"Vendor {vendor} is not valid")
    if _ACTION.fullmatch(named[0]) is None:
        raise MalformedPolicyDocument(LEGACY)


def _check_resource(resource: str) -> None:
    if resource == "*":
        return
    if not resource.startswith("arn:"):
        raise MalformedPolicyDocument(f'Resource {resource} must be in ARN format or "*".')
    parts = resource.split(":", 5)
    if "*" not in parts[1] and parts[1] not in _PARTITIONS:
        raise MalformedPolicyDocument(f'Partition "{parts[1]}" is not valid for resource "{resource}".')
    if len(parts) < 6:
        if not resource.endswith("*"):  # a star at the end stands for all that is missing
            raise MalformedPolicyDocument(LEGACY)
        return
    _partition, vendor, region, _account, named = parts[1:]
    if vendor == "iam":
        if region:
            raise MalformedPolicyDocument(f"IAM resource {resource} cannot contain region information.")
        if named != "*" and not named.startswith(_IAM_PATHS):
            raise MalformedPolicyDocument(
                f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
            )
    elif vendor == "s3" and region not in ("", "*") and not named.startswith(_S3_IN_REGIONS):
        raise MalformedPolicyDocument(f"Resource {resource} can not contain region information.")


def _check_dates(values: Sequence[Any]) -> None:
    for value in values:
        text = str(value)
        if "${" in text or re.fullmatch(r"-?\d+(\.\d+)?", text):
            continue
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise MalformedPolicyDocument(LEGACY) from None
