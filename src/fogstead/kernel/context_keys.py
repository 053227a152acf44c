"""The condition keys of a call: the global ones, and the service's own.

Source: IAM User Guide, "AWS global condition context keys". Keys that do not apply to a call are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.resource import Resource
from fogstead.kernel.standing import Standing

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud
    from fogstead.kernel.transaction import Transaction

Keys = dict[str, str | list[str]]

_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "service": "Service",
}
_TAG_LISTS = ("Tags", "tags", "TagList")
_TAG_NAMES = ("TagKeys", "tagKeys")


def context_of(
    cloud: Cloud,
    invocation: Invocation,
    tx: Transaction,
    resource: Resource | None,
    resource_account: str,
    standing: Standing,
    given: Mapping[str, Any],
) -> Keys:
    """All keys of a call, in lower case."""
    keys = {**keys_of(cloud, invocation, invocation.caller, resource_account, standing), **_of_tags_asked(given)}
    if resource is not None:
        for name, value in resource.resource_tags.items():
            keys[f"aws:resourcetag/{name.lower()}"] = value
        keys.update(resource.condition_keys(tx, given))
    if invocation.operation.conditions is not None:
        keys.update(invocation.operation.conditions(tx, given))
    return keys


def keys_of(cloud: Cloud, invocation: Invocation, caller: Principal, resource_account: str, standing: Standing) -> Keys:
    """The global keys of a call, whatever it is about."""
    return {
        **_of_request(cloud, invocation, resource_account),
        **principal_keys(caller, standing),
        **session_keys(caller, cloud.clock.now()),
    }


def _of_request(cloud: Cloud, invocation: Invocation, resource_account: str) -> Keys:
    origin, now = invocation.origin, cloud.clock.now()
    keys: Keys = {
        "aws:currenttime": iso(now // 1000),
        "aws:epochtime": str(now // 1000),
        "aws:securetransport": "true" if origin.secure else "false",
        "aws:requestedregion": invocation.home.region,
        "aws:viaawsservice": "true" if origin.called_via else "false",
    }
    if origin.called_via:
        keys["aws:calledvia"] = list(origin.called_via)
        keys["aws:calledviafirst"] = origin.called_via[0]
        keys["aws:calledvialast"] = origin.called_via[-1]
    optional = {
        "aws:sourceip": "" if origin.depth else origin.source_ip,
        "aws:useragent": origin.user_agent,
        "aws:referer": origin.referer,
        "aws:sourcearn": origin.source_arn,
        "aws:sourceaccount": origin.source_account,
        "aws:resourceaccount": resource_account,
    }
    keys.update({key: value for key, value in optional.items() if value})
    return keys


def principal_keys(caller: Principal, standing: Standing) -> Keys:
    """What is known of a principal, whatever it asks."""
    keys: Keys = {
        "aws:principaltype": _PRINCIPAL_TYPES.get(caller.kind, "Anonymous"),
        "aws:principalisawsservice": "true" if caller.kind == "service" else "false",
        "aws:principalarn": caller.identity_arn,
        "aws:userid": caller.user_id,
    }
    if caller.kind == "service":
        keys["aws:principalservicename"] = caller.arn
        keys["aws:principalservicenameslist"] = [caller.arn]
    if caller.account:
        keys["aws:principalaccount"] = caller.account
    if caller.kind == "user":
        keys["aws:username"] = caller.name
    for name, value in {**standing.tags, **caller.tags}.items():
        keys[f"aws:principaltag/{name.lower()}"] = value
    return keys


def session_keys(caller: Principal, now: int) -> Keys:
    """What temporary credentials say of themselves; keys that stay say nothing."""
    session = caller.session
    if session is None:
        return {}
    keys: Keys = {
        "aws:tokenissuetime": iso(session.issued_at // 1000),
        "aws:multifactorauthpresent": "true" if session.mfa_at else "false",
    }
    if session.mfa_at:
        keys["aws:multifactorauthage"] = str((now - session.mfa_at) // 1000)
    if session.source_identity:
        keys["aws:sourceidentity"] = session.source_identity
    if session.provider:
        keys["aws:federatedprovider"] = session.provider
    return keys


def _of_tags_asked(given: Mapping[str, Any]) -> Keys:
    """Tags that the call is about to set or take away."""
    tags = dict(_tags_in(given))
    names = list(tags)
    for member in _TAG_NAMES:
        listed = given.get(member)
        if isinstance(listed, list):
            names += [name for name in listed if isinstance(name, str)]
    keys: Keys = {f"aws:requesttag/{name.lower()}": value for name, value in tags.items()}
    if names:
        keys["aws:tagkeys"] = names
    return keys


def _tags_in(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for member in _TAG_LISTS:
        listed = given.get(member)
        if isinstance(listed, dict):
            yield from ((name, str(value)) for name, value in listed.items())
        elif isinstance(listed, list):
            for tag in listed:
                if isinstance(tag, dict):
                    folded = {key.lower().removeprefix("tag"): value for key, value in tag.items()}
                    if isinstance(folded.get("key"), str):
                        yield folded["key"], str(folded.get("value", ""))


@lru_cache(maxsize=64)
def iso(seconds: int) -> str:
    """A time as conditions read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
