"""Whatever bytes come in, a decoder gives an input or a ServiceError that blames the sender; never anything else."""

import json
import os
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from fogstead.gateway.protocols.registry import PROTOCOLS
from fogstead.gateway.protocols.wire import WireRequest
from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation
from gateway.small_models import operation, structure

SEED = int(os.environ.get("FOGSTEAD_TEST_SEED", "20261121"))
SHAPES = {
    "Tree": structure({"Name": "String", "Child": "Tree", "Children": "Trees", "ByName": "TreeMap"}),
    "Trees": {"type": "list", "member": {"shape": "Tree"}},
    "TreeMap": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Tree"}},
    "Anything": structure({}, document=True),
}
BODY = {
    "Text": "String",
    "Number": "Integer",
    "Share": "Double",
    "Yes": "Boolean",
    "At": "Timestamp",
    "Bytes": "Blob",
    "Names": "Strings",
    "Tags": "StringMap",
    "Tree": "Tree",
}
BOUND = {
    **BODY,
    "Anything": "Anything",
    "PathNumber": {"shape": "Integer", "location": "uri", "locationName": "number"},
    "QueryNumber": {"shape": "Integer", "location": "querystring", "locationName": "number"},
    "QueryNames": {"shape": "Strings", "location": "querystring", "locationName": "names"},
    "HeaderNumber": {"shape": "Integer", "location": "header", "locationName": "X-Number"},
    "HeaderDate": {"shape": "Timestamp", "location": "header", "locationName": "X-Date"},
    "HeaderNames": {"shape": "Strings", "location": "header", "locationName": "X-Names"},
    "HeaderJson": {"shape": "String", "location": "header", "locationName": "X-Json", "jsonvalue": True},
}


def without_documents(members: dict[str, Any]) -> dict[str, Any]:
    return {name: reference for name, reference in members.items() if reference != "Anything"}


OPERATIONS: dict[str, Operation] = {
    "json": operation("json", asks={**BODY, "Anything": "Anything"}, shapes=SHAPES),
    "smithy-rpc-v2-cbor": operation("smithy-rpc-v2-cbor", asks={**BODY, "Anything": "Anything"}, shapes=SHAPES),
    "query": operation("query", asks=BODY, shapes=SHAPES),
    "ec2": operation("ec2", asks=BODY, shapes=SHAPES),
    "rest-json": operation("rest-json", asks=BOUND, shapes=SHAPES),
    "rest-xml": operation(
        "rest-xml", asks={name: ref for name, ref in BOUND.items() if name != "Anything"}, shapes=SHAPES
    ),
}
DECODERS: dict[str, Callable[[WireRequest], dict[str, Any]]] = {
    protocol: PROTOCOLS[protocol].decoder(known) for protocol, known in OPERATIONS.items()
}
PLAIN = {"Text": "a", "Number": 1, "Share": 0.5, "Yes": True, "Names": ["a", "b"], "Tags": {"k": "v"}}
TREE = {"Tree": {"Name": "a", "Child": {"Name": "b"}, "Children": [{"Name": "c"}], "ByName": {"d": {"Name": "e"}}}}
XML = (
    b"<Do><Text>a</Text><Number>1</Number><Share>0.5</Share><Yes>true</Yes><At>2026-01-01T00:00:00Z</At>"
    b"<Bytes>YQ==</Bytes><Names><member>a</member></Names>"
    b"<Tags><entry><key>k</key><value>v</value></entry></Tags><Tree><Child><Name>b</Name></Child></Tree></Do>"
)
FORM = (
    b"Action=Do&Text=a&Number=1&Share=0.5&Yes=true&At=2026-01-01T00%3A00%3A00Z&Bytes=YQ%3D%3D&Names.member.1=a"
    b"&Tags.entry.1.key=k&Tags.entry.1.value=v&Tree.Child.Name=b&Tree.Children.member.1.Name=c"
)
FLAT_FORM = b"Action=Do&Text=a&Number=1&Yes=true&Names.1=a&Tags.1.key=k&Tags.1.value=v&Tree.Children.1.Name=c"
JSON = json.dumps({**PLAIN, **TREE, "At": 1.5, "Bytes": "YQ==", "Anything": [1, {"a": None}]}).encode()
VALID: dict[str, bytes] = {
    "json": JSON,
    "rest-json": JSON,
    "smithy-rpc-v2-cbor": cbor2.dumps({**PLAIN, **TREE, "At": cbor2.CBORTag(1, 1.5), "Bytes": b"a", "Anything": [1]}),
    "query": FORM,
    "ec2": FLAT_FORM,
    "rest-xml": XML,
}
JSON_LIKE, FORMS, XMLS, CBORS = ("json", "rest-json"), ("query", "ec2"), ("rest-xml",), ("smithy-rpc-v2-cbor",)
bounded = settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
every_protocol = pytest.mark.parametrize("protocol", list(OPERATIONS))


