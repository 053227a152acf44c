"""May the caller do this? The question put together from a call, and the decision carried out.

The decision itself is one pure function, `authorization.decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fogstead.kernel.authorization import Access, decide
from fogstead.kernel.conditions import LazyContext
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.policies import Policy, Question, compile_policy
from fogstead.kernel.resource import Resource

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud
    from fogstead.kernel.transaction import Transaction

_NO_ACCESS = Access()


def authorise(cloud: Cloud, invocation: Invocation, tx: Transaction) -> None:
    """The stage of every call: its own action on its own resource."""
    operation, located, resource = invocation.operation, invocation.located, invocation.resource
    if resource is None and located is not None and operation.on is not None and operation.on.scope == "cloud":
        return  # everybody shares these names, and creating one tells whether it is taken: there is nothing to hide
    if _is_own_root(invocation.caller, resource, invocation):
        return
    given = invocation.input
    action = operation.action if operation.action_of is None else operation.action_of(given)
    arn = located.arn if located is not None else "*"
    if operation.part is not None:
        arn += operation.part(given)
    _require(cloud, invocation, tx, resource, action, arn, given)


def require(
    cloud: Cloud, invocation: Invocation, tx: Transaction, resource: Resource, action: str, part: str, given: Any
) -> None:
    """A further action that a call implies, perhaps on another resource; AccessDenied when the caller may not."""
    if not _is_own_root(invocation.caller, resource, invocation):
        _require(cloud, invocation, tx, resource, action, resource.arn + part, given)


def _is_own_root(caller: Principal, resource: Resource | None, invocation: Invocation) -> bool:
    """The root of the account whose resource it is, whom only the resource's own policy could deny something."""
    if not caller.is_root or caller.account != _account(resource, invocation):
        return False
    policy = _policy_of(resource)
    return policy is None or not policy.has_deny


def _account(resource: Resource | None, invocation: Invocation) -> str:
    if resource is not None:
        return resource.owner_account
    located = invocation.located
    return (located.home.account if located is not None else "") or invocation.home.account


def _policy_of(resource: Resource | None) -> Policy | None:
    text = resource.resource_policy if resource is not None else ""
    return compile_policy(text, "resource") if text else None


def _require(
    cloud: Cloud,
    invocation: Invocation,
    tx: Transaction,
    resource: Resource | None,
    action: str,
    arn: str,
    given: Mapping[str, Any],
) -> None:
    context = LazyContext(lambda: context_of(cloud, invocation, tx, resource, given))
    question = Question(invocation.caller, action, arn, _account(resource, invocation), context)
    access = resource.access(tx, question, given) if resource is not None else _NO_ACCESS
    decision = decide(question, resource_policy=access.policy, granted=access.granted)
    if not decision.allowed:
        cloud.denied(invocation, decision.reason, resource.said_when_denied if resource is not None else {})


def context_of(
    cloud: Cloud,
    invocation: Invocation,
    tx: Transaction,
    resource: Resource | None,
    given: Mapping[str, Any],
) -> dict[str, str | list[str]]:
    """The condition keys of a call, the global ones and the service's; those that do not apply are absent."""
    caller, origin = invocation.caller, invocation.origin
    now = cloud.clock.now()
    context: dict[str, str | list[str]] = {
        "aws:currenttime": _iso(now // 1000),
        "aws:epochtime": str(now // 1000),
        "aws:securetransport": "true" if origin.secure else "false",
        "aws:requestedregion": invocation.home.region,
        "aws:viaawsservice": "true" if origin.via else "false",
        "aws:principaltype": _principal_type(caller),
        "aws:principalarn": caller.arn,
        "aws:principalisawsservice": "true" if caller.kind == "service" else "false",
    }
    optional = {
        "aws:sourceip": "" if origin.depth else origin.source_ip,
        "aws:useragent": origin.user_agent,
        "aws:referer": origin.referer,
        "aws:principalaccount": caller.account,
        "aws:userid": caller.user_id,
        "aws:sourcearn": origin.source_arn,
        "aws:sourceaccount": origin.source_account,
        "aws:calledvialast": origin.via,
        "aws:resourceaccount": _account(resource, invocation),
    }
    context.update({key: value for key, value in optional.items() if value})
    if resource is not None:
        for name, value in resource.resource_tags.items():
            context[f"aws:resourcetag/{name.lower()}"] = value
        context.update(resource.condition_keys(tx, given))
    for name, value in caller.tags.items():
        context[f"aws:principaltag/{name.lower()}"] = value
    return context


def _principal_type(caller: Principal) -> str:
    return {"root": "Account", "user": "User", "role": "AssumedRole", "service": "Service"}.get(
        caller.kind, "Anonymous"
    )


@lru_cache(maxsize=4)
def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
