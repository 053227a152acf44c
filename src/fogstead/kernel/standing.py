"""What binds a principal: the policies attached to it, its boundary, and those of its session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fogstead.kernel.policies import Policy, Statement, compile_policy

_ACTIONS_REMEMBERED = 512


class Placed(NamedTuple):
    """A statement with the policy it stands in, named by its ARN, or by its name where it is inline."""

    source: str
    statement: Statement


class PolicySet:
    """Several policies that count together, with their statements by action."""

    __slots__ = ("_by_action", "named")

    def __init__(self, named: Sequence[tuple[str, Policy]]) -> None:
        self.named = tuple(named)
        self._by_action: dict[str, tuple[Placed, ...]] = {}

    @classmethod
    def of_texts(cls, named: Sequence[tuple[str, str]]) -> PolicySet:
        """From documents of identity policies, each with the name it goes by."""
        return cls([(source, compile_policy(text, "identity")) for source, text in named])

    def of(self, action: str) -> tuple[Placed, ...]:
        """The statements that speak of an action."""
        known = self._by_action.get(action)
        if known is None:
            known = tuple(Placed(source, one) for source, policy in self.named for one in policy.of(action))
            if len(self._by_action) < _ACTIONS_REMEMBERED:
                self._by_action[action] = known
        return known


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