def of(protocols: tuple[str, ...], bodies: dict[str, bytes]) -> pytest.MarkDecorator:
    """Each of these bodies in each of these protocols."""
    return pytest.mark.parametrize(
        ("protocol", "body"),
        [
            pytest.param(protocol, body, id=f"{protocol}: {name}")
            for protocol in protocols
            for name, body in bodies.items()
        ],
    )


def request(body: bytes, query: str = "", headers: dict[str, str] | None = None, **labels: str) -> WireRequest:
    return WireRequest("POST", "/", query, headers or {}, body, labels=labels)


def outcome(protocol: str, asked: WireRequest) -> dict[str, Any] | ServiceError:
    try:
        return DECODERS[protocol](asked)
    except ServiceError as error:
        return error


def refused(protocol: str, asked: WireRequest) -> bool:
    """Whether it was refused, in the way a sender's mistake must be."""
    result = outcome(protocol, asked)
    if not isinstance(result, ServiceError):
        assert isinstance(result, dict)
        return False
    assert 400 <= result.status < 500
    assert result.sender_fault
    assert len(result.message) < 300
    return True


@every_protocol
def test_the_valid_bodies_are_read(protocol: str) -> None:
    read = DECODERS[protocol](request(VALID[protocol]))

    assert read["Names"][0] == "a"
    assert read["Tags"] == {"k": "v"}
    assert read["Number"] == 1
    assert read["Tree"]


@pytest.mark.parametrize("protocol", ["json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"])
def test_every_truncated_document_is_refused(protocol: str) -> None:
    body = VALID[protocol]
    assert all(refused(protocol, request(body[:size])) for size in range(1, len(body)))


@pytest.mark.parametrize("protocol", FORMS)
def test_a_truncated_form_never_breaks_the_decoder(protocol: str) -> None:
    for size in range(len(VALID[protocol])):
        refused(protocol, request(VALID[protocol][:size]))


