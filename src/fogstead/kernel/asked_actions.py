"""What principals were asked about lately where no audit record says so: the actions of data calls.

Kept in memory, the last few thousand; the audit has the rest. `fogstead iam suggest` reads both.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fogstead.model import iam_facts
from fogstead.primitives.clock import Millis

if TYPE_CHECKING:
    from fogstead.kernel.authorization import Decision

Asked = tuple[str, str, "Decision | None"]
"""An action, its resource's ARN, and the decision; none was needed for the account's root."""

KEPT_MAX = 8_192
RESOURCES_SHOWN_MAX = 20
"""More things than these of one kind in one statement are written as all of them under what they have in common."""


class AskedActions:
    """By principal, action and resource: when it was asked last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], Millis] = OrderedDict()

    def note(self, principal_arn: str, asked: Iterable[Asked], now: Millis) -> None:
        """A call of a principal's that has no audit record."""
        kept = self._kept
        for action, resource, _ in asked:
            key = (principal_arn, action, resource)
            if key not in kept and len(kept) >= KEPT_MAX:
                kept.popitem(last=False)
            kept[key] = now

    def of(self, principal_arn: str, since: Millis) -> list[tuple[str, str]]:
        """What a principal was asked about since a moment."""
        return [
            (action, resource)
            for (who, action, resource), at in self._kept.items()
            if who == principal_arn and at >= since
        ]


def least_policy(asked: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The smallest policy document that allows what was asked: (action, resource) pairs.

    Actions that AWS documents as acting on nothing in particular are allowed on `*`. Actions with the same resources
    share a statement.
    """
    resources: dict[str, set[str]] = {}
    for action, resource in asked:
        facts = iam_facts.action(action)
        name = facts.name if facts is not None else action
        resources.setdefault(name, set()).add(resource if facts is None or facts.resource_types else "*")
    grouped: dict[tuple[str, ...], list[str]] = {}
    for name, arns in sorted(resources.items()):
        grouped.setdefault(_shown(arns), []).append(name)
    statements = [
        {
            "Sid": f"{_sid(actions)}{number}",
            "Effect": "Allow",
            "Action": actions if len(actions) > 1 else actions[0],
            "Resource": list(arns) if len(arns) > 1 else arns[0],
        }
        for number, (arns, actions) in enumerate(grouped.items(), 1)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _shown(arns: set[str]) -> tuple[str, ...]:
    if "*" in arns:
        return ("*",)
    if len(arns) <= RESOURCES_SHOWN_MAX:
        return tuple(sorted(arns))
    return tuple(sorted({f"{arn.rpartition('/')[0] or arn}/*" if "/" in arn else arn for arn in arns}))


def _sid(actions: list[str]) -> str:
    return "".join(part for part in actions[0].partition(":")[0].title() if part.isalnum())
