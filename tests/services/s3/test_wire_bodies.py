"""Bodies on the wire: in signed and unsigned chunks, whole, cut off, too long, and never half kept."""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cloud import CloudProcess

from .object_calls import MIB, checksum, etag_of, filled, names, put, read
from .signed_requests import (
    EMPTY_HASH,
    SIGNED_CHUNKS,
    SIGNED_CHUNKS_TRAILER,
    UNSIGNED,
    UNSIGNED_CHUNKS_TRAILER,
    Answer,
    Head,
    Line,
    unsigned_chunks,
)

BODY = filled(200_000)
PIECES = [BODY[:65_536], BODY[65_536:131_072], BODY[131_072:]]
CRC = "x-amz-checksum-crc32c"
CHUNKED = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(BODY))}


@pytest.fixture
def line(cloud: CloudProcess, account: str) -> Iterator[Line]:
    """One connection."""
    with Line(cloud.port, account) as opened:
        yield opened


@pytest.fixture
def nothing_kept(s3: Any, bucket: str) -> Iterator[None]:
    """After the test the bucket is still empty."""
    yield
    assert names(s3, bucket) == []


def signed_length(pieces: list[bytes], trailers: str = "") -> int:
    """How long a body of signed chunks will be, before it can be signed."""
    chunks = sum(len(f"{len(piece):x};chunk-signature={'0' * 64}\r\n") + len(piece) + 2 for piece in pieces)
    signature = len(f"x-amz-trailer-signature:{'0' * 64}\r\n") if trailers else 0
    return chunks + len(f"0;chunk-signature={'0' * 64}\r\n") + len(trailers) + signature + 2


def signed_put(line: Line, bucket: str, pieces: list[bytes], **headers: str) -> tuple[Head, bytes]:
    """The head and the body of a put in signed chunks."""
    size = {"Content-Length": str(signed_length(pieces))}
    head = line.head("PUT", f"/{bucket}/k", {**CHUNKED, **size, **headers}, SIGNED_CHUNKS)
    return head, head.signed_chunks(pieces)


def signed_put_with_trailer(line: Line, bucket: str, value: str) -> tuple[Head, bytes]:
    """The head and the body of a put in signed chunks with a checksum behind them."""
    size = {"Content-Length": str(signed_length(PIECES, f"{CRC}:{value}\r\n"))}
    head = line.head("PUT", f"/{bucket}/k", {**CHUNKED, **size, "x-amz-trailer": CRC}, SIGNED_CHUNKS_TRAILER)
    return head, head.signed_chunks(PIECES, {CRC: value})


def sent(line: Line, head: Head, body: bytes) -> Answer:
    """The answer to all of it."""
    line.send(head.lines() + body)
    return line.answer()


# --------------------------------------------------------------------------- chunks
def test_signed_chunks_are_kept_as_one_object(line: Line, s3: Any, bucket: str) -> None:
    head, body = signed_put(line, bucket, PIECES)
    answer = sent(line, head, body)
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(BODY))
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), "ContentEncoding" in got) == (BODY, False)


def test_signed_chunks_with_a_trailer_are_kept_with_their_checksum(line: Line, s3: Any, bucket: str) -> None:
    answer = sent(line, *signed_put_with_trailer(line, bucket, checksum("CRC32C", BODY)))
    assert (answer.status, answer.headers[CRC]) == (200, checksum("CRC32C", BODY))
    assert read(s3, bucket) == BODY


def test_an_empty_body_in_chunks_is_an_empty_object(line: Line, s3: Any, bucket: str) -> None:
    head, body = signed_put(line, bucket, [], **{"x-amz-decoded-content-length": "0"})
    assert sent(line, head, body).status == 200
    assert read(s3, bucket) == b""


def test_a_body_comes_in_any_slices(line: Line, s3: Any, bucket: str) -> None:
    """Borders of what a socket gives are no borders of chunks."""
    head, body = signed_put(line, bucket, PIECES)
    whole = head.lines() + body
    for at in range(0, len(whole), 16_001):
        line.send(whole[at : at + 16_001])
    assert line.answer().status == 200
    assert read(s3, bucket) == BODY


