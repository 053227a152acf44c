"""Tags of parameters. The operations are for all that Systems Manager has; only parameters are here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.kernel.resource import Located
from fogstead.kernel.tags import TAGS_MAX, checked
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.ssm.parameters import Parameter, ParameterPlace, place_of
from fogstead.services.ssm.service import Invalid, InvalidResourceId, TooManyTags, ssm

if TYPE_CHECKING:
    from fogstead.shapes.ssm import (
        AddTagsToResourceRequest,
        AddTagsToResourceResult,
        ListTagsForResourceRequest,
        ListTagsForResourceResult,
        RemoveTagsFromResourceRequest,
        RemoveTagsFromResourceResult,
    )


@dataclass(frozen=True, slots=True)
class TaggedPlace(ParameterPlace):
    """A place that tags are asked of: what is not there is an id that is not valid."""

    @property
    def refusal(self) -> ServiceError:
        """The words of these operations for what is not there."""
        return InvalidResourceId()


def _place(given: Mapping[str, Any], home: Home) -> Located:
    kind = given["ResourceType"]
    if kind != "Parameter":
        raise NotImplementedHere(f"Tags of the resource type {kind} are not implemented by this cloud.")
    place = place_of(given["ResourceId"], home)
    return TaggedPlace(place.cls, place.home, place.key, place.other)


@ssm.operation(on=Parameter, at="ResourceId", locate=_place, ignores=("ResourceType",))
def add_tags_to_resource(tx: Transaction, req: AddTagsToResourceRequest) -> AddTagsToResourceResult:
    """Adds tags, or gives those that are there another value."""
    parameter: Parameter = tx.resource
    tags = {**parameter.tags, **{tag["Key"]: tag["Value"] for tag in req["Tags"]}}
    if len(tags) > TAGS_MAX:
        raise TooManyTags
    tx.replace(parameter, tags=checked(tags, Invalid))
    return {}


@ssm.operation(on=Parameter, at="ResourceId", locate=_place, ignores=("ResourceType",))
def remove_tags_from_resource(tx: Transaction, req: RemoveTagsFromResourceRequest) -> RemoveTagsFromResourceResult:
    """Removes tags by their keys."""
    doomed = set(req["TagKeys"])
    parameter: Parameter = tx.resource
    tx.replace(parameter, tags={key: value for key, value in parameter.tags.items() if key not in doomed})
    return {}


@ssm.operation(on=Parameter, at="ResourceId", locate=_place, ignores=("ResourceType",))
def list_tags_for_resource(tx: Transaction, req: ListTagsForResourceRequest) -> ListTagsForResourceResult:  # noqa: ARG001
    """All of them."""
    return {"TagList": [{"Key": key, "Value": value} for key, value in tx.resource.tags.items()]}
