"""Whether a call is allowed: one pure function of a question and the policies that bear on it.

Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fogstead.kernel.identity import Principal
from fogstead.kernel.policies import Policy, Question
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.standing import NOTHING, Placed, PolicySet, Spoken, Standing

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
    if access.policy is None:
        said = _SILENT
    else:
        who = question.principal
        known_by = (who.kind, who.account, who.arn, who.identity_arn, who.user_id)
        said = _verdict(question, _naming(access.policy, question.action, _Named(known_by, who)))
    return said if said.denied or said.level >= access.granted else Verdict(level=access.granted)


_SILENT = Verdict()


class _Named:
    """A principal by all that policies can name it by, so that what was found of it can be found again."""

    __slots__ = ("known_by", "principal")

    def __init__(self, known_by: tuple[str, ...], principal: Principal) -> None:
        self.known_by = known_by
        self.principal = principal

    def __hash__(self) -> int:
        return hash(self.known_by)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self.known_by == other.known_by


@lru_cache(maxsize=4096)
def _naming(policy: Policy, action: str, who: _Named) -> tuple[Spoken, ...]:
    """The statements that speak of an action and of a principal, and how closely they name it."""
    levels = [(Placed(RESOURCE_POLICY, one), one.level(who.principal)) for one in policy.of(action)]
    return tuple((placed, level) for placed, level in levels if level)


def _verdict(question: Question, spoken: Iterable[Spoken]) -> Verdict:
    """The first deny that applies, else the closest allow."""
    best = _SILENT
    for one, level in spoken:
        denies = one.statement.effect == "Deny"
        if not denies and level <= best.level:
            continue
        if one.statement.applies(question):
            if denies:
                return Verdict(denied=True, by=one)
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