DEEP = 100_000
WRONG_JSON = {
    "a list on top": b"[]",
    "a string on top": b'"x"',
    "a number on top": b"1",
    "true on top": b"true",
    "text for a number": b'{"Number": "one"}',
    "a fraction for an integer": b'{"Number": 1.5}',
    "infinity for an integer": b'{"Number": 1e999}',
    "a boolean for a number": b'{"Share": true}',
    "a number for text": b'{"Text": 1}',
    "a number for a boolean": b'{"Yes": 1}',
    "an object for a list": b'{"Names": {}}',
    "text for a list": b'{"Names": "a"}',
    "a list for a map": b'{"Tags": []}',
    "a list for a structure": b'{"Tree": []}',
    "a number inside a list of text": b'{"Names": ["a", 1]}',
    "bytes that are not base64": b'{"Bytes": "?"}',
    "bytes that are not ASCII": '{"Bytes": "é"}'.encode(),
    "a date in words": b'{"At": "yesterday"}',
    "a date out of range": b'{"At": 1e300}',
    "a date of infinity": b'{"At": 1e999}',
    "a date that is true": b'{"At": true}',
    "a date of too many digits": b'{"At": ' + b"9" * 5000 + b"}",
    "a number of too many digits": b'{"Number": ' + b"9" * 5000 + b"}",
    "lists inside lists": b'{"Anything": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "trees inside trees": b'{"Tree": ' + b'{"Child": ' * DEEP + b"{}" + b"}" * DEEP + b"}",
    "documents inside documents": b'{"Anything": ' + b"[" * 300 + b"]" * 300 + b"}",
    "text that only Python takes for a number": b'{"Share": "1_0"}',
    "a number that is none": b'{"Share": NaN}',
    "an integer of 65 bits": b'{"Number": 18446744073709551616}',
    "an integer of 300 digits": b'{"Number": 1e300}',
    "an integer too large for any number": b'{"Share": ' + b"9" * 400 + b"}",
    "trees in lists of trees": b'{"Tree": ' + b'{"Children": [' * 2000 + b"]}" * 2000 + b"}",
    "open braces": b'{"Text":' * DEEP,
    "two values": b"{}{}",
    "a comma too many": b'{"Text": "a",}',
    "single quotes": b"{'Text': 'a'}",
    "a comment": b"{} // none",
    "a NUL byte": b'{"Text": "\x00"}',
    "NUL bytes only": b"\x00\x00",
    "bytes that are not UTF-8": b'{"Text": "\xff"}',
    "UTF-16": '{"Text": "a"}'.encode("utf-16-be"),
}


@of(JSON_LIKE, WRONG_JSON)
def test_json_that_is_wrong_is_refused(protocol: str, body: bytes) -> None:
    assert refused(protocol, request(body))


STRANGE_JSON = {
    "a lone surrogate": rb'{"Text": "\ud800"}',
    "a lone surrogate in an unknown name": rb'{"\udfff": 1}',
    "a name that comes twice": b'{"Text": "a", "Text": "b"}',
    "a huge number": b'{"Share": 1e400}',
    "an integer with a fraction of zero": b'{"Number": 1.0}',
    "a byte order mark": b'\xef\xbb\xbf{"Text": "a"}',
    "null everywhere": b'{"Text": null, "Names": [null], "Tags": {"a": null}, "Tree": null}',
    "null on top": b"null",
    "spaces": b"  ",
    "trees nested as deep as anyone needs": b'{"Tree": ' + b'{"Child": ' * 60 + b"{}" + b"}" * 60 + b"}",
}


@of(JSON_LIKE, STRANGE_JSON)
def test_json_that_is_strange_never_breaks_the_decoder(protocol: str, body: bytes) -> None:
    refused(protocol, request(body))


WRONG_FORMS = {
    "text for a number": b"Number=one",
    "nothing for a number": b"Number=",
    "digits that are not ASCII": b"Number=%D9%A1",
    "a number of too many digits": b"Number=" + b"9" * 5000,
    "an integer of 65 bits": b"Number=18446744073709551616",
    "text that only Python takes for a number": b"Share=1_0",
    "text for a boolean": b"Yes=maybe",
    "bytes that are not base64": b"Bytes=%3F",
    "a date in words": b"At=yesterday",
    "a date out of range": b"At=1e300",
    "a date that is no number": b"At=nan",
    "a value where a structure begins": b"Text.Name=a",
    "a name that comes twice": b"Text=a&Text=b",
    "names nested too deeply": b"Tree" + b".Child" * 5000 + b".Name=a",
    "too many parameters": b"&".join(b"Names.%d=a" % number for number in range(30_000)),
    "bytes that are not UTF-8": b"Text=%FF",
    "half a character": b"Text=%C3",
    "a surrogate": b"Text=%ED%A0%80",
}


@of(FORMS, WRONG_FORMS)
def test_a_form_that_is_wrong_is_refused(protocol: str, body: bytes) -> None:
    assert refused(protocol, request(body))


@of(FORMS, WRONG_FORMS)
def test_a_form_in_the_url_that_is_wrong_is_refused(protocol: str, body: bytes) -> None:
    assert refused(protocol, request(b"", query=body.decode("ascii")))


STRANGE_FORMS = {
    "no value": b"Text",
    "no name": b"=a",
    "only ampersands": b"&&&",
    "only dots": b"...=a",
    "entries counted from zero": b"Names.member.0=a&Names.0=a",
    "entries far apart": b"Names.member.1=a&Names.member.99999999999999999999=b",
    "an entry with a number of too many digits": b"Names.member." + b"9" * 5000 + b"=a&Names." + b"9" * 5000 + b"=a",
    "a value for a structure": b"Tree=a",
    "a value for a list": b"Names=a",
    "a key without its value": b"Tags.entry.1.key=a&Tags.1.key=a",
    "a key that is a structure": b"Tags.entry.1.key.x=a&Tags.entry.1.value=a&Tags.1.key.x=a&Tags.1.value=a",
    "a percent sign alone": b"Text=%",
    "a percent sign before letters": b"Text=%zz",
    "a NUL byte": b"Text=%00\x00",
    "bytes beyond ASCII": b"Text=\xff\xfe",
    "JSON": b'{"Text": "a"}',
    "XML": XML,
}


@of(FORMS, STRANGE_FORMS)
def test_a_form_that_is_strange_never_breaks_the_decoder(protocol: str, body: bytes) -> None:
    refused(protocol, request(body))


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 20))
WRONG_XML = {
    "laughs by the billion": b'<!DOCTYPE Do [<!ENTITY l0 "ha">' + LAUGHS + b"]><Do><Text>&l19;</Text></Do>",
    "a document type": b"<!DOCTYPE Do><Do><Text>a</Text></Do>",
    "a file as an entity": b'<!DOCTYPE Do [<!ENTITY f SYSTEM "file:///etc/passwd">]><Do><Text>&f;</Text></Do>',
    "a document type elsewhere": b'<!DOCTYPE Do SYSTEM "http://localhost:1/x.dtd"><Do/>',
    "an unknown entity": b"<Do><Text>&what;</Text></Do>",
    "text for a number": b"<Do><Number>one</Number></Do>",
    "elements for a number": b"<Do><Number><a/></Number></Do>",
    "a number of too many digits": b"<Do><Number>" + b"9" * 5000 + b"</Number></Do>",
    "text for a boolean": b"<Do><Yes>maybe</Yes></Do>",
    "a date in words": b"<Do><At>yesterday</At></Do>",
    "bytes that are not base64": b"<Do><Bytes>?</Bytes></Do>",
    "an entry without its value": b"<Do><Tags><entry><key>a</key></entry></Tags></Do>",
    "elements inside elements": b"<Do>" + b"<Tree><Child>" * DEEP + b"</Child></Tree>" * DEEP + b"</Do>",
    "two roots": b"<Do/><Do/>",
    "no root": b"<!-- nothing -->",
    "text only": b"hello",
    "a NUL byte": b"<Do><Text>\x00</Text></Do>",
    "a NUL character": b"<Do><Text>&#0;</Text></Do>",
    "a surrogate": b"<Do><Text>&#xD800;</Text></Do>",
    "bytes that are not UTF-8": b"<Do><Text>\xff</Text></Do>",
    "an encoding that nobody knows": b'<?xml version="1.0" encoding="no-such"?><Do/>',
    "a namespace nobody declared": b"<Do><x:Text>a</x:Text></Do>",
    "an attribute that comes twice": b'<Do a="1" a="2"/>',
    "JSON": JSON,
}


