"""May the caller do this? The question put together from a call, and the decision carried out.

The decision itself is one pure function, `authorization.decide`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.authorization import NO_ACCESS, decide
from fogstead.kernel.conditions import LazyContext
from fogstead.kernel.context_keys import context_of
from fogstead.kernel.explanation import explain
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.resource import Resource
from fogstead.kernel.standing import EVERYTHING

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud
    from fogstead.kernel.transaction import Transaction

PASSING = "iam:PassRole"


def authorise(cloud: Cloud, invocation: Invocation, tx: Transaction) -> None:
    """The stage of every call: its own action on its own resource."""
    operation, located, resource = invocation.operation, invocation.located, invocation.resource
    if resource is None and located is not None and operation.on is not None and operation.on.scope == "cloud":
        return  # everybody shares these names, and creating one tells whether it is taken: there is nothing to hide
    given = invocation.input
    action = operation.action if operation.action_of is None else operation.action_of(given)
    arn = located.arn_of(resource) if located is not None else "*"
    shown = located.shown if located is not None else arn
    if operation.part is not None:
        part = operation.part(given)
        arn, shown = arn + part, shown + part
    if _is_own_root(invocation.caller, resource, invocation):
        invocation.asked.append((action, arn, None))
    else:
        _require(cloud, invocation, tx, resource, action, arn, given, shown=shown)
    if operation.passes is not None:
        _require_roles(cloud, invocation, tx, given)


def require(
    cloud: Cloud, invocation: Invocation, tx: Transaction, resource: Resource, action: str, part: str, given: Any
) -> None:
    """A further action that a call implies, perhaps on another resource; AccessDenied when the caller may not."""
    arn = resource.arn + part
    if _is_own_root(invocation.caller, resource, invocation):
        invocation.asked.append((action, arn, None))
    else:
        _require(cloud, invocation, tx, resource, action, arn, given)


def _require_roles(cloud: Cloud, invocation: Invocation, tx: Transaction, given: Mapping[str, Any]) -> None:
    """Whoever hands a role to a service has to be allowed to pass it."""
    assert invocation.operation.passes is not None
    caller = invocation.caller
    for role, service in invocation.operation.passes(given):
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{caller.account}:role/{role}"
        if caller.is_root and arn.split(":")[4] == caller.account:
            invocation.asked.append((PASSING, arn, None))
        else:
            _require(cloud, invocation, tx, None, PASSING, arn, given, {"iam:passedtoservice": service})


def _is_own_root(caller: Principal, resource: Resource | None, invocation: Invocation) -> bool:
    """The root of the account whose resource it is, whom only the resource's own policy could deny something."""
    if not caller.is_root or caller.account != _account(resource, invocation):
        return False
    if resource is None:
        return True
    text = resource.resource_policy
    return not resource.policy_must_allow and (not text or not compile_policy(text, "resource").has_deny)


def _account(resource: Resource | None, invocation: Invocation) -> str:
    if resource is not None:
        return resource.owner_account
    located = invocation.located
    return (located.home.account if located is not None else "") or invocation.home.account


def _require(
    cloud: Cloud,
    invocation: Invocation,
    tx: Transaction,
    resource: Resource | None,
    action: str,
    arn: str,
    given: Mapping[str, Any],
    more: Mapping[str, str] | None = None,
    shown: str = "",
) -> None:
    caller = invocation.caller
    account = arn.split(":")[4] if action == PASSING else _account(resource, invocation)
    standing = EVERYTHING if caller.is_root else cloud.identities.standing(caller, tx)
    context = LazyContext(
        lambda: {**context_of(cloud, invocation, tx, resource, account, standing, given), **(more or {})}
    )
    question = Question(caller, action, arn, account, context, shown)
    access = resource.access(tx, question, given) if resource is not None else NO_ACCESS
    decision = decide(question, standing, access)
    invocation.asked.append((action, arn, decision))
    if not decision.allowed:
        explanation = explain(question, standing, access, decision)
        cloud.denied(invocation, explanation, resource.said_when_denied if resource is not None else {})
