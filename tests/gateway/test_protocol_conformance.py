"""The published protocol cases, turned round: what clients must write is read, what they must read is written."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.model import ServiceModel as BotocoreServiceModel

from fogstead.gateway.protocols.registry import PROTOCOLS
from fogstead.gateway.protocols.wire import WireRequest
from fogstead.kernel.errors import declare
from fogstead.model import Operation, ServiceModel, Shape
from gateway.botocore_client import REQUEST_ID, labels_of, read_reply, write_request
from gateway.values import FROM_BOTOCORE, FROM_CASE, comparable, convert

CASES = Path(__file__).parent / "conformance" / "protocols"
FILLED_TOKEN = "00000000-0000-4000-8000-000000000000"  # what the cases expect of a client that fills tokens in
PASSING_SHARE = 0.98

# Case id -> why a server does not satisfy it. A case listed here must fail.
EXCEPTIONS: dict[str, str] = {
    "input/rest-json/RestJsonHttpWithEmptyStructurePayload": "lost on the wire: {} is written for no payload at all",
    "input/rest-json/RestJsonHttpWithHeadersButNoPayload": "lost on the wire: {} is written for no payload at all",
    "output/ec2/Ec2XmlLists": "client-side: looks for a flattened list under its entries' name, here two share one",
    "output/query/QueryXmlLists": "client-side: looks for a flattened list under its entries' name, here two share one",
    "output/rest-xml/XmlLists": "client-side: looks for a flattened list under its entries' name, here two share one",
    "output/rest-json/RestJsonHttpPayloadWithUnsetUnion": "client-side: reads an empty body as a union without member",
    "output/rest-xml/RestXmlHttpPayloadWithUnsetUnion": "client-side: reads an empty body as a union without member",
    "output/rest-json/RestJsonInputAndOutputWithQuotedStringHeaders": "client-side: splits a header inside quotes",
    "output/rest-json/RestJsonInputAndOutputWithTimestampHeaders": "client-side: splits a header inside dates",
    "output/rest-xml/InputAndOutputWithTimestampHeaders": "client-side: splits a header inside dates",
    "output/rest-xml/BodyWithXmlName": "client-side: looks for a member under its shape's root name",
}


@dataclass(frozen=True)
class Case:
    """One published case with the model it belongs to."""

    id: str
    data: dict[str, Any]
    suite: dict[str, Any]

    @property
    def operation(self) -> Operation:
        given = self.data["given"]
        model = {**self.suite, "operations": {given["name"]: given}}
        return ServiceModel("conformance", model).operation(given["name"])

    @property
    def botocore(self) -> BotocoreServiceModel:
        """botocore's view. In the cases of Query the wrapper's name is left to the client."""
        given = self.data["given"]
        if self.protocol == "query" and "output" in given:
            given = {**given, "output": {**given["output"], "resultWrapper": f"{given['name']}Result"}}
        return BotocoreServiceModel({**self.suite, "operations": {given["name"]: given}}, "conformance")

    @property
    def protocol(self) -> str:
        return str(self.suite["metadata"]["protocol"])


def load(side: str) -> list[Case]:
    return [
        Case(f"{side}/{file.stem}/{case['id']}", case, suite)
        for file in sorted((CASES / side).glob("*.json"))
        for suite in json.loads(file.read_bytes())
        for case in suite["cases"]
    ]


INPUTS, OUTPUTS = load("input"), load("output")


def marked(cases: list[Case]) -> list[Any]:
    """The cases as parameters; a listed one is expected to fail, and strictly so."""
    return [
        pytest.param(case, id=case.id, marks=[pytest.mark.xfail(reason=EXCEPTIONS[case.id], strict=True)])
        if case.id in EXCEPTIONS
        else pytest.param(case, id=case.id)
        for case in cases
    ]


@pytest.mark.parametrize("case", marked(INPUTS))
def test_the_request_of_a_case_is_read_as_its_parameters(case: Case) -> None:
    operation = case.operation
    read = PROTOCOLS[case.protocol].decoder(operation)(request_of(case))

    wanted = convert(operation.input, case.data["params"], FROM_CASE)
    wanted.update(dict.fromkeys(unfilled_tokens(operation.input, wanted), FILLED_TOKEN))
    assert as_sent(case, operation.input, read) == as_sent(case, operation.input, wanted)


@pytest.mark.parametrize("case", marked([case for case in OUTPUTS if "result" in case.data]))
def test_the_result_of_a_case_is_read_back_by_botocore(case: Case) -> None:
    operation = case.operation
    wanted = convert(operation.output, case.data["result"], FROM_CASE)
    reply = PROTOCOLS[case.protocol].encoder(operation)(wanted, REQUEST_ID)

    read = read_reply(case.protocol, reply, case.botocore.operation_model(operation.name).output_shape)
    read.pop("ResponseMetadata", None)
    read = convert(operation.output, read, FROM_BOTOCORE)
    assert as_sent(case, operation.output, read) == as_sent(case, operation.output, wanted)
    assert reply.status == case.data["response"]["status_code"]


@pytest.mark.parametrize("case", marked([case for case in OUTPUTS if "error" in case.data]))
def test_the_error_of_a_case_is_read_back_by_botocore(case: Case) -> None:
    model = case.operation.service
    name, status = case.data["given"]["errors"][0]["shape"], case.data["response"]["status_code"]
    shape = model.shape(name)
    members = convert(shape, case.data["error"], FROM_CASE)
    message = next((members.pop(key) for key in list(members) if key.lower() == "message"), "")
    reply = PROTOCOLS[case.protocol].error(model, declare(name, name, "", status)(message, **members), REQUEST_ID)

    error = read_reply(case.protocol, reply, None)["Error"]
    assert (reply.status, error["Code"]) == (status, case.data["errorCode"])
    assert (error.get("Message") or "") == case.data.get("errorMessage", "")

    modelled = read_reply(case.protocol, reply, case.botocore.shape_for(name))
    wanted = convert(shape, case.data["error"], FROM_CASE)
    assert comparable(shape, convert(shape, modelled, FROM_BOTOCORE)) == comparable(shape, wanted)


def request_of(case: Case) -> WireRequest:
    """The case's request, its path below the client's endpoint."""
    serialized, operation = case.data["serialized"], case.operation
    headers = {name.lower(): value for name, value in serialized.get("headers", {}).items()}
    url = urlsplit(serialized["uri"])
    path = url.path.removeprefix(urlsplit(case.suite.get("clientEndpoint", "")).path)
    if "body" not in serialized:
        return uncompressed(case, headers)
    text = serialized["body"]
    body = base64.b64decode(text) if case.protocol.endswith("cbor") else text.encode("utf-8")
    return WireRequest(
        serialized["method"], path, url.query, headers, body, labels=labels_of(operation.uri, path) or {}
    )


def uncompressed(case: Case, headers: dict[str, str]) -> WireRequest:
    """The cases of compression name no body, only headers. A codec sees the request when the encoding is undone."""
    given = case.botocore.operation_model(case.data["given"]["name"])
    request = write_request(case.protocol, given, case.operation, case.data["params"])
    encodings = [
        encoding for encoding in headers.get("content-encoding", "").split(", ") if encoding not in {"", "gzip"}
    ]
    kept = {name: value for name, value in headers.items() if name != "content-encoding"}
    request.headers = {**kept, "content-encoding": ", ".join(encodings)} if encodings else kept
    return request


def unfilled_tokens(shape: Shape | None, wanted: dict[str, Any]) -> list[str]:
    members = shape.members if shape else {}
    return [name for name, member in members.items() if member.trait("idempotencyToken") and name not in wanted]


def as_sent(case: Case, shape: Shape | None, value: dict[str, Any]) -> dict[str, Any]:
    """Without what a protocol cannot say.

    That is the case of header names, that something is there but empty, and whether a map of query parameters holds
    those that have members of their own too.
    """
    sent = comparable(shape, value)
    members = shape.members if shape else {}
    named = {member.wire_name for member in members.values() if member.location == "querystring"}
    for name, member in members.items():
        if member.location == "headers" and name in sent:
            sent[name] = {key.lower(): inner for key, inner in sent[name].items()}
        if member.location == "querystring" and member.kind == "map" and name in sent:
            sent[name] = {key: inner for key, inner in sent[name].items() if key not in named}
        if name in sent and not sent[name] and cannot_be_empty(case.protocol, member, shape):
            del sent[name]
    return sent


def cannot_be_empty(protocol: str, member: Shape, shape: Shape | None) -> bool:
    if member.kind in {"list", "map"}:
        return bool(member.location) or (protocol, member.kind) in {("ec2", "list"), ("query", "map")}
    return shape is not None and member.member_name == shape.payload and member.kind in {"blob", "string"}


def test_no_more_than_a_few_cases_are_excepted_and_all_of_those_exist() -> None:
    every = {case.id for case in INPUTS + OUTPUTS}
    assert EXCEPTIONS.keys() <= every
    assert len(EXCEPTIONS) <= len(every) * (1 - PASSING_SHARE)