@of(XMLS, WRONG_XML)
def test_xml_that_is_wrong_is_refused(protocol: str, body: bytes) -> None:
    assert refused(protocol, request(body))


STRANGE_XML = {
    "comments": b"<Do><!-- a --><Text>a<!-- b -->b</Text></Do>",
    "instructions": b"<?what now?><Do><?what now?><Text>a<?b c?></Text><Names><?d e?><member>a</member></Names></Do>",
    "character data": b"<Do><Text><![CDATA[<a>]]></Text></Do>",
    "text between elements": b"<Do>a<Text>b</Text>c</Do>",
    "elements inside text": b"<Do><Text>a<b>c</b>d</Text></Do>",
    "an element that comes twice": b"<Do><Text>a</Text><Text>b</Text></Do>",
    "another root": b"<What><Text>a</Text></What>",
    "another encoding": '<?xml version="1.0" encoding="utf-16"?><Do><Text>a</Text></Do>'.encode("utf-16"),
    "a namespace": b'<Do xmlns="urn:x"><Text>a</Text></Do>',
    "nothing inside": b"<Do/>",
    "empty lists and maps": b"<Do><Names/><Tags/><Tree/></Do>",
    "spaces in front": b"  <Do/>",
}


@of(XMLS, STRANGE_XML)
def test_xml_that_is_strange_never_breaks_the_decoder(protocol: str, body: bytes) -> None:
    refused(protocol, request(body))


def test_comments_and_instructions_in_xml_are_passed_over() -> None:
    assert DECODERS["rest-xml"](request(STRANGE_XML["comments"])) == {"Text": "ab"}
    assert DECODERS["rest-xml"](request(STRANGE_XML["instructions"])) == {"Text": "a", "Names": ["a"]}


def item(value: Any) -> bytes:
    return cbor2.dumps(value)


