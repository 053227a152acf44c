"""Tags, with CloudTrail's own words for those it does not take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fogstead.kernel.tags import TAGS_MAX, Tags, checked
from fogstead.services.cloudtrail.service import InvalidTagParameter, TagsLimitExceeded


def tags_of(given: Sequence[Any], before: Tags | None = None) -> Tags:
    """The tags of a list, added to those before."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) != len(keys):
        raise InvalidTagParameter("A tag key is given more than once.")
    tags = {**(before or {}), **{tag["Key"]: tag.get("Value", "") for tag in given}}
    if len(tags) > TAGS_MAX:
        raise TagsLimitExceeded
    return checked(tags, InvalidTagParameter)


def as_list(tags: Tags) -> list[Any]:
    """As the API shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