def test_what_is_left_of_the_encoding_is_the_objects(line: Line, s3: Any, bucket: str) -> None:
    for given, kept in (("aws-chunked,gzip", "gzip"), ("gzip, aws-chunked", "gzip"), ("aws-chunked", None)):
        head, body = signed_put(line, bucket, PIECES, **{"Content-Encoding": given})
        assert sent(line, head, body).status == 200
        assert s3.head_object(Bucket=bucket, Key="k").get("ContentEncoding") == kept


def test_a_part_comes_in_chunks_as_well(line: Line, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    size = {"Content-Length": str(signed_length(PIECES))}
    target = f"/{bucket}/k?partNumber=1&uploadId={upload}"
    head = line.head("PUT", target, {**CHUNKED, **size}, SIGNED_CHUNKS)
    answer = sent(line, head, head.signed_chunks(PIECES))
    assert (answer.status, answer.headers["etag"]) == (200, etag_of(BODY))


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_chunk_with_another_signature_is_refused(line: Line, bucket: str, nothing_kept: None, at: int) -> None:
    """The last of them is the empty one."""
    head, body = signed_put(line, bucket, PIECES)
    signatures = [match.start(1) for match in re.finditer(rb"chunk-signature=([0-9a-f])", body)]
    spoilt = bytearray(body)
    spoilt[signatures[at]] = ord("1") if spoilt[signatures[at]] != ord("1") else ord("2")
    answer = sent(line, head, bytes(spoilt))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("piece", PIECES, ids=["first", "second", "last"])
def test_a_byte_that_was_changed_on_the_way_is_noticed(
    line: Line, bucket: str, nothing_kept: None, piece: bytes
) -> None:
    head, body = signed_put(line, bucket, PIECES)
    answer = sent(line, head, body.replace(piece, piece[:-1] + bytes([piece[-1] ^ 1])))
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_chunks_that_changed_places_are_noticed(line: Line, bucket: str, nothing_kept: None) -> None:
    head, body = signed_put(line, bucket, PIECES)
    size = len(f"10000;chunk-signature={'0' * 64}\r\n") + 65_536 + 2
    answer = sent(line, head, body[size : 2 * size] + body[:size] + body[2 * size :])
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_a_trailer_with_another_signature_is_refused(line: Line, bucket: str, nothing_kept: None) -> None:
    head, body = signed_put_with_trailer(line, bucket, checksum("CRC32C", BODY))
    start = body.rindex(b"x-amz-trailer-signature:") + len("x-amz-trailer-signature:")
    answer = sent(line, head, body[:start] + b"0" * 64 + body[start + 64 :])
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_a_checksum_behind_the_body_that_is_wrong_is_refused(line: Line, bucket: str, nothing_kept: None) -> None:
    answer = sent(line, *signed_put_with_trailer(line, bucket, checksum("CRC32C", b"other")))
    assert (answer.status, answer.code) == (400, "BadDigest")


def unsigned_put(line: Line, bucket: str, body: bytes, **headers: str) -> Answer:
    """A put in chunks without signatures."""
    given = {**CHUNKED, "x-amz-trailer": CRC, **headers}
    return line.ask("PUT", f"/{bucket}/k", body, given, UNSIGNED_CHUNKS_TRAILER)


def test_unsigned_chunks_are_kept_as_one_object(line: Line, s3: Any, bucket: str) -> None:
    answer = unsigned_put(line, bucket, unsigned_chunks(PIECES, {CRC: checksum("CRC32C", BODY)}))
    assert (answer.status, answer.headers[CRC]) == (200, checksum("CRC32C", BODY))
    assert read(s3, bucket) == BODY


def test_trailers_are_those_that_were_announced(line: Line, bucket: str, nothing_kept: None) -> None:
    for trailers in ({}, {"x-amz-checksum-crc32": checksum("CRC32", BODY)}):
        answer = unsigned_put(line, bucket, unsigned_chunks(PIECES, trailers))
        assert answer.status == 400, trailers
        assert answer.code in {"MalformedTrailerError", "InvalidRequest", "InvalidArgument"}


@pytest.mark.parametrize("length", [0, 199_999, 200_001, 10_000_000])
def test_a_body_of_another_length_than_was_said_is_refused(
    line: Line, bucket: str, nothing_kept: None, length: int
) -> None:
    said = {"x-amz-decoded-content-length": str(length)}
    head, body = signed_put(line, bucket, PIECES, **said)
    answer = sent(line, head, body)
    assert (answer.status, answer.code) == (400, "IncompleteBody")
    with Line(line.port, line.account) as second:
        body = unsigned_chunks(PIECES, {CRC: checksum("CRC32C", BODY)})
        answer = unsigned_put(second, bucket, body, **said)
        assert (answer.status, answer.code) == (400, "IncompleteBody")


def test_chunks_without_a_decoded_length_are_refused(line: Line, bucket: str, nothing_kept: None) -> None:
    given = {"Content-Encoding": "aws-chunked", "x-amz-trailer": CRC}
    body = unsigned_chunks(PIECES, {CRC: checksum("CRC32C", BODY)})
    answer = line.ask("PUT", f"/{bucket}/k", body, given, UNSIGNED_CHUNKS_TRAILER)
    assert (answer.status, answer.code) == (411, "MissingContentLength")


@pytest.mark.parametrize(
    "body",
    [
        b"xyz\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"ffffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        b"3;" + b"x" * 20_000 + b"\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"3\r\nabc\r\n0\r\n",
        b"3\r\nabc\r\n0\r\nno colon\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\r\nmore",
        b"",
    ],
    ids=[
        "no hex",
        "negative",
        "longer",
        "bare lines",
        "huge",
        "long line",
        "no end",
        "cut",
        "no trailer",
        "more",
        "none",
    ],
)
def test_chunks_that_are_none_are_refused(line: Line, bucket: str, nothing_kept: None, body: bytes) -> None:
    given = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": "3", "x-amz-trailer": CRC}
    answer = line.ask("PUT", f"/{bucket}/k", body, given, UNSIGNED_CHUNKS_TRAILER)
    assert answer.status == 400
    assert answer.code in {"IncompleteBody", "InvalidRequest", "InvalidChunkSizeError", "MalformedTrailerError"}


def test_only_the_last_signed_chunk_may_be_short(line: Line, bucket: str, nothing_kept: None) -> None:
    """At least 8 KB each: the reference, "Transferring Payload in Multiple Chunks"."""
    pieces = [BODY[:8191], BODY[8191:]]
    answer = sent(line, *signed_put(line, bucket, pieces))
    assert (answer.status, answer.code) == (403, "InvalidChunkSizeError")


def test_chunks_inside_of_http_chunks_are_kept(line: Line, s3: Any, bucket: str) -> None:
    """So SDKs send streams whose encoded length they do not know."""
    body = unsigned_chunks(PIECES, {CRC: checksum("CRC32C", BODY)})
    head = line.head("PUT", f"/{bucket}/k", {**CHUNKED, "x-amz-trailer": CRC}, UNSIGNED_CHUNKS_TRAILER)
    line.send(head.lines("Transfer-Encoding: chunked"))
    for at in range(0, len(body), 50_000):
        piece = body[at : at + 50_000]
        line.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    line.send(b"0\r\n\r\n")
    assert line.answer().status == 200
    assert read(s3, bucket) == BODY


def test_boto3_sends_a_stream_over_tls(cloud: CloudProcess, account: str, bucket: str, tmp_path: Path) -> None:
    """There it takes unsigned chunks with a trailer, and HTTP's own chunks around them."""
    trusted = tmp_path / "ca.pem"
    trusted.write_text(ssl.get_server_certificate(("127.0.0.1", cloud.port)))
    secure = boto3.client(
        "s3",
        endpoint_url=f"https://127.0.0.1:{cloud.port}",
        verify=str(trusted),
        aws_access_key_id=account,
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    assert put(secure, bucket, body=BODY, ChecksumAlgorithm="CRC32C")["ChecksumCRC32C"] == checksum("CRC32C", BODY)
    assert read(secure, bucket) == BODY


# --------------------------------------------------------------------------- lengths
def test_a_put_says_how_long_it_is(line: Line, bucket: str, nothing_kept: None) -> None:
    line.send(line.head("PUT", f"/{bucket}/k").lines())
    answer = line.answer()
    assert (answer.status, answer.code) == (411, "MissingContentLength")


def test_a_put_in_http_chunks_of_unknown_length_is_refused(line: Line, bucket: str, nothing_kept: None) -> None:
    """AWS answers NotImplemented, naming the header; the reference knows MissingContentLength for it."""
    head = line.head("PUT", f"/{bucket}/k", payload_hash=UNSIGNED)
    line.send(head.lines("Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n")
    answer = line.answer()
    assert (answer.status, answer.code) in {(411, "MissingContentLength"), (501, "NotImplemented")}


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_a_body_that_is_cut_off_is_not_kept(line: Line, bucket: str, nothing_kept: None, size: int) -> None:
    head = line.head("PUT", f"/{bucket}/k", {"Content-Length": str(size)}, UNSIGNED)
    line.send(head.lines() + filled(size - 1))
    line.stop_sending()
    try:
        answer = line.answer()
    except ConnectionError:
        return
    assert (answer.status, answer.code) == (400, "IncompleteBody")


def test_bytes_behind_the_body_are_no_part_of_it(line: Line, s3: Any, bucket: str) -> None:
    head = line.head("PUT", f"/{bucket}/k", {"Content-Length": "3"}, UNSIGNED)
    line.send(head.lines() + b"abcdef\r\n\r\n")
    assert line.answer().status == 200
    assert line.answer().status == 400, "what follows is no request"
    assert line.ended()
    assert read(s3, bucket) == b"abc"


@pytest.mark.parametrize("size", [1, 100_000, 2 * MIB])
def test_a_body_of_another_hash_is_not_kept(line: Line, bucket: str, nothing_kept: None, size: int) -> None:
    answer = line.ask("PUT", f"/{bucket}/k", filled(size), payload_hash=hashlib.sha256(b"other").hexdigest())
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")


def test_a_hash_is_a_hash_or_one_of_the_known_words(line: Line, bucket: str, nothing_kept: None) -> None:
    for wrong in ("UNSIGNED", "abc", "STREAMING-OTHER", EMPTY_HASH[:-1]):
        answer = line.ask("PUT", f"/{bucket}/k", b"x", payload_hash=wrong)
        assert (answer.status, answer.code) == (400, "InvalidArgument"), wrong


def test_a_signed_request_has_a_hash(line: Line, bucket: str, nothing_kept: None) -> None:
    head = line.head("PUT", f"/{bucket}/k", {"Content-Length": "0"}).lines()
    answer_to = re.sub(rb"X-Amz-Content-SHA256: [^\r]*\r\n", b"", head, flags=re.IGNORECASE)
    line.send(answer_to)
    answer = line.answer()
    assert answer.status in {400, 403}
    assert answer.code in {"InvalidRequest", "SignatureDoesNotMatch"}


def test_a_payload_may_be_unsigned(line: Line, s3: Any, bucket: str) -> None:
    assert line.ask("PUT", f"/{bucket}/k", BODY, payload_hash=UNSIGNED).status == 200
    assert read(s3, bucket) == BODY


# --------------------------------------------------------------------------- 100-continue
EXPECT = "Expect: 100-continue"


def test_a_client_that_asks_first_is_told_to_go_on(line: Line, s3: Any, bucket: str) -> None:
    head = line.head("PUT", f"/{bucket}/k", {"Content-Length": str(len(BODY))}, UNSIGNED)
    line.send(head.lines(EXPECT))
    assert line.answer().status == 100
    line.send(BODY)
    assert line.answer().status == 200
    assert read(s3, bucket) == BODY


def test_a_client_that_asks_first_hears_of_a_refusal_first(line: Line, bucket: str, nothing_kept: None) -> None:
    size = {"Content-Length": str(len(BODY))}
    forged = line.head("PUT", f"/{bucket}/k", size, UNSIGNED).lines(EXPECT)
    at = forged.index(b"Signature=") + len("Signature=")
    forged = forged[:at] + (b"0" if forged[at : at + 1] != b"0" else b"1") + forged[at + 1 :]
    missing = line.head("PUT", f"/missing-{bucket}/k", size, UNSIGNED).lines(EXPECT)
    huge = line.head("PUT", f"/{bucket}/k", {"Content-Length": str(5 * 1024 * MIB + 1)}, UNSIGNED).lines(EXPECT)
    for head, status, code in (
        (forged, 403, "SignatureDoesNotMatch"),
        (missing, 404, "NoSuchBucket"),
        (huge, 400, "EntityTooLarge"),
    ):
        with Line(line.port, line.account) as second:
            second.send(head)
            answer = second.answer()
            assert (answer.status, answer.code) == (status, code)


def test_a_client_that_does_not_wait_is_read_all_the_same(line: Line, s3: Any, bucket: str) -> None:
    head = line.head("PUT", f"/{bucket}/k", {"Content-Length": str(len(BODY))}, UNSIGNED)
    line.send(head.lines(EXPECT) + BODY)
    answer = line.answer()
    assert (line.answer().status if answer.status == 100 else answer.status) == 200
    assert read(s3, bucket) == BODY


# --------------------------------------------------------------------------- one connection
def test_a_connection_lives_on_after_refusals(line: Line, bucket: str) -> None:
    ports = []
    for method, path, body, status in (
        ("GET", "missing", b"", 404),
        ("PUT", "k", b"kept", 200),
        ("HEAD", "missing", b"", 404),
        ("GET", "k", b"", 200),
        ("PUT", "k?partNumber=1&uploadId=none", b"x" * 1000, 404),
        ("DELETE", "k", b"", 204),
        ("DELETE", "k", b"", 204),
        ("HEAD", "k", b"", 404),
    ):
        answer = line.ask(method, f"/{bucket}/{path}", body)
        assert answer.status == status
        ports.append(answer.headers.get("connection", "keep-alive"))
    assert set(ports) == {"keep-alive"}


def test_a_head_and_a_get_say_the_same(line: Line, bucket: str) -> None:
    line.ask("PUT", f"/{bucket}/k", BODY, {"x-amz-meta-a": "1", "Content-Type": "text/plain"})
    head, got = line.ask("HEAD", f"/{bucket}/k"), line.ask("GET", f"/{bucket}/k")
    assert (head.body, got.body) == (b"", BODY)
    once = {"date", "x-amz-request-id", "x-amz-id-2"}
    assert {name: value for name, value in head.headers.items() if name not in once} == {
        name: value for name, value in got.headers.items() if name not in once
    }
    assert head.headers["content-length"] == str(len(BODY))


def test_answers_of_all_sizes_follow_each_other(line: Line, s3: Any, bucket: str) -> None:
    for size in (0, 1, 20_000, MIB):
        put(s3, bucket, f"k{size}", filled(size))
    for size in (MIB, 0, 20_000, 1, MIB):
        assert line.ask("GET", f"/{bucket}/k{size}").body == filled(size)


def test_a_reader_that_goes_away_harms_nobody(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    put(s3, bucket, body=filled(5 * MIB))
    for _ in range(3):
        with Line(cloud.port, account) as line:
            line.send(line.head("GET", f"/{bucket}/k").lines())
            assert not line.silent(5)
    assert read(s3, bucket) == filled(5 * MIB)
