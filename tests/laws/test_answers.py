"""Law 3: every answer and every error is what the model says, in every protocol the service speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fogstead.kernel import errors
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.service import DeclaredOperation
from fogstead.model import Operation, Shape
from laws.examples import Examples
from laws.exceptions import ABSENT, LINGERING
from laws.law import cases, law, varied, wire_codes
from laws.shapes_of_inputs import without_required
from laws.wire import Caller, Reply, clients_model

ANSWERS = law(3, "an answer has modelled members only")
ERRORS = law(3, "an error has a known code and modelled members only")

_COMMON = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)}
_IDENTIFYING = {"x-amz-request-id", "x-amz-id-2"}
_OF_ERRORS = {"__type", "message", "Message", "code", "Code"}


@cases(ANSWERS, protocols=True)
def test_an_answer_has_modelled_members_only(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    given = examples(operation.service.name).input_of(operation.name)
    reply = owner.call(operation.service.name, operation.name, given, protocol)
    assert reply.parsed["ResponseMetadata"]["RequestId"] or reply.headers["x-amzn-requestid"]
    absent = ABSENT.get((operation.service.name, operation.name))
    if absent is not None:
        assert (reply.status, reply.code) == (operation.service.errors[absent].status, absent), reply.message
        return
    assert reply.status == operation.model.status, f"{reply.status} {reply.code} {reply.message}"
    _assert_headers_modelled(operation.model.output, reply)
    known = clients_model(operation.service.name, protocol)
    _assert_modelled(known.operation(operation.name), reply)


@cases(ERRORS, protocols=True)
def test_an_error_has_a_known_code_and_modelled_members_only(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service
    known = examples(service.name)
    pointers = known.make(operation.on.__name__) if operation.on else None
    given = known.input_of(operation.name, pointers)
    replies = [owner.of(secret="wrong").call(service.name, operation.name, given, protocol)]
    replies += [
        owner.call(service.name, operation.name, variant, protocol)
        for _, variant in varied(without_required, operation, given)
    ]
    if operation.on is not None and (service.name, operation.on.__name__) not in LINGERING:
        known.delete(operation.on.__name__, pointers or {})
        replies.append(owner.call(service.name, operation.name, given, protocol))
    own = set().union(*(wire_codes(service, code) for code in service.errors))
    codes = {*own, *_COMMON, *(code for code, _ in service.model.query_errors.values())}
    signing = {"InvalidSignatureException", "SignatureDoesNotMatch"}
    for reply in replies:
        assert 400 <= reply.status < 500, f"{reply.status} {reply.code} {reply.message}"
        assert reply.is_any_of(codes | signing), f"{reply.code} is no error of {service.name}"
        assert reply.message
        if isinstance(reply.raw, dict):
            members = [name for name in reply.raw if name not in _OF_ERRORS]
            shape = service.model.shapes.get(str(reply.raw.get("__type", "")).rpartition("#")[2], {})
            assert set(members) <= set(shape.get("members", {})), f"{members} of {reply.code} are not modelled"


def _required(shape: Shape | None, reply: Reply) -> set[str]:
    """What must be there; an empty list without an element of its own cannot be seen in XML."""
    names = shape.required if shape else ()
    in_xml = "xml" in reply.headers.get("content-type", "")
    return {name for name in names if shape and not (in_xml and shape.members[name].kind in {"list", "map"})}


def _assert_headers_modelled(shape: Shape | None, reply: Reply) -> None:
    """The headers that AWS's services have of their own; all others are HTTP's."""
    members = shape.members.values() if shape else ()
    named = {one.wire_name.lower() for one in members if one.location == "header"}
    prefixes = tuple(one.wire_name.lower() for one in members if one.location == "headers")
    own = [name for name in reply.headers if name.startswith("x-amz-") and not name.startswith(prefixes)]
    assert set(own) - named <= _IDENTIFYING


def _assert_modelled(operation: Operation, reply: Reply) -> None:
    shape, value, raw = operation.output, reply.output, reply.raw
    assert _required(shape, reply) <= set(value)
    if shape is None:
        assert not isinstance(raw, dict) or not raw, f"the model has no output, but the answer has {raw}"
        return
    if shape.payload:
        shape, value = shape.members[shape.payload], value.get(shape.payload, {})
    if shape.kind != "structure":
        assert reply.body == (value.encode() if isinstance(value, str) else value)
    elif isinstance(raw, dict):
        assert list(_unknown(shape, raw)) == []
    elif raw is not None:
        wrapped = "resultWrapper" in operation.data["output"]
        results = (
            [child for child in raw if child.tag.rpartition("}")[2] != "ResponseMetadata"][:1] if wrapped else [raw]
        )
        wired = [leaf for result in results for leaf in result.iter() if len(leaf) == 0 and (leaf.text or "")]
        assert len(wired) == _size(shape, value), "the answer has elements that botocore does not know"


def _unknown(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What stands in a JSON value and not in the shape."""
    if value is None or shape.is_document:
        return
    if shape.kind == "structure":
        named = {member.wire_name: member for member in shape.members.values()}
        for name, inner in value.items():
            if name not in named:
                yield path + name
            else:
                yield from _unknown(named[name], inner, f"{path}{name}.")
    elif shape.kind == "list":
        for inner in value:
            yield from _unknown(shape.member, inner, f"{path}1.")
    elif shape.kind == "map":
        for name, inner in value.items():
            yield from _unknown(shape.value, inner, f"{path}{name}.")


def _size(shape: Shape, value: Any) -> int:
    """How many elements with text a value needs in XML."""
    if shape.kind == "structure":
        elements = {
            name: one for name, one in shape.members.items() if not one.location and not one.trait("xmlAttribute")
        }
        return sum(_size(elements[name], inner) for name, inner in value.items() if name in elements)
    if shape.kind == "list":
        return sum(_size(shape.member, inner) for inner in value)
    if shape.kind == "map":
        return sum(1 + _size(shape.value, inner) for inner in value.values())
    return 0 if value in {"", b""} else 1
