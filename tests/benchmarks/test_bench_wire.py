"""Replies come out whole, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.wire import ConnectionLost, Refused, Reply, ReplyReader

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN


def fed(raw: bytes, cuts: list[int]) -> Reply | None:
    """The reply, and that it came with the last piece only."""
    reader, reply, at = ReplyReader(), None, 0
    for cut in [*sorted({cut for cut in cuts if 0 < cut < len(raw)}), len(raw)]:
        assert reply is None
        reply = reader.feed(raw[at:cut])
        at = cut
    return reply


@given(st.sampled_from([PLAIN, CHUNKED, CONTINUED]), st.lists(st.integers(1, 120), max_size=6))
def test_a_reply_is_whole_with_its_last_byte(raw: bytes, cuts: list[int]) -> None:
    reply = fed(raw, cuts)
    assert reply is not None
    assert reply.body == b"hello"
    assert reply.good == (raw is not CHUNKED)


def test_no_content_needs_no_length() -> None:
    reply = fed(EMPTY, [])
    assert reply is not None
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"HTTP/1.1 200 OK\r\nconnection: close", True),
        (b"HTTP/1.0 200 OK", True),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive", False),
        (b"HTTP/1.1 200 OK", False),
    ],
)
def test_it_knows_when_the_connection_ends(head: bytes, closes: bool) -> None:
    reply = fed(head + b"\r\ncontent-length: 0\r\n\r\n", [])
    assert reply is not None
    assert reply.closes is closes


def test_a_body_may_end_with_the_connection() -> None:
    reader = ReplyReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nall of") is None
    assert reader.feed(b" it") is None
    assert reader.end().body == b"all of it"


def test_half_a_reply_is_a_lost_connection() -> None:
    reader = ReplyReader()
    reader.feed(PLAIN[:-1])
    with pytest.raises(ConnectionLost):
        reader.end()


def test_headers_are_found_whatever_their_case() -> None:
    reply = fed(PLAIN.replace(b"Connection: keep-alive", b'ETag:  "a b" '), [])
    assert reply is not None
    assert (reply.header("etag"), reply.header("tag"), reply.header("content-length")) == ('"a b"', "", "5")


def test_a_refusal_says_what_the_error_says() -> None:
    body = b"<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code>\n<Message>There is none.</Message></Error>"
    assert str(Refused(Reply(404, body))) == "404 NoSuchKey: There is none."
    assert str(Refused(Reply(400, b'{"message": "no"}'))) == '400 {"message": "no"}'
