"""The bodies of S3's requests: every form, cut anywhere, tampered with, too short and too long."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fogstead.gateway.exchanges import BodyStream, Disconnected
from fogstead.gateway.http1 import Head
from fogstead.gateway.payloads import (
    CHUNK_BYTES_MIN,
    ChunkReader,
    ChunkSigner,
    IncompleteBody,
    InvalidChunkSize,
    MalformedTrailer,
    MissingContentLength,
    incoming_of,
    without_aws_chunked,
)
from fogstead.gateway.signature import ContentHashMismatch, SignatureMismatch
from fogstead.kernel.bodies import Incoming
from fogstead.kernel.errors import NotImplementedHere, ServiceError
from gateway.chunked_bodies import SEED, SIGNED, SIGNED_TRAILERS, UNSIGNED, body_of, claim_of, key_of
from gateway.streams import cut, streamed

FORMS = [UNSIGNED, SIGNED, SIGNED_TRAILERS]
CRC = "x-amz-checksum-crc32c"
TRAILERS = {CRC: "sOO8/Q=="}
DATA = random.Random(3).randbytes(2 * CHUNK_BYTES_MIN + 77)
PIECES = [DATA[:CHUNK_BYTES_MIN], DATA[CHUNK_BYTES_MIN : 2 * CHUNK_BYTES_MIN], DATA[2 * CHUNK_BYTES_MIN :]]


def trailers_of(form: str) -> dict[str, str]:
    return {} if form == SIGNED else TRAILERS


def reader_of(form: str, *, key: bytes | None = None, declared: Iterable[str] = ()) -> ChunkReader:
    signed = form != UNSIGNED
    signer = ChunkSigner(key if key is not None else key_of(), claim_of()) if signed else None
    return ChunkReader(
        signed=signed, signer=signer, trailers_signed=form == SIGNED_TRAILERS, declared=frozenset(declared)
    )


def read(reader: ChunkReader, pieces: Iterable[bytes]) -> bytes:
    """All that comes out, once the reader has agreed to the end."""
    data = b"".join(plain for piece in pieces for plain in reader.feed(piece))
    reader.finish()
    return data


def outcome(form: str, pieces: Iterable[bytes]) -> tuple[str, bytes, dict[str, str]]:
    """What becomes of a body: bytes and trailers, or the name of a refusal."""
    reader = reader_of(form)
    try:
        data = read(reader, pieces)
    except ServiceError as error:
        return type(error).__name__, b"", {}
    return "", data, dict(reader.trailers)


# --------------------------------------------------------------------------- published values
def test_the_documented_example_of_signed_chunks_is_read() -> None:
    """S3 API reference, "Transferring payload in multiple chunks": 66,560 letters in three chunks."""
    signatures = [
        ("10000", 65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        ("400", 1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        ("0", 0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ]
    body = "".join(
        f"{size};chunk-signature={signature}\r\n{'a' * count}\r\n" for size, count, signature in signatures
    ).encode()
    assert read(reader_of(SIGNED), [body]) == b"a" * 66_560
    assert body == body_of(SIGNED, [b"a" * 65_536, b"a" * 1_024])


def test_the_documented_example_of_signed_trailers_is_read() -> None:
    """S3 API reference, "Including trailing headers"."""
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    signatures = [
        ("10000", 65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        ("400", 1_024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    ]
    body = "".join(f"{size};chunk-signature={known}\r\n{'a' * count}\r\n" for size, count, known in signatures)
    body += "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    body += "x-amz-checksum-crc32c:sOO8/Q==\r\n"
    body += "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    signer = ChunkSigner(key_of(), claim_of(seed))
    reader = ChunkReader(signed=True, signer=signer, trailers_signed=True, declared=frozenset({CRC}))
    assert read(reader, [body.encode()]) == b"a" * 66_560
    assert reader.trailers == {CRC: "sOO8/Q=="}


# --------------------------------------------------------------------------- cut anywhere
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_body_reads_the_same_wherever_it_is_cut(form: str, data: st.DataObject) -> None:
    body = body_of(form, PIECES, trailers_of(form))
    borders = data.draw(st.lists(st.integers(0, len(body)), max_size=12))
    near = data.draw(st.lists(st.sampled_from(_seams(body)), max_size=12))
    reader = reader_of(form, declared=trailers_of(form))
    assert read(reader, cut(body, [*borders, *near])) == DATA
    assert reader.trailers == trailers_of(form)


def _seams(body: bytes) -> list[int]:
    """Where a line begins or ends, and a byte to either side."""
    ends = [at for at in range(len(body)) if body[at : at + 2] == b"\r\n"]
    return sorted({max(at + off, 0) for at in [0, *ends] for off in (-1, 0, 1, 2, 3)})


@pytest.mark.parametrize("form", FORMS)
def test_a_body_comes_byte_by_byte(form: str) -> None:
    body = body_of(form, [b"short"], trailers_of(form))
    for at in range(len(body)):
        assert outcome(form, [body[:at], body[at:]]) == ("", b"short", trailers_of(form))
    assert outcome(form, [bytes([byte]) for byte in body]) == ("", b"short", trailers_of(form))


LINES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"0\r\n",
        b"3\r\nabc\r\n",
        b"1;chunk-signature=" + b"a" * 64 + b"\r\n",
        b"a:b\r\n",
        b":\r\n",
        b"x-amz-trailer-signature:ab\r\n",
        b"-1\r\n",
        b"ffffffffffffffff\r\n",
        b"x" * 600,
        b"a:" + b"y" * 2_000 + b"\r\n",
    ]
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(st.one_of(LINES, st.binary(max_size=8)), max_size=8),
    borders=st.lists(st.integers(0, 3_000), max_size=6),
)
@example(parts=[b"0\r\n", b"a:" + b"y" * 2_000 + b"\r\n", b"\r\n"], borders=[1_500])
def test_whatever_is_sent_means_the_same_in_one_piece_and_in_many(
    form: str, parts: list[bytes], borders: list[int]
) -> None:
    """Where a network cuts bytes must not decide what they mean; and nothing but a refusal comes of nonsense."""
    body = b"".join(parts)
    assert outcome(form, [body]) == outcome(form, cut(body, borders))


# --------------------------------------------------------------------------- tampering
@pytest.mark.parametrize("form", [SIGNED, SIGNED_TRAILERS])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_signed_body_that_was_changed_is_refused_or_says_the_same(form: str, data: st.DataObject) -> None:
    pieces, trailers = [PIECES[0][:CHUNK_BYTES_MIN], b"the end"], trailers_of(form)
    body = bytearray(body_of(form, pieces, trailers))
    seams = [at for at in _seams(bytes(body)) if at < len(body)]
    at = data.draw(st.one_of(st.sampled_from(seams), st.integers(0, len(body) - 1)))
    body[at] ^= data.draw(st.integers(1, 255))
    refusal, plain, told = outcome(form, [bytes(body)])
    assert refusal or (plain, told) == (b"".join(pieces), trailers)


@pytest.mark.parametrize("form", [SIGNED, SIGNED_TRAILERS])
def test_every_signature_of_the_chain_counts(form: str) -> None:
    body = body_of(form, PIECES, trailers_of(form))
    for mark in (b"chunk-signature=", b"x-amz-trailer-signature:"):
        at = body.find(mark)
        while at >= 0:
            spoilt = bytearray(body)
            digit = at + len(mark)
            spoilt[digit] = ord("1") if spoilt[digit] != ord("1") else ord("2")
            assert outcome(form, [bytes(spoilt)])[0] == "SignatureMismatch"
            at = body.find(mark, digit)


def test_chunks_change_places_or_are_left_out_only_with_the_key() -> None:
    lines = [line + b"\r\n" for line in body_of(SIGNED, [b"a" * 8192, b"b" * 8192]).split(b"\r\n")[:-1]]
    first, second, last = lines[:2], lines[2:4], lines[4:]
    assert outcome(SIGNED, [*first, *second, *last])[0] == ""
    for order in ([*second, *first, *last], [*first, *last], [*second, *last], last, [*first, *first, *last]):
        assert outcome(SIGNED, order)[0] == "SignatureMismatch"


def test_a_body_signed_with_another_key_or_for_another_head_is_refused() -> None:
    body = body_of(SIGNED, [b"x"])
    with pytest.raises(SignatureMismatch):
        read(reader_of(SIGNED, key=key_of("another")), [body])
    with pytest.raises(SignatureMismatch):
        read(reader_of(SIGNED), [body_of(SIGNED, [b"x"], seed=SEED[::-1])])


def test_a_chunk_without_a_signature_is_refused_where_there_must_be_one() -> None:
    for form in (SIGNED, SIGNED_TRAILERS):
        with pytest.raises(IncompleteBody):
            read(reader_of(form), [body_of(UNSIGNED, [b"x"], TRAILERS)])


def test_trailers_of_another_value_or_name_are_refused() -> None:
    body = body_of(SIGNED_TRAILERS, [b"x"], TRAILERS)
    for old, new in ((b"sOO8", b"sOO9"), (b"crc32c:", b"crc32:"), (f"{CRC}:sOO8/Q==\r\n".encode(), b"")):
        assert outcome(SIGNED_TRAILERS, [body.replace(old, new)])[0] == "SignatureMismatch"
    more = body.replace(b"x-amz-checksum", b"x-amz-meta-more:1\r\nx-amz-checksum")
    assert outcome(SIGNED_TRAILERS, [more])[0] == "SignatureMismatch"
    unsigned = body[: body.index(b"x-amz-trailer-signature")] + b"\r\n"
    assert outcome(SIGNED_TRAILERS, [unsigned])[0] == "SignatureMismatch"


# --------------------------------------------------------------------------- too short, too long
@pytest.mark.parametrize("form", FORMS)
def test_a_body_that_is_cut_short_is_never_whole(form: str) -> None:
    """Only the very last line end may be missing: all that counts has been said then."""
    body = body_of(form, [b"short"], trailers_of(form))
    for size in range(len(body) - 2):
        reader = reader_of(form, declared=trailers_of(form))
        with pytest.raises((IncompleteBody, MalformedTrailer, SignatureMismatch)):
            read(reader, [body[:size]])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", [b"x", b"\r\n", b"0\r\n\r\n", b"a:b\r\n", bytes(5_000)])
def test_nothing_follows_the_end(form: str, more: bytes) -> None:
    body = body_of(form, [b"short"], trailers_of(form))
    assert outcome(form, [body + more])[0] == "IncompleteBody"
    assert outcome(form, [body, more])[0] == "IncompleteBody"


@pytest.mark.parametrize("pieces", [[], [b"x"], [bytes(8191)], [bytes(8192), b"x"], [bytes(8193), bytes(8192), b"x"]])
def test_only_the_last_signed_chunk_may_be_short(pieces: list[bytes]) -> None:
    for form in FORMS:
        assert outcome(form, [body_of(form, pieces)])[0] == ""
    if pieces:
        more = [*pieces, b"y"]
        short = len(pieces[-1]) < CHUNK_BYTES_MIN
        assert outcome(UNSIGNED, [body_of(UNSIGNED, more)])[0] == ""
        for form in (SIGNED, SIGNED_TRAILERS):
            assert outcome(form, [body_of(form, more)])[0] == ("InvalidChunkSize" if short else "")


def test_a_short_chunk_is_refused_with_the_documented_code() -> None:
    with pytest.raises(InvalidChunkSize) as refused:
        read(reader_of(SIGNED), [body_of(SIGNED, [b"a", b"b"])])
    assert (refused.value.code, refused.value.status) == ("InvalidChunkSizeError", 403)


@pytest.mark.parametrize(
    "line", [b"", b"g", b"-1", b"+1", b" 1", b"1 ", b"0x1", b"1;a=b", b"1;", b"1" * 16, b"\xff", b"1;chunk-signature="]
)
def test_a_size_that_is_none_is_refused(line: bytes) -> None:
    for form in FORMS:
        assert outcome(form, [line + b"\r\nx\r\n0\r\n\r\n"])[0] == "IncompleteBody"


def test_a_chunk_ends_where_it_says() -> None:
    for body in (b"1\r\nxy\r\n0\r\n\r\n", b"3\r\nx\r\n0\r\n\r\n", b"1\r\nx0\r\n\r\n"):
        assert outcome(UNSIGNED, [body])[0] == "IncompleteBody"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("before", [b"", b"0\r\n"])
def test_an_endless_line_is_refused_while_it_comes(form: str, before: bytes) -> None:
    reader = reader_of(form)
    with pytest.raises((IncompleteBody, MalformedTrailer)):
        read(reader, [before, *([b"x" * 100] * 200)])
    assert len(reader._buffer) < 2_000


def test_endless_trailers_are_refused_while_they_come() -> None:
    reader = reader_of(UNSIGNED)
    with pytest.raises(MalformedTrailer):
        read(reader, [b"0\r\n", *(b"a%d:b\r\n" % number for number in range(10_000))])
    assert len(reader.trailers) < 5_000


@pytest.mark.parametrize("line", [b"no colon", b":value", b" : x"])
def test_a_trailer_has_a_name(line: bytes) -> None:
    assert outcome(UNSIGNED, [b"0\r\n" + line + b"\r\n\r\n"])[0] == "MalformedTrailer"


def test_announced_trailers_have_to_come() -> None:
    body = body_of(UNSIGNED, [b"x"], TRAILERS)
    assert read(reader_of(UNSIGNED, declared=[CRC]), [body]) == b"x"
    with pytest.raises(MalformedTrailer):
        read(reader_of(UNSIGNED, declared=[CRC, "x-amz-checksum-sha1"]), [body])
    with pytest.raises(MalformedTrailer):
        read(reader_of(UNSIGNED, declared=[CRC]), [body_of(UNSIGNED, [b"x"])])


def test_names_of_trailers_have_no_case_and_values_no_edges() -> None:
    reader = reader_of(UNSIGNED, declared=[CRC])
    read(reader, [b"0\r\nX-Amz-Checksum-CRC32C:  sOO8/Q== \r\n\r\n"])
    assert reader.trailers == TRAILERS


# --------------------------------------------------------------------------- from a request
@dataclass
class Request:
    """As much of an exchange as a body needs."""

    headers: dict[str, str]
    body: bytes = b""
    stream: BodyStream | None = None
    head: Head = field(init=False)

    def __post_init__(self) -> None:
        self.head = Head("PUT", "/bucket/key", self.headers, minor=1)


def taken(incoming: Incoming) -> bytes:
    """The bytes, whether they are there or come."""

    async def work() -> bytes:
        assert incoming.stream is not None
        return b"".join([piece async for piece in incoming.stream])

    return incoming.data if incoming.data is not None else asyncio.run(work())


def asked(body: bytes, *, gathered: bool, pieces: Iterable[bytes] | None = None, **headers: str) -> Request:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    lines.setdefault("content-length", str(len(body)))
    if gathered:
        return Request(lines, body)
    return Request(lines, stream=_later(lambda: streamed(*(pieces or [body]))))


def _later(make: Callable[[], BodyStream]) -> Any:
    """A stream belongs to the loop that reads it."""

    class Later:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in make():
                yield piece

    return Later()


def chunked(form: str, data: bytes, *, gathered: bool, said: int | None = None, **headers: str) -> Request:
    body = body_of(form, [data] if data else [], trailers_of(form))
    known = {
        "x_amz_content_sha256": form,
        "x_amz_decoded_content_length": str(len(data) if said is None else said),
        **({"x_amz_trailer": CRC} if trailers_of(form) else {}),
    }
    return asked(body, gathered=gathered, **{**known, **headers})


@pytest.mark.parametrize("gathered", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_coded_body_arrives_plain_with_its_size_and_trailers(form: str, gathered: bool) -> None:
    incoming = incoming_of(chunked(form, DATA, gathered=gathered), claim_of(), key_of())  # type: ignore[arg-type]
    assert (incoming.size, incoming.announced) == (len(DATA), frozenset(trailers_of(form)))
    assert taken(incoming) == DATA
    assert incoming.trailers == trailers_of(form)


@pytest.mark.parametrize("gathered", [True, False])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("said", [0, len(DATA) - 1, len(DATA) + 1, 10**17])
def test_a_body_of_another_length_than_was_said_is_refused(form: str, gathered: bool, said: int) -> None:
    request = chunked(form, DATA, gathered=gathered, said=said)
    with pytest.raises(IncompleteBody):
        taken(incoming_of(request, claim_of(), key_of()))  # type: ignore[arg-type]


def test_a_body_that_is_longer_than_was_said_is_refused_before_more_of_it_is_kept() -> None:
    request = chunked(UNSIGNED, DATA, gathered=False, said=10)
    incoming = incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]
    seen: list[bytes] = []

    async def work() -> None:
        assert incoming.stream is not None
        async for piece in incoming.stream:
            seen.append(piece)

    with pytest.raises(IncompleteBody):
        asyncio.run(work())
    assert seen == []


@pytest.mark.parametrize("said", ["", "x", "-1", "1.0", "\uff11", "9" * 19])
@pytest.mark.parametrize("form", FORMS)
def test_a_coded_body_says_how_long_it_is_without_its_coding(form: str, said: str) -> None:
    request = chunked(form, b"x", gathered=True, x_amz_decoded_content_length=said)
    with pytest.raises(MissingContentLength) as refused:
        incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]
    assert refused.value.status == 411


def test_where_nothing_is_checked_signatures_are_passed_over_and_lengths_are_not() -> None:
    spoilt = body_of(SIGNED, [b"x"], seed="0" * 64)
    lines = {"x_amz_content_sha256": SIGNED, "x_amz_decoded_content_length": "1"}
    assert taken(incoming_of(asked(spoilt, gathered=True, **lines), None, None)) == b"x"  # type: ignore[arg-type]
    lines["x_amz_decoded_content_length"] = "2"
    with pytest.raises(IncompleteBody):
        incoming_of(asked(spoilt, gathered=True, **lines), None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("gathered", [True, False])
@pytest.mark.parametrize("word", [None, "UNSIGNED-PAYLOAD"])
def test_a_plain_body_is_as_it_is(gathered: bool, word: str | None) -> None:
    headers = {} if word is None else {"x_amz_content_sha256": word}
    request = asked(DATA, gathered=gathered, pieces=cut(DATA, [1, 5_000]), **headers)
    incoming = incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]
    assert (incoming.size, incoming.announced, dict(incoming.trailers)) == (len(DATA), frozenset(), {})
    assert taken(incoming) == DATA


def test_a_streamed_body_is_held_to_the_hash_that_was_signed() -> None:
    good = hashlib.sha256(DATA).hexdigest()
    for known, fits in ((good, True), (good[::-1], False)):
        request = asked(DATA, gathered=False, x_amz_content_sha256=known)
        incoming = incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]
        if fits:
            assert taken(incoming) == DATA
        else:
            with pytest.raises(ContentHashMismatch):
                taken(incoming)


@pytest.mark.parametrize("gathered", [True, False])
def test_a_body_without_a_length_is_refused(gathered: bool) -> None:
    request = asked(b"", gathered=gathered)
    del request.headers["content-length"]
    with pytest.raises(MissingContentLength):
        incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]


def test_a_body_in_http_chunks_alone_is_refused_as_not_implemented() -> None:
    request = Request({"transfer-encoding": "chunked"}, stream=_later(streamed))
    with pytest.raises(NotImplementedHere, match="Transfer-Encoding") as refused:
        incoming_of(request, claim_of(), key_of())  # type: ignore[arg-type]
    assert refused.value.status == 501


def test_a_form_that_is_not_known_is_refused_by_its_name() -> None:
    for word in ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"):
        with pytest.raises(NotImplementedHere, match=word):
            incoming_of(asked(b"", gathered=True, x_amz_content_sha256=word), claim_of(), key_of())  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [None, *FORMS])
def test_a_client_that_goes_away_leaves_a_body_incomplete(form: str | None) -> None:
    whole = body_of(form, PIECES, trailers_of(form)) if form is not None else DATA
    headers = {"content-length": str(len(whole))}
    if form is not None:
        headers |= {"x-amz-content-sha256": form, "x-amz-decoded-content-length": str(len(DATA))}
    stream = _later(lambda: streamed(whole[:9_000], end=Disconnected("gone")))
    with pytest.raises(IncompleteBody) as refused:
        taken(incoming_of(Request(headers, stream=stream), claim_of(), key_of()))  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.status) == ("IncompleteBody", 400)


@pytest.mark.parametrize(
    ("given_coding", "left"),
    [
        ("aws-chunked", None),
        ("aws-chunked,gzip", "gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("gzip , aws-chunked , br", "gzip,br"),
        ("gzip", "gzip"),
        ("AWS-Chunked", None),
        ("x-aws-chunked", "x-aws-chunked"),
        (",", ","),
    ],
)
def test_the_coding_of_the_transport_is_no_coding_of_the_object(given_coding: str, left: str | None) -> None:
    """RFC 9110, 8.4.1: names of codings have no case."""
    headers = {"content-encoding": given_coding}
    without_aws_chunked(headers)
    assert headers.get("content-encoding") == left
