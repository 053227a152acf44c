"""What binds a principal: the policies attached to it, its boundary, and those of its session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fogstead.kernel.policies import Policy, Statement, compile_policy
from fogstead.kernel.policy_principals import Level

_ACTIONS_REMEMBERED = 512


class Placed(NamedTuple):
    """A statement with the policy it stands in, named by its ARN, or by its name where it is inline."""

    source: str
    statement: Statement


Spoken = tuple[Placed, Level]
"""A statement, and how closely it names whoever asks: those attached to a principal speak of nobody else."""


class _OfAction:
    """The statements that speak of one action: by the things they name in full, and the others."""

    __slots__ = ("_by_name", "_others")

    def __init__(self, placed: Sequence[Placed]) -> None:
        named: dict[str, list[Spoken]] = {}
        self._others: list[tuple[tuple[str, ...], Spoken]] = []
        for one in placed:
            resources = one.statement.resources
            for name in resources.exact or ():
                named.setdefault(name, []).append((one, Level.EXACT))
            if not resources.exact:
                self._others.append((resources.prefixes, (one, Level.EXACT)))
        self._by_name = {name: tuple(ones) for name, ones in named.items()}

    def about(self, resource: str) -> list[Spoken]:
        """Those that may speak of a thing."""
        found = [one for prefixes, one in self._others if resource.startswith(prefixes)]
        named = self._by_name.get(resource)
        return [*named, *found] if named else found


class PolicySet:
    """Several policies that count together. A question finds its statements by action and thing: few of many."""

    __slots__ = ("_by_action", "named")

    def __init__(self, named: Sequence[tuple[str, Policy]]) -> None:
        self.named = tuple(named)
        self._by_action: dict[str, _OfAction] = {}

    @classmethod
    def of_texts(cls, named: Sequence[tuple[str, str]]) -> PolicySet:
        """From documents of identity policies, each with the name it goes by."""
        return cls([(source, compile_policy(text, "identity")) for source, text in named])

    def about(self, action: str, resource: str) -> list[Spoken]:
        """The statements that may speak of doing this to that."""
        known = self._by_action.get(action)
        if known is None:
            known = _OfAction([Placed(source, one) for source, policy in self.named for one in policy.of(action)])
            if len(self._by_action) < _ACTIONS_REMEMBERED:
                self._by_action[action] = known
        return known.about(resource)


NO_POLICIES = PolicySet(())


@dataclass(frozen=True, slots=True)
class Standing:
    """The policies that bear on a principal, whatever it asks. None stands for a kind that does not apply to it.

    `tags` are those of the user or role, `name` is what `aws:username` says, empty for those that are no users.
    """

    identity: PolicySet = NO_POLICIES
    boundary: PolicySet | None = None
    session: PolicySet | None = None
    organization: tuple[PolicySet, ...] = ()
    """Service control policies, one set for each level of the organization: each has to allow."""
    tags: Mapping[str, str] = field(default_factory=dict)


NOTHING = Standing()
EVERYTHING = Standing(
    PolicySet.of_texts(
        [("root", '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')]
    )
)
"""What an account's root stands on."""
