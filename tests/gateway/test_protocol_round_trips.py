"""botocore writes what we read, and reads what we write, for random values of every operation of these services.

The seed is printed with a failure; FOGSTEAD_TEST_SEED chooses another one.
"""

import os
from functools import cache
from typing import Any

import pytest
from botocore.model import ServiceModel as BotocoreServiceModel
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from fogstead.gateway.protocols.registry import Codecs
from fogstead.model import Operation, Shape
from fogstead.model.loader import Models
from gateway.botocore_client import REQUEST_ID, botocore_model, read_reply, write_request
from gateway.generated_values import parameters
from gateway.values import FROM_BOTOCORE, TO_BOTOCORE, comparable, convert

SEED = int(os.environ.get("FOGSTEAD_TEST_SEED", "20261121"))
EXAMPLES = 120
SPOKEN = [
    ("sqs", "json"),
    ("sqs", "query"),
    ("ec2", "ec2"),
    ("iam", "query"),
    ("sts", "query"),
    ("s3", "rest-xml"),
    ("route53", "rest-xml"),
    ("cloudfront", "rest-xml"),
    ("lambda", "rest-json"),
    ("apigateway", "rest-json"),
    ("dynamodb", "json"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
    ("kinesis", "json"),
    ("logs", "json"),
]

spoken = pytest.mark.parametrize(("service", "protocol"), SPOKEN, ids=[" in ".join(pair) for pair in SPOKEN])
bounded = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
models, codecs = Models(), Codecs()


@cache
def botocore_view(service: str, protocol: str) -> BotocoreServiceModel:
    return botocore_model(models.load(service), protocol)


# botocore has none of the first, reads the second with code of its own, and the third into two lists.
READ_BY_HAND = {("s3", "PostObject"), ("s3", "GetBucketLocation"), ("s3", "ListObjectVersions")}


@cache
def plain_operations(service: str) -> tuple[str, ...]:
    """Those whose bodies are no streams of events, and whose documents botocore reads by its model alone."""
    model = models.load(service)
    return tuple(
        name
        for name in model.operation_names
        if not has_events(model.operation(name)) and (service, name) not in READ_BY_HAND
    )


def has_events(operation: Operation) -> bool:
    shapes = (shape for shape in (operation.input, operation.output) if shape)
    return any(member.trait("eventstream") for shape in shapes for member in shape.members.values())


@spoken
@seed(SEED)
@bounded
@given(data=st.data())
def test_what_botocore_writes_is_read_as_it_was_meant(service: str, protocol: str, data: st.DataObject) -> None:
    operation = any_operation(data, service)
    meant = data.draw(parameters(operation, protocol, asks=True))
    note(f"seed {SEED}, {operation}")

    given_model = botocore_view(service, protocol).operation_model(operation.name)
    request = write_request(protocol, given_model, operation, convert(operation.input, meant, TO_BOTOCORE))
    decode, _ = codecs.of(protocol, operation)
    assert as_asked(operation, decode(request)) == as_asked(operation, meant)


@spoken
@seed(SEED)
@bounded
@given(data=st.data())
def test_what_is_written_is_read_by_botocore_as_it_was_meant(service: str, protocol: str, data: st.DataObject) -> None:
    operation = any_operation(data, service)
    meant = data.draw(parameters(operation, protocol, asks=False))
    note(f"seed {SEED}, {operation}")

    _, encode = codecs.of(protocol, operation)
    reply = encode(meant, REQUEST_ID)
    read = read_reply(protocol, reply, botocore_view(service, protocol).operation_model(operation.name).output_shape)
    read.pop("ResponseMetadata", None)
    read = convert(operation.output, read, FROM_BOTOCORE)
    assert as_answered(operation.output, read) == as_answered(operation.output, meant)


def any_operation(data: st.DataObject, service: str) -> Operation:
    return models.load(service).operation(data.draw(st.sampled_from(plain_operations(service))))


def as_asked(operation: Operation, value: dict[str, Any]) -> dict[str, Any]:
    """Without labels that a client's endpoint rules put into the host, and with no more than the map's own query."""
    shape = operation.input
    asked = comparable(shape, value)
    for name, member in (shape.members if shape else {}).items():
        if member.location == "uri" and f"{{{member.wire_name}" not in operation.uri:
            asked.pop(name, None)
        if member.location == "querystring" and member.kind == "map" and name in asked:
            asked[name] = {key: inner for key, inner in asked[name].items() if key.startswith("map-")}
    return without_nothing(shape, asked)


def as_answered(shape: Shape | None, value: dict[str, Any]) -> dict[str, Any]:
    return without_nothing(shape, comparable(shape, value))


def without_nothing(shape: Shape | None, value: dict[str, Any]) -> dict[str, Any]:
    """Without bound lists and maps that hold nothing and bodies of no bytes: HTTP has no word for them."""
    bound = {name for name, member in (shape.members if shape else {}).items() if member.location}
    raw = {shape.payload} if shape else set()
    return {
        name: inner
        for name, inner in value.items()
        if not (name in bound and inner in ([], {})) and not (name in raw and inner in (b"", ""))
    }
