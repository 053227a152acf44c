"""What a bucket's notification configuration may say, and how it is kept.

Sources: S3 API reference, PutBucketNotificationConfiguration; S3 User Guide, "Configuring event notifications using
object key name filtering" and "Event notification types and destinations". The documents give few of the sentences;
the others are those that the service answers with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any, Final, TypedDict

from fogstead.kernel.arns import Arn
from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.identity import is_account
from fogstead.services.s3.service import InvalidArgument, s3

CONFIGURATIONS_MAX: Final = 100
ID_LENGTH_MAX: Final = 255
FILTER_BYTES_MAX: Final = 1024

_NOT_YET: Final = ("TopicConfigurations", "LambdaFunctionConfigurations", "EventBridgeConfiguration")
_EVENTS: Final[tuple[str, ...]] = tuple(s3.model.shapes["Event"]["enum"])


class Target(TypedDict):
    """A queue, and what it is told."""

    id: str
    arn: str
    events: list[str]
    prefix: str
    suffix: str


def targets_of(configuration: Mapping[str, Any], location: str, new_id: Callable[[], str]) -> list[Target]:
    """The targets that a NotificationConfiguration names, for a bucket in a Region.

    NotImplementedHere for those that are no queues, InvalidArgument for what means nothing.
    """
    for member in _NOT_YET:
        if configuration.get(member) is not None:
            raise NotImplementedHere(f"{member} is not implemented by this cloud.")
    given = configuration.get("QueueConfigurations", [])
    if len(given) > CONFIGURATIONS_MAX:
        raise InvalidArgument(f"A bucket can have at most {CONFIGURATIONS_MAX} notification configurations.")
    targets = [_target(one, location, new_id) for one in given]
    if len({target["id"] for target in targets}) < len(targets):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique.")
    _refuse_overlaps(targets)
    return targets


def shown(targets: Iterable[Target]) -> Any:
    """The NotificationConfiguration that targets were made of."""
    found = [_shown(target) for target in targets]
    return {"QueueConfigurations": found} if found else {}


def _shown(target: Target) -> dict[str, Any]:
    out: dict[str, Any] = {"Id": target["id"], "QueueArn": target["arn"], "Events": target["events"]}
    ends = {"prefix": target["prefix"], "suffix": target["suffix"]}
    rules = [{"Name": name, "Value": value} for name, value in ends.items() if value]
    return {**out, "Filter": {"Key": {"FilterRules": rules}}} if rules else out


# --------------------------------------------------------------------------- one configuration
def _target(given: Mapping[str, Any], location: str, new_id: Callable[[], str]) -> Target:
    name = given.get("Id") or new_id()
    if len(name) > ID_LENGTH_MAX:
        raise InvalidArgument(
            f"The ID must not be longer than {ID_LENGTH_MAX} characters.", ArgumentName="Id", ArgumentValue=name
        )
    arn = given["QueueArn"]
    _check_queue(arn, location)
    ends = _ends(given.get("Filter", {}).get("Key", {}).get("FilterRules", []))
    events = list(dict.fromkeys(given["Events"]))
    return {"id": name, "arn": arn, "events": events, "prefix": ends["prefix"], "suffix": ends["suffix"]}


def _check_queue(text: str, location: str) -> None:
    try:
        arn = Arn.parse(text)
    except ValueError:
        arn = None
    if arn is None or arn.service != "sqs" or not is_account(arn.account):
        raise InvalidArgument("The ARN is not well formed", ArgumentName="Queue", ArgumentValue=text)
    if arn.region != location:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint",
            ArgumentName="Queue",
            ArgumentValue=text,
        )
    if arn.resource.endswith(".fifo"):
        raise InvalidArgument(
            "FIFO queues cannot be the destination of event notifications", ArgumentName="Queue", ArgumentValue=text
        )


def _ends(rules: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The prefix and the suffix that a filter asks for; empty where it does not care."""
    ends: dict[str, str] = {}
    for rule in rules:
        name, value = rule.get("Name", ""), rule.get("Value", "")
        kind = name.lower()
        if kind not in {"prefix", "suffix"}:
            raise InvalidArgument(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name,
            )
        if kind in ends:
            raise InvalidArgument(
                f"Cannot specify more than one {kind} rule in a filter.",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name,
            )
        if len(value.encode("utf-8", "surrogatepass")) > FILTER_BYTES_MAX:
            raise InvalidArgument(
                f"Size of filter rule value cannot exceed {FILTER_BYTES_MAX} bytes in UTF-8 representation",
                ArgumentName="FilterRule.Value",
                ArgumentValue=value,
            )
        ends[kind] = value
    return {"prefix": "", "suffix": "", **ends}


# --------------------------------------------------------------------------- several that would tell the same twice
def _refuse_overlaps(targets: list[Target]) -> None:
    """No key and event may be told of by two configurations."""
    with_events = [(target, _single_events(target["events"])) for target in targets]
    for (one, its_events), (other, other_events) in combinations(with_events, 2):
        if its_events.isdisjoint(other_events) or not _share_keys(one, other):
            continue
        if any((one["prefix"], one["suffix"], other["prefix"], other["suffix"])):
            raise InvalidArgument(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )
        raise InvalidArgument(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        )


def _single_events(events: Iterable[str]) -> frozenset[str]:
    """The events themselves in the place of names that stand for all of a kind."""
    return frozenset(
        single
        for event in events
        for single in _EVENTS
        if not single.endswith("*") and (single == event or (event.endswith("*") and single.startswith(event[:-1])))
    )


def _share_keys(one: Target, other: Target) -> bool:
    """Whether some key ends, and begins, as both ask."""
    prefixes, suffixes = (one["prefix"], other["prefix"]), (one["suffix"], other["suffix"])
    short, long = sorted(prefixes, key=len)
    if not long.startswith(short):
        return False
    short, long = sorted(suffixes, key=len)
    return long.endswith(short)
