"""Single promises of the codecs, one test each."""

from fogstead.gateway.protocols.registry import PROTOCOLS
from fogstead.gateway.protocols.wire import WireRequest
from fogstead.kernel.errors import declare
from gateway.small_models import operation, structure

REQUEST_ID = "4f2b6a0c-0000-4000-8000-000000000001"
Broken = declare("Broken", "Broken", "It broke.", 409)
BROKEN = {"Broken": structure({"Part": "String"}, exception=True)}


def ask(*, query: str = "", body: bytes = b"", **headers: str) -> WireRequest:
    return WireRequest("POST", "/", query, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_a_flattened_list_in_xml_goes_by_its_own_name_or_by_that_of_its_entries() -> None:
    shapes = {"Rules": {"type": "list", "member": {"shape": "String", "locationName": "Rule"}, "flattened": True}}
    decode = PROTOCOLS["rest-xml"].decoder(operation("rest-xml", asks={"Rules": "Rules"}, shapes=shapes))

    assert decode(ask(body=b"<Do><Rules>a</Rules><Rules>b</Rules></Do>")) == {"Rules": ["a", "b"]}
    assert decode(ask(body=b"<Do><Rule>a</Rule><Rule>b</Rule></Do>")) == {"Rules": ["a", "b"]}


def test_a_map_of_query_parameters_holds_those_with_members_of_their_own_too() -> None:
    asks = {
        "Mode": {"shape": "String", "location": "querystring", "locationName": "mode"},
        "Rest": {"shape": "StringMap", "location": "querystring"},
    }
    decode = PROTOCOLS["rest-json"].decoder(operation("rest-json", asks=asks))

    assert decode(ask(query="mode=fast&x=1")) == {"Mode": "fast", "Rest": {"mode": "fast", "x": "1"}}


def test_an_answer_has_in_its_body_what_only_a_request_could_bind() -> None:
    answers = {
        "Name": {"shape": "String", "location": "uri", "locationName": "name"},
        "Page": {"shape": "String", "location": "querystring", "locationName": "page"},
        "Tag": {"shape": "String", "location": "header", "locationName": "x-tag"},
    }
    encode = PROTOCOLS["rest-json"].encoder(operation("rest-json", answers=answers))
    reply = encode({"Name": "a", "Page": "b", "Tag": "c"}, REQUEST_ID)

    assert reply.body == b'{"name":"a","page":"b"}'
    assert ("x-tag", "c") in reply.headers


def test_an_error_of_ec2_says_all_that_its_shape_has() -> None:
    model = operation("ec2", shapes=BROKEN).service
    reply = PROTOCOLS["ec2"].error(model, Broken(Part="door"), REQUEST_ID)

    assert b"<Code>Broken</Code><Message>It broke.</Message><Part>door</Part></Error>" in reply.body


def test_a_form_of_ec2_may_keep_the_name_of_a_member_that_has_no_other() -> None:
    decode = PROTOCOLS["ec2"].decoder(operation("ec2", asks={"data": "String"}))

    assert decode(ask(body=b"Action=Do&data=x")) == {"data": "x"}
    assert decode(ask(body=b"Action=Do&Data=x")) == {"data": "x"}


def test_only_errors_of_s3_itself_stand_bare() -> None:
    for service, bare in (("S3", True), ("S3 Control", False)):
        model = operation("rest-xml", serviceId=service, signingName="s3").service
        reply = PROTOCOLS["rest-xml"].error(model, Broken(), REQUEST_ID)
        assert (b"<ErrorResponse" not in reply.body) is bare


def test_an_error_in_xml_has_headers_where_its_shape_asks_for_them() -> None:
    shapes = {"Broken": structure({"Part": {"shape": "String", "location": "header", "locationName": "X-Part"}})}
    shapes["Broken"]["exception"] = True
    reply = PROTOCOLS["rest-xml"].error(operation("rest-xml", shapes=shapes).service, Broken(Part="a"), REQUEST_ID)

    assert ("x-part", "a") in reply.headers
