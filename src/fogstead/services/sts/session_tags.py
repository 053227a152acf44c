"""Tags of sessions: passed with a call, or inherited from the caller's own session where they are transitive.

Source: IAM User Guide, "Pass session tags in AWS STS". Keys are compared without regard to case. The sentences are
those that AWS's users report, but for the reserved prefix, of which none is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fogstead.kernel.identity import Principal
from fogstead.services.sts.service import InvalidParameterValue, invalid

TAGS_MAX = 50


@dataclass(frozen=True, slots=True)
class SessionTags:
    """What a session will have; `passed` are those that came with the call."""

    passed: Mapping[str, str]
    inherited: Mapping[str, str]
    passed_transitive: tuple[str, ...]

    @property
    def all(self) -> dict[str, str]:
        """Passed and inherited."""
        return {**self.inherited, **self.passed}

    @property
    def transitive(self) -> tuple[str, ...]:
        """The keys that roles assumed from the session inherit."""
        return (*self.inherited, *self.passed_transitive)

    @property
    def condition_keys(self) -> dict[str, str | list[str]]:
        """What conditions see of the tags that came with the call."""
        keys: dict[str, str | list[str]] = {f"aws:requesttag/{key.lower()}": text for key, text in self.passed.items()}
        if self.passed:
            keys["aws:tagkeys"] = list(self.passed)
        if self.passed_transitive:
            keys["sts:transitivetagkeys"] = list(self.passed_transitive)
        return keys


def tags_of(caller: Principal, tags: Sequence[tuple[str, str]], transitive: Sequence[str] = ()) -> SessionTags:
    """The tags of a session that a caller makes; InvalidParameterValue when AWS would not take them."""
    passed = dict(tags)
    folded = {key.lower() for key in passed}
    if len(folded) != len(tags):
        raise InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith("aws:") for key in folded):
        raise InvalidParameterValue("Tag keys that start with aws: are reserved.")
    inherited = _inherited(caller)
    if not folded.isdisjoint(key.lower() for key in inherited):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    if not folded.issuperset(key.lower() for key in transitive):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    if len(passed) + len(inherited) > TAGS_MAX:
        shown = f"'[{', '.join(passed)}]'"
        raise invalid("tags", shown, f"Member must have length less than or equal to {TAGS_MAX}")
    return SessionTags(passed, inherited, tuple(transitive))


def listed_in(req: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The tags of a call's input."""
    return [(tag["Key"], tag["Value"]) for tag in req.get("Tags", ())]


def _inherited(caller: Principal) -> dict[str, str]:
    """Only roles are assumed one from another."""
    if caller.session is None or caller.kind != "role":
        return {}
    wanted = {key.lower() for key in caller.session.transitive}
    return {key: value for key, value in caller.tags.items() if key.lower() in wanted}
