"""Whether a call is allowed: one pure function of a question and the policies that bear on it.

Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fogstead.kernel.policies import Policy, Question
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.standing import NOTHING, Placed, PolicySet, Standing

RESOURCE_POLICY = "the resource's policy"


@dataclass(frozen=True, slots=True)
class Access:
    """What a resource itself says of a question.

    `granted` is how closely lists or grants of its own name a caller they let in. Where the resource's policy
    `must_allow`, as those of keys and roles, the account's own policies count only as far as that policy leaves it to
    the account.
    """

    policy: Policy | None = None
    granted: Level = Level.NOT
    must_allow: bool = False


NO_ACCESS = Access()


class Verdict(NamedTuple):
    """What one set of policies says: a deny, how closely it allows, and which statement said so."""

    denied: bool = False
    level: Level = Level.NOT
    by: Placed | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, the sentence that says why not, and the statement that decided, if one did."""

    allowed: bool
    reason: str = ""
    by: Placed | None = None
    explicit: bool = False
    """Whether a statement denied it, where else nothing allowed it."""


def decide(question: Question, standing: Standing = NOTHING, access: Access = NO_ACCESS) -> Decision:
    """A deny anywhere wins. In the resource's own account either side may allow; from another account both must.

    Boundaries and session policies allow nothing by themselves: what an identity's policies allow, they must allow too.
    A resource's policy that names a user or a session itself is not bound by them.
    """
    identity = _verdict(question, standing.identity.about(question.action, question.resource))
    if identity.denied:
        return _denied_by(question, identity, "an identity-based policy")
    resource = _of_resource(question, access)
    if resource.denied:
        return _denied_by(question, resource, "a resource-based policy")
    limits = [
        (name, _verdict(question, policies.about(question.action, question.resource)))
        for name, policies in _limits(standing)
    ]
    for name, limit in limits:
        if limit.denied:
            return _denied_by(question, limit, f"a {name}")
    principal = question.principal
    if principal.account and principal.account == question.resource_account:
        return _inside(question, identity, resource, limits, access)
    if not resource.level:
        return _denied(question, "resource-based policy")
    return _by_own_policies(question, identity, limits) if principal.account else Decision(True, by=resource.by)


def _limits(standing: Standing) -> Iterator[tuple[str, PolicySet]]:
    for policies in standing.organization:
        yield "service control policy", policies
    if standing.boundary is not None:
        yield "permissions boundary", standing.boundary
    if standing.session is not None:
        yield "session policy", standing.session


def _inside(
    question: Question, identity: Verdict, resource: Verdict, limits: Sequence[tuple[str, Verdict]], access: Access
) -> Decision:
    """In the resource's own account."""
    if resource.level is Level.EXACT:
        unbound = [(name, limit) for name, limit in limits if name == "service control policy"]
        return _within(question, unbound, resource.by)
    if resource.level is Level.ROLE:
        return _within(question, limits, resource.by)
    if access.must_allow and not resource.level:
        return _denied(question, "resource-based policy")
    return _by_own_policies(question, identity, limits)


def _by_own_policies(question: Question, identity: Verdict, limits: Sequence[tuple[str, Verdict]]) -> Decision:
    if not identity.level:
        return _denied(question, "identity-based policy")
    return _within(question, limits, identity.by)


def _within(question: Question, limits: Sequence[tuple[str, Verdict]], by: Placed | None) -> Decision:
    for name, limit in limits:
        if not limit.level:
            return _denied(question, name)
    return Decision(True, by=by)


def _of_resource(question: Question, access: Access) -> Verdict:
    """What the policy says, where its grants do not say more."""
    said = _SILENT if access.policy is None else _verdict(question, _placed(access.policy, question.action))
    return said if said.denied or said.level >= access.granted else Verdict(level=access.granted)


_SILENT = Verdict()


@lru_cache(maxsize=4096)
def _placed(policy: Policy, action: str) -> tuple[Placed, ...]:
    return tuple(Placed(RESOURCE_POLICY, one) for one in policy.of(action))


def _verdict(question: Question, placed: Sequence[Placed]) -> Verdict:
    """The first deny that applies, else the closest allow."""
    best = _SILENT
    for one in placed:
        if one.statement.effect == "Allow" and best.level is Level.EXACT:
            continue
        level = one.statement.level(question)
        if level and one.statement.effect == "Deny":
            return Verdict(denied=True, by=one)
        if level > best.level:
            best = Verdict(level=level, by=one)
    return best


def _denied_by(question: Question, verdict: Verdict, kind: str) -> Decision:
    """Which statement it was is told to those of the resource's own account."""
    why = f"with an explicit deny in {kind}"
    by = verdict.by
    if by is not None and question.principal.account == question.resource_account:
        why += f": {by.source}, statement {by.statement.label}"
    return Decision(False, _sentence(question, why), by, explicit=True)


def _denied(question: Question, kind: str) -> Decision:
    return Decision(False, _sentence(question, f"because no {kind} allows the {question.action} action"))


def _sentence(question: Question, why: str) -> str:
    who = "Anonymous" if question.principal.kind == "anonymous" else question.principal.arn
    what = question.shown or question.resource
    return f"User: {who} is not authorized to perform: {question.action} on resource: {what} {why}"
