"""Heads and chunks: whatever is accepted here, h11 accepts too and understands the same."""

from itertools import pairwise

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fogstead.gateway.http1 import (
    CHUNK_LINE_MAX,
    HEADERS_MAX,
    TARGET_BYTES_MAX,
    TRAILER_BYTES_MAX,
    BadRequest,
    ChunkedReader,
    Head,
    parse_head,
    status_line,
)

PLAIN = b"POST /a/b?c=d HTTP/1.1\r\nHost: localhost:4566\r\nContent-Length: 5\r\nX-One: 1\r\nX-One: 2"
VALID = [
    PLAIN,
    b"GET / HTTP/1.1\r\nHost: localhost",
    b"GET / HTTP/1.0",
    b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close",
    b"HEAD http://localhost/a?b HTTP/1.1\r\nhost:x\r\nX: \t y \t",
    b"PUT /k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-Bytes: \x80\xff",
]
NASTY_LINES = [
    b"Content-Length: 5",
    b"Content-Length: 6",
    b"Content-Length: 5, 5",
    b"Content-Length: +5",
    b"Content-Length: -5",
    b"Content-Length: 0x5",
    b"Content-Length: 5 ",
    b"Content-Length: 5_0",
    b"Content-Length: \xb2",
    b"Content-Length:",
    b"Content-Length : 5",
    b"Content-Length\t: 5",
    b" Content-Length: 5",
    b"Content-Length: 99999999999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding: \x00chunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding\r\n : chunked",
    b"X: a\r\n folded",
    b"X: a\nTransfer-Encoding: chunked",
    b"X: a\rTransfer-Encoding: chunked",
    b"X: a\x00b",
    b"X: a\x7fb",
    b"X: \x85",
    b"X\x00: a",
    b"\xe9: a",
    b"X",
    b": a",
    b"",
    b"Host: other",
    b"Host:",
    b"Connection: close",
    b"Connection: keep-alive, Close",
    b"Expect: 100-continue",
    b"Expect: 200-ok",
]
LINES = [b"GET / HTTP/1.1", b"GET /  HTTP/1.1", b"GET  / HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET / HTTP/1.2"]
LINES += [b"GET / HTTP/2.0", b"get / HTTP/1.0", b"GET / http/1.1", b"GET /\x00 HTTP/1.1", b"G(T / HTTP/1.1", b"GET /"]
LINES += [b" GET / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET /\x7f HTTP/1.1", b"GET / HTTP/1.1\r", b"", b"GET /# HTTP/1.0"]


def as_h11_reads(raw: bytes) -> h11.Request:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(raw + b"\r\n\r\n")
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    return event


def check_against_h11(raw: bytes) -> None:
    """Refused here, or accepted there with the same meaning."""
    try:
        head = parse_head(raw)
    except BadRequest:
        return
    if not head.target.isascii():
        return  # h11 knows no UTF-8 in a target; AWS signs it.
    request = as_h11_reads(raw)
    assert head.method == request.method.decode()
    assert head.target == request.target.decode()
    headers: dict[str, str] = {}
    for name, value in request.headers:
        text, known = value.decode("latin-1"), headers.get(name.decode())
        headers[name.decode()] = text if known is None else f"{known},{text}"
    mine = dict(head.headers)
    if head.chunked:
        mine["transfer-encoding"] = mine["transfer-encoding"].lower()
    assert mine == headers
    assert head.chunked == ("transfer-encoding" in headers)
    assert head.content_length == int(headers.get("content-length", 0))
    assert not (head.chunked and "content-length" in headers)


def test_a_head_is_read() -> None:
    head = parse_head(PLAIN)
    assert (head.method, head.target, head.path, head.query) == ("POST", "/a/b?c=d", "/a/b", "c=d")
    assert head.headers == {"host": "localhost:4566", "content-length": "5", "x-one": "1,2"}
    assert (head.content_length, head.chunked, head.keep_alive, head.expects) == (5, False, True, "")
    assert head.has_body


@pytest.mark.parametrize("raw", VALID)
def test_valid_heads_are_accepted_and_mean_what_h11_reads(raw: bytes) -> None:
    assert isinstance(parse_head(raw), Head)
    check_against_h11(raw)


