"""Tags of IAM's things: keys that differ by case alone are one key, and the last way of writing it stands.

Sources: IAM User Guide, "Rules for tagging in IAM and AWS STS"; the model's patterns, which Python cannot compile.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fogstead.kernel.pages import Page
from fogstead.kernel.service import snake
from fogstead.kernel.tags import TAGS_MAX, Tags
from fogstead.model.validation import Fault, describe
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.service import InvalidInput, LimitExceeded, ValidationError, iam

if TYPE_CHECKING:
    from fogstead.kernel.resource import Resource
    from fogstead.kernel.transaction import Transaction

_MARKS = frozenset("_.:/=+-@")
_PATTERN = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"


def tags_of(given: Sequence[Any]) -> Tags:
    """The tags of an input; InvalidInput when a key is there twice, ValidationError when one is not allowed."""
    faults = [
        Fault(
            f"tags.{number}.member.{part.lower()}",
            f"'{tag[part]}'",
            f"Member must satisfy regular expression pattern: {_PATTERN}{repeated}",
        )
        for number, tag in enumerate(given, 1)
        for part, repeated in (("Key", "+"), ("Value", "*"))
        if not _is_written_so(tag[part])
    ]
    if faults:
        raise ValidationError(describe(faults))
    if any(tag["Key"].lower().startswith("aws:") for tag in given):
        raise InvalidInput("Tag keys that start with aws: are reserved.")
    if len({tag["Key"].lower() for tag in given}) != len(given):
        raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return {tag["Key"]: tag["Value"] for tag in given}


def shown_tags(tags: Tags) -> list[Any]:
    """As the API lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_operations(resource: type[Resource], *, at: str, noun: str) -> None:
    """Declare the three operations on the tags of a kind, `TagUser` for the noun `User`; it has a field `tags`."""

    def tag(tx: Transaction, req: Any) -> None:
        new = tags_of(req["Tags"])
        kept = _without(tx.resource.tags, list(new))
        if len(kept) + len(new) > TAGS_MAX:
            raise LimitExceeded("The number of tags has reached the maximum limit.")
        tx.replace(tx.resource, tags={**kept, **new})

    def untag(tx: Transaction, req: Any) -> None:
        tx.replace(tx.resource, tags=_without(tx.resource.tags, req["TagKeys"]))

    def listing(tx: Transaction, req: Any) -> Page:  # noqa: ARG001 - operations take both
        shown = tx.resource.tags.items()
        return page_of(tx, shown, key=lambda tag: tag[0], show=lambda tag: {"Key": tag[0], "Value": tag[1]})

    for name, run in ((f"Tag{noun}", tag), (f"Untag{noun}", untag), (f"List{noun}Tags", listing)):
        operation = iam.model.operation(name)
        assert operation.input is not None
        run.__name__ = snake(name)
        run.__annotations__ = {"req": operation.input.name, "return": "Page" if run is listing else "None"}
        iam.operation(on=resource, at=at)(run)


def _without(tags: Tags, keys: Sequence[str]) -> Tags:
    """Tags but those of these keys, in whatever case."""
    doomed = {key.lower() for key in keys}
    return {key: value for key, value in tags.items() if key.lower() not in doomed}


def _is_written_so(text: str) -> bool:
    return all(char in _MARKS or unicodedata.category(char)[0] in "LZN" for char in text)