WRONG_CBOR = {
    "a list on top": item([]),
    "text on top": item("x"),
    "null on top": item(None),
    "text for a number": item({"Number": "one"}),
    "a big number": item({"Number": 2**200}),
    "a number too large for any": item({"Share": 2**2000}),
    "a shared value that holds itself": b"\xa1\x68Anything\xd8\x1c\x81\xd8\x1d\x00",
    "a tag that nobody knows": b"\xa1\x64Text\xda\xff\xff\xff\xff\x61a",
    "a name that comes twice": b"\xa2\x64Text\x61a\x64Text\x61b",
    "a name that is a list": b"\xa1\x81\x01\x61a",
    "a fraction for an integer": item({"Number": 1.5}),
    "bytes for text": item({"Text": b"a"}),
    "text for bytes": item({"Bytes": "a"}),
    "a number for a boolean": item({"Yes": 1}),
    "a map for a list": item({"Names": {}}),
    "a list for a map": item({"Tags": []}),
    "a number for a map's key": item({"Tags": {1: "a"}}),
    "a date in words": item({"At": "yesterday"}),
    "a date out of range": item({"At": cbor2.CBORTag(1, 1e300)}),
    "a date that is no number": item({"At": cbor2.CBORTag(1, float("nan"))}),
    "a date of text": item({"At": cbor2.CBORTag(1, "x")}),
    "a list far longer than the body": b"\xa1\x65Names\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "a map far longer than the body": b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff",
    "bytes far longer than the body": b"\xa1\x65Bytes\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "text far longer than the body": b"\xa1\x64Text\x7a\xff\xff\xff\xff",
    "a list without end": b"\xa1\x65Names\x9f",
    "a map without end": b"\xbf",
    "text without end": b"\xa1\x64Text\x7f\x61a",
    "text in pieces of bytes": b"\xa1\x64Text\x7f\x41a\xff",
    "a break alone": b"\xff",
    "a break inside a list": b"\xa1\x65Names\x82\x61a\xff",
    "lists inside lists": b"\xa1\x68Anything" + b"\x81" * DEEP + b"\x00",
    "lists without end inside lists": b"\xa1\x68Anything" + b"\x9f" * DEEP,
    "tags inside tags": b"\xa1\x68Anything" + b"\xc1" * DEEP + b"\x00",
    "trees inside trees": b"\xa1\x64Tree" + b"\xa1\x65Child" * DEEP + b"\xa0",
    "text that is not UTF-8": b"\xa1\x64Text\x61\xff",
    "half an item": b"\xa1\x64Text\x19\x01",
    "a reserved length": b"\x1c",
    "a reserved simple value": b"\xa1\x63Yes\xf8\x10",
    "JSON": JSON,
}


@of(CBORS, WRONG_CBOR)
def test_cbor_that_is_wrong_is_refused(protocol: str, body: bytes) -> None:
    assert refused(protocol, request(body))


STRANGE_CBOR = {
    "a map of unknown length": b"\xbf\x64Text\x61a\xff",
    "text in pieces": b"\xa1\x64Text\x7f\x61a\x61b\xff",
    "a list of unknown length": b"\xa1\x65Names\x9f\x61a\xff",
    "a name that is a number": item({1: "a"}),
    "a name that is a map": b"\xa1\xa0\x61a",
    "undefined": b"\xa1\x64Text\xf7",
    "a huge number": b"\xa1\x66Number\xc2\x59\x27\x10" + b"\xff" * 10_000,
    "a decimal fraction of a huge exponent": b"\xa1\x65Share\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
    "a big float of a huge exponent": b"\xa1\x65Share\xc5\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
    "a rational divided by zero": b"\xa1\x65Share\xd8\x1e\x82\x01\x00",
    "a regular expression": b"\xa1\x64Text\xd8\x23\x61(",
    "a message": b"\xa1\x64Text\xd8\x24\x61a",
    "an address": b"\xa1\x64Text\xd9\x01\x04\x41\x00",
    "an identifier": b"\xa1\x64Text\xd8\x25\x41\x00",
    "a date as text": b"\xa1\x62At\xc0\x74" + b"2026-01-01T00:00:00Z",
    "a date as nonsense": b"\xa1\x62At\xc0\x61x",
    "a reference to nothing": b"\xa1\x68Anything\xd8\x1d\x05",
    "a set": b"\xa1\x65Names\xd9\x01\x02\x81\x61a",
    "two items": b"\xa0\xa0",
    "nothing after the map": item({"Text": "a"}) + b"\x00",
}