def test_a_target_in_utf8_is_read_as_text_and_other_bytes_are_refused() -> None:
    assert parse_head("GET /ሴ?ü HTTP/1.0".encode()).path == "/ሴ"
    with pytest.raises(BadRequest):
        parse_head(b"GET /\xff HTTP/1.0")


@pytest.mark.parametrize("first", LINES)
@pytest.mark.parametrize("second", NASTY_LINES)
def test_what_two_readers_could_understand_differently_is_refused(first: bytes, second: bytes) -> None:
    check_against_h11(b"\r\n".join([first, b"Host: x", second]))
    check_against_h11(b"\r\n".join([first, second, b"Host: x"]))


@given(st.sampled_from(LINES), st.lists(st.sampled_from([b"Host: x", *NASTY_LINES]), max_size=5))
def test_no_mixture_of_nasty_lines_is_understood_differently(first: bytes, lines: list[bytes]) -> None:
    check_against_h11(b"\r\n".join([first, *lines]))


@given(st.sampled_from(VALID), st.data())
def test_no_mutation_of_a_valid_head_is_understood_differently(raw: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        put = data.draw(
            st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\x00", b","]) | st.binary(max_size=3)
        )
        raw = raw[:at] + put + raw[at + data.draw(st.integers(0, 2)) :]
    if b"\r\n\r\n" not in raw:  # the connection ends a head at the first empty line
        check_against_h11(raw)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x", 400),
        (b"GET / HTTP/2.0\r\nHost: x", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip", 501),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked", 400),
        (b"GET /" + b"a" * TARGET_BYTES_MAX + b" HTTP/1.1\r\nHost: x", 414),
        (b"GET / HTTP/1.1\r\nHost: x" + b"\r\nX: y" * HEADERS_MAX, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded", 400),
        (b"GET / HTTP/1.1\nHost: x", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
def test_each_refusal_says_which_status_it_deserves(raw: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(raw)
    assert refused.value.status == status


def test_as_many_headers_and_as_long_a_target_as_promised_are_accepted() -> None:
    assert len(parse_head(b"GET / HTTP/1.1\r\nHost: x" + b"\r\nX: y" * (HEADERS_MAX - 1)).headers) == 2
    target = "/" + "a" * (TARGET_BYTES_MAX - 1)
    assert parse_head(f"GET {target} HTTP/1.0".encode()).target == target


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "TE, Close", False),
        ("1.1", "keep-alive", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
        ("1.0", "close", False),
    ],
)
def test_the_version_and_the_connection_header_say_whether_to_keep_it(
    version: str, connection: str | None, kept: bool
) -> None:
    line = f"\r\nConnection: {connection}" if connection else ""
    assert parse_head(f"GET / HTTP/{version}\r\nHost: x{line}".encode()).keep_alive is kept


def test_an_expectation_of_http_1_0_is_not_heard() -> None:
    assert parse_head(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue").expects == "100-continue"
    assert parse_head(b"PUT / HTTP/1.0\r\nHost: x\r\nExpect: 100-continue").expects == ""


# --------------------------------------------------------------------------- chunks
def read_chunks(pieces: list[bytes]) -> tuple[bytes, bytes | None]:
    """What a reader makes of bytes that arrive in these pieces; the rest is None before the body's end."""
    reader, body, rest = ChunkedReader(), b"", None
    for piece in pieces:
        if rest is not None:
            rest += piece
            continue
        out, rest = reader.feed(piece)
        body += out
    return body, rest


def outcome(pieces: list[bytes]) -> tuple[bytes, bytes | None] | str:
    try:
        return read_chunks(pieces)
    except BadRequest as refused:
        return str(refused)


def chunks_as_h11_reads(raw: bytes) -> tuple[bytes, bytes | None]:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
    body = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return body, connection.trailing_data[0]
        elif event is h11.NEED_DATA:
            return body, None


CHUNKED = [
    b"5\r\nhello\r\n0\r\n\r\nrest",
    b"A;name=value\r\n0123456789\r\n1\r\nx\r\n000\r\nTrailer: 1\r\nOther: 2\r\n\r\n",
    b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    b"3\r\n\r\n0\r\n0\r\n\r\n",
]
BAD_CHUNKS = [
    b"\r\n",
    b"g\r\n",
    b"-1\r\n",
    b"+1\r\n",
    b"0x1\r\nx\r\n",
    b"1 \r\nx\r\n0\r\n\r\n",
    b" 1\r\nx\r\n0\r\n\r\n",
    b"1 ;a\r\nx\r\n0\r\n\r\n",
    b"1\nx\r\n0\r\n\r\n",
    b"1\r\nxy\r\n0\r\n\r\n",
    b"1\r\nx\n0\r\n\r\n",
    b"1\r\nx0\r\n\r\n",
    b"1;a\nb\r\nx\r\n0\r\n\r\n",
    b"1;a\rb\r\nx\r\n0\r\n\r\n",
    b"1;\x00\r\nx\r\n0\r\n\r\n",
    b"1_0\r\n",
    b"ffffffffffffffffff\r\n",
    b";\r\n",
    b"0\r\nno colon\r\n\r\n",
    b"0\r\n: no name\r\n\r\n",
    b"0\r\nspace : x\r\n\r\n",
    b"0\r\nX: a\r\n folded: y\r\n\r\n",
    b"0\r\nX: a\x00\r\n\r\n",
    b"0\r\nX: a\rb\r\n\r\n",
    b"0\r\nX: a\n\r\n",
    b"0\r\n\n",
    b"1" * (CHUNK_LINE_MAX + 1),
    b"1;" + b"a" * CHUNK_LINE_MAX + b"\r\n",
    b"0\r\nX: " + b"a" * TRAILER_BYTES_MAX + b"\r\n\r\n",
    b"0\r\n" + b"X: a\r\n" * TRAILER_BYTES_MAX,
]


def test_the_chunks_framing_is_taken_off() -> None:
    assert read_chunks([CHUNKED[0]]) == (b"hello", b"rest")
    assert read_chunks([CHUNKED[1]]) == (b"0123456789x", b"")
    assert read_chunks([CHUNKED[2]]) == (b"", b"GET / HTTP/1.1\r\n\r\n")
    assert read_chunks([CHUNKED[0][:9]]) == (b"hello", None)


@pytest.mark.parametrize("raw", BAD_CHUNKS, ids=lambda raw: repr(raw[:24]))
def test_framing_that_could_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        read_chunks([raw])


@pytest.mark.parametrize("raw", [*CHUNKED, *(raw for raw in BAD_CHUNKS if len(raw) < 600)], ids=lambda r: repr(r[:24]))
def test_where_the_bytes_of_a_body_are_split_changes_nothing(raw: bytes) -> None:
    whole = outcome([raw])
    for at in range(len(raw) + 1):
        assert outcome([raw[:at], raw[at:]]) == whole
    assert outcome([raw[at : at + 1] for at in range(len(raw))]) == whole


@given(st.sampled_from(CHUNKED), st.data())
@settings(max_examples=300)
def test_no_mutation_of_chunks_is_understood_differently(raw: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        put = data.draw(
            st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b";", b"0", b"1", b"\x00"]) | st.binary(max_size=3)
        )
        raw = raw[:at] + put + raw[at + data.draw(st.integers(0, 2)) :]
    try:
        mine = read_chunks([raw])
    except BadRequest:
        return
    try:
        theirs = chunks_as_h11_reads(raw)
    except h11.RemoteProtocolError:
        assert mine[1] is None  # h11 does not wait for the end of a line that it will refuse
    else:
        assert mine == theirs


@given(st.lists(st.binary(min_size=1, max_size=40)), st.binary(max_size=10), st.lists(st.integers(0, 400)))
@example([b"\r\n0\r\n\r\n"], b"0\r\n\r\n", [])
def test_every_body_comes_out_as_it_went_in(body: list[bytes], after: bytes, cuts: list[int]) -> None:
    raw = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in body) + b"0\r\n\r\n" + after
    at = sorted({0, len(raw), *(min(cut, len(raw)) for cut in cuts)})
    pieces = [raw[start:end] for start, end in pairwise(at)]
    assert read_chunks(pieces) == (b"".join(body), after)


def test_statuses_have_their_line() -> None:
    assert status_line(204) == "HTTP/1.1 204 No Content\r\n"
    assert status_line(299) == "HTTP/1.1 299 Status\r\n"
