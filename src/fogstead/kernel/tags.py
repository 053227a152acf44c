"""Tags, once for all services: setting, removing and listing, with the limits they share.

Source: "Tag naming limits and requirements" of the AWS General Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fogstead.kernel.errors import InvalidParameterValue, ServiceError
from fogstead.kernel.resource import Resource
from fogstead.kernel.service import DeclarationError, Service, snake
from fogstead.kernel.transaction import Transaction

TAGS_MAX = 50
KEY_MAX = 128
VALUE_MAX = 256

Tags = dict[str, str]


def checked(tags: Mapping[str, str], error: type[ServiceError] = InvalidParameterValue) -> Tags:
    """The tags, or `error` when AWS would not take them."""
    if len(tags) > TAGS_MAX:
        raise error(f"Too many tags added: a resource can have {TAGS_MAX}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= KEY_MAX:
            raise error(f"Tag keys are 1 to {KEY_MAX} characters long.")
        if len(value) > VALUE_MAX:
            raise error(f"Tag values are at most {VALUE_MAX} characters long.")
        if key.lower().startswith("aws:"):
            raise error("Tag keys that start with aws: are reserved.")
    return dict(tags)


def tag_operations(
    service: Service,
    resource: type[Resource],
    *,
    at: str,
    tag: str,
    untag: str,
    listing: str,
    error: type[ServiceError] = InvalidParameterValue,
    guard: Callable[[Transaction], None] = lambda _tx: None,
) -> None:
    """Declare the three operations of a service's tags. The resource keeps them in a field `tags`.

    `guard` refuses callers whom even a policy cannot let in.
    """
    if "tags" not in resource.__struct_fields__:
        raise DeclarationError(f"tag_operations: {resource.__name__} needs a field tags: Tags")
    for name in (tag, untag, listing):
        if not service.model.has_operation(name):
            raise DeclarationError(f"tag_operations: {name} is no operation of {service.name}")
    given, removed = _member(service, tag, at), _member(service, untag, at)
    shown = _output_member(service, listing)
    as_map = service.model.operation(tag).input.members[given].kind == "map"  # type: ignore[union-attr]

    def set_tags(tx: Transaction, req: Any) -> None:
        guard(tx)
        tags = _as_map(req[given], as_map)
        tx.replace(tx.resource, tags=checked({**tx.resource.tags, **tags}, error))

    def remove_tags(tx: Transaction, req: Any) -> None:
        guard(tx)
        doomed = set(req[removed])
        tx.replace(tx.resource, tags={key: value for key, value in tx.resource.tags.items() if key not in doomed})

    def list_tags(tx: Transaction, req: Any) -> Any:  # noqa: ARG001 - operations take both
        guard(tx)
        tags = dict(tx.resource.tags)
        return {shown: tags if as_map else [{"Key": key, "Value": value} for key, value in tags.items()]}

    for name, run in ((tag, set_tags), (untag, remove_tags), (listing, list_tags)):
        operation = service.model.operation(name)
        run.__name__ = snake(name)
        run.__annotations__ = {
            "req": operation.input.name if operation.input else "NoInput",
            "return": operation.output.name if operation.output else "None",
        }
        service.operation(on=resource, at=at)(run)


def _as_map(given: Any, as_map: bool) -> Tags:
    return dict(given) if as_map else {entry["Key"]: entry.get("Value", "") for entry in given}


def _member(service: Service, operation: str, at: str) -> str:
    shape = service.model.operation(operation).input
    assert shape is not None
    return next(name for name in shape.members if name != at)


def _output_member(service: Service, operation: str) -> str:
    shape = service.model.operation(operation).output
    assert shape is not None
    return next(iter(shape.members))