@of(CBORS, STRANGE_CBOR)
def test_cbor_that_is_strange_never_breaks_the_decoder(protocol: str, body: bytes) -> None:
    refused(protocol, request(body))


def doubling(levels: int) -> bytes:
    """A tree in which every level holds the one below it twice: once written out, once as a reference."""
    body = b"\xd8\x1c\xa0"
    for level in range(1, levels + 1):
        body = b"\xd8\x1c\xa1\x68Children\x82" + body + b"\xd8\x1d" + cbor2.dumps(levels + 1 - level)
    return b"\xa1\x64Tree" + body


def test_a_few_bytes_of_cbor_cannot_stand_for_a_forest() -> None:
    assert refused("smithy-rpc-v2-cbor", request(doubling(60)))


@pytest.mark.parametrize("protocol", ["json", "rest-json", "smithy-rpc-v2-cbor", "rest-xml"])
@pytest.mark.parametrize("depth", [10, 90, 150, 250, 400, 500, 700, 900, 1500])
def test_a_tree_of_any_depth_never_breaks_a_decoder(protocol: str, depth: int) -> None:
    if "json" in protocol:
        body = b'{"Tree":' + b'{"Child":' * depth + b"{}" + b"}" * depth + b"}"
    elif protocol == "rest-xml":
        body = b"<Do><Tree>" + b"<Child>" * depth + b"</Child>" * depth + b"</Tree></Do>"
    else:
        body = b"\xa1\x64Tree" + b"\xa1\x65Child" * depth + b"\xa0"
    assert refused(protocol, request(body)) or depth < 1000


WRONG_HEADS = {
    "a label": {"labels": {"number": "one"}},
    "a parameter": {"query": "number=one"},
    "a parameter that is not UTF-8": {"query": "names=%FF"},
    "a header": {"headers": {"x-number": "one"}},
    "a header's date": {"headers": {"x-date": "yesterday"}},
    "a header's impossible date": {"headers": {"x-date": "Thu, 99 Foo 2026 99:99:99 GMT"}},
    "a header's JSON": {"headers": {"x-json": "e30"}},
    "a header's broken JSON": {"headers": {"x-json": "ew=="}},
    "a header beyond ASCII": {"headers": {"x-json": "é"}},
}


@pytest.mark.parametrize("protocol", ["rest-json", "rest-xml"])
@pytest.mark.parametrize("head", WRONG_HEADS.values(), ids=WRONG_HEADS)
def test_a_head_that_is_wrong_is_refused(protocol: str, head: dict[str, Any]) -> None:
    head = {**head, **head.get("labels", {})}
    head.pop("labels", None)
    assert refused(protocol, request(b"", **head))


@every_protocol
@seed(SEED)
@bounded
@given(body=st.binary(max_size=64))
def test_random_bytes_never_break_a_decoder(protocol: str, body: bytes) -> None:
    note(f"seed {SEED}")
    refused(protocol, request(body))


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> bytes:
    """The body with some bytes replaced, removed, doubled or put in."""
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(changed) - 1, 0)))
        size = draw(st.integers(0, 4))
        changed[at : at + size] = draw(
            st.binary(max_size=4) | st.sampled_from([body[at : at + 12], b"", b"\xff", b"\x00"])
        )
    return bytes(changed)


@every_protocol
@seed(SEED)
@bounded
@given(data=st.data())
def test_mutations_of_a_valid_body_never_break_a_decoder(protocol: str, data: st.DataObject) -> None:
    note(f"seed {SEED}")
    refused(protocol, request(data.draw(mutated(VALID[protocol]))))


@pytest.mark.parametrize("protocol", ["rest-json", "rest-xml"])
@seed(SEED)
@bounded
@given(
    query=st.text(max_size=20) | st.text("number&names=%+;0aF", max_size=20),
    headers=st.dictionaries(st.sampled_from(["x-number", "x-date", "x-names", "x-json"]), st.text(max_size=30)),
    number=st.text(max_size=10),
)
def test_random_heads_never_break_a_decoder(protocol: str, query: str, headers: dict[str, str], number: str) -> None:
    note(f"seed {SEED}")
    refused(protocol, request(b"", query=query, headers=headers, number=number))
