"""Tags of trails and event data stores, which are named by their ARNs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.cloudtrail.event_data_stores import EventDataStore
from fogstead.services.cloudtrail.service import (
    CloudTrailARNInvalid,
    InactiveEventDataStore,
    InvalidParameter,
    InvalidToken,
    ResourceNotFound,
    ResourceTypeNotSupported,
    cloudtrail,
)
from fogstead.services.cloudtrail.tag_rules import as_list, tags_of
from fogstead.services.cloudtrail.trails import Trail

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        AddTagsRequest,
        AddTagsResponse,
        ListTagsRequest,
        ListTagsResponse,
        RemoveTagsRequest,
        RemoveTagsResponse,
    )

LISTED_MAX: Final = 20
_KINDS: Final[Mapping[str, type[Trail | EventDataStore]]] = {"trail": Trail, "eventdatastore": EventDataStore}


def _place(value: str, home: Home) -> Located:
    if not value.startswith("arn:"):
        raise CloudTrailARNInvalid(f"{value} is not an ARN.")
    kind = value.split(":", 5)[-1].partition("/")[0]
    if kind not in _KINDS:
        raise ResourceTypeNotSupported
    located = _KINDS[kind].locate(value, home)
    if located.home.region != home.region:
        raise located.cls.not_found(located)
    return located


def _named(given: Mapping[str, Any], home: Home) -> Located:
    return _place(given["ResourceId"], home)


def _first(given: Mapping[str, Any], home: Home) -> Located:
    wanted = given["ResourceIdList"]
    if not 1 <= len(wanted) <= LISTED_MAX:
        raise InvalidParameter(f"ResourceIdList takes from 1 to {LISTED_MAX} ARNs.")
    return _place(wanted[0], home)


def _taggable(tx: Transaction) -> Any:
    if getattr(tx.resource, "status", "") == "PENDING_DELETION":
        raise InactiveEventDataStore
    return tx.resource


@cloudtrail.operation(on=Trail, at="ResourceId", locate=_named)
def add_tags(tx: Transaction, req: AddTagsRequest) -> AddTagsResponse:
    """Adds tags, or gives those that are there another value."""
    resource = _taggable(tx)
    tx.replace(resource, tags=tags_of(req["TagsList"], resource.tags))
    return {}


@cloudtrail.operation(on=Trail, at="ResourceId", locate=_named)
def remove_tags(tx: Transaction, req: RemoveTagsRequest) -> RemoveTagsResponse:
    """Removes tags by their keys."""
    resource = _taggable(tx)
    doomed = {tag["Key"] for tag in req["TagsList"]}
    tx.replace(resource, tags={key: value for key, value in resource.tags.items() if key not in doomed})
    return {}


@cloudtrail.operation(on=Trail, at="ResourceIdList", locate=_first)
def list_tags(tx: Transaction, req: ListTagsRequest) -> ListTagsResponse:
    """Of up to twenty trails and event data stores of one Region: too few for a second page."""
    if req.get("NextToken"):
        raise InvalidToken
    shown: list[Any] = []
    for arn in req["ResourceIdList"]:
        located = _place(arn, tx.home)
        resource = tx.at(located) if located.home == tx.home else None
        if resource is None:
            raise ResourceNotFound(f"{arn} does not exist.")
        tx.authorise("cloudtrail:ListTags", resource, "", {})
        shown.append({"ResourceId": arn, "TagsList": as_list(resource.tags)})
    return {"ResourceTagList": shown}
