"""The operations on objects that are timed. A cell has a bucket of its own; what is listed is filled once and stays."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from benchmarks.process import MIB
from benchmarks.replay import Load, replay
from benchmarks.rows import Row, Work, WrongAnswer, static
from benchmarks.servers import BULK, OBJECTS, PLAIN, Server
from benchmarks.wire import Connection, Refused

KIB = 1024
UNSIGNED = "UNSIGNED-PAYLOAD"
PAGE_KEYS = 1_000
LISTED_MAX = 1_000_000
_DISTINCT = 1_000
_READ_KEYS = 200
_FILL_AT_ONCE = 20_000
_FILL_SECONDS = 180.0
_SDK_CHUNK = MIB
_SDK_FRAME = 128 * KIB
_STRIDE = 387_420_489  # shares no factor with LISTED_MAX, so that every key comes up once
_names = itertools.count(1)


@cache
def content(size: int, number: int = 0) -> bytes:
    """Bytes that nothing can compress, the same ones for the same numbers."""
    return hashlib.shake_128(f"{size} {number}".encode()).digest(size)


def new_bucket(server: Server) -> str:
    """A fresh bucket's path."""
    bucket = f"/bench-{os.getpid()}-{next(_names)}"
    Connection(server.port).call(server.signer.s3("PUT", bucket))
    return bucket


def put_heads(server: Server, bucket: str, keys: int, size: int) -> list[bytes]:
    """Requests without their bodies, which are not signed, as SDKs send them over TLS."""
    return [server.signer.s3("PUT", f"{bucket}/{number:04d}", payload=UNSIGNED, follows=size) for number in range(keys)]


def check_read(server: Server, target: str, body: bytes) -> None:
    """WrongAnswer unless it is what was put."""
    if Connection(server.port).call(server.signer.s3("GET", target)).body != body:
        raise WrongAnswer("what is read is not what was put")


def lies_plain(folder: Path, body: bytes, since: float) -> bool:
    """Whether a file that changed since then holds a piece of `body` as it is."""
    piece = body[100:164]
    for file in folder.rglob("*"):
        if file.is_file() and file.stat().st_mtime >= since:
            with file.open("rb") as opened:
                before = b""
                while block := opened.read(MIB):
                    if piece in before + block:
                        return True
                    before = block[-len(piece) :]
    return False


def _put_and_check(server: Server, target: str, request: bytes, body: bytes) -> None:
    """WrongAnswer unless the PUT has the answer it should have and what it brought is kept as it should be."""
    began = time.time() - 1
    put = Connection(server.port).call(request)
    if put.header("etag").strip('"') != hashlib.md5(body).hexdigest():
        raise WrongAnswer(f"the ETag {put.header('etag')} is not the MD5 of what was put")
    check_read(server, target, body)
    if server.kind.ours and len(body) >= MIB and lies_plain(server.data, body, began) != (server.name == PLAIN):
        how = "encrypted, and plain was asked for" if server.name == PLAIN else "unencrypted"
        raise WrongAnswer(f"the bytes lie on the disk {how}")


def _put_small(size: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        bucket = new_bucket(server)
        targets = [f"{bucket}/{number:04d}" for number in range(_DISTINCT)]
        requests = [server.signer.s3("PUT", each, content(size, number)) for number, each in enumerate(targets)]
        return Work(
            lambda load: replay(server.port, requests, load),
            lambda: _put_and_check(server, targets[0], requests[0], content(size)),
        )

    return prepare


def _put_large(size: int, keys: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        bucket, body = new_bucket(server), content(size)
        heads = put_heads(server, bucket, keys, size)
        return Work(
            lambda load: replay(server.port, heads, load, body),
            lambda: _put_and_check(server, f"{bucket}/0000", heads[0] + body, body),
        )

    return prepare


def sdk_form(body: bytes) -> tuple[Mapping[str, str], bytes]:
    """How boto3 sends a body over TLS: chunks of its own with a checksum behind them, in chunks of HTTP."""
    checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))
    pieces = [body[at : at + _SDK_CHUNK] for at in range(0, len(body), _SDK_CHUNK)]
    inner = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    inner += b"0\r\nx-amz-checksum-crc32:%b\r\n\r\n" % checksum
    frames = [inner[at : at + _SDK_FRAME] for at in range(0, len(inner), _SDK_FRAME)]
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(body)),
        "x-amz-sdk-checksum-algorithm": "CRC32",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    return headers, b"".join(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames) + b"0\r\n\r\n"


def _put_as_sdk(size: int, keys: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        bucket, (headers, framed) = new_bucket(server), sdk_form(content(size))
        payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        targets = [f"{bucket}/{number:04d}" for number in range(keys)]
        heads = [server.signer.s3("PUT", each, headers=headers, payload=payload, follows=None) for each in targets]
        return Work(
            lambda load: replay(server.port, heads, load, framed),
            lambda: _put_and_check(server, targets[0], heads[0] + framed, content(size)),
        )

    return prepare


def _get(size: int, keys: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        bucket, body = new_bucket(server), content(size)
        heads = put_heads(server, bucket, keys, size)
        if keys > 1:
            send_once(server, heads[1:], body, connections=4)
        targets = [f"{bucket}/{number:04d}" for number in range(keys)]
        requests = [server.signer.s3("GET", each) for each in targets]
        return Work(
            lambda limits: replay(server.port, requests, limits),
            lambda: _put_and_check(server, targets[0], heads[0] + body, body),
        )

    return prepare


def send_once(server: Server, requests: Sequence[bytes], tail: bytes = b"", *, connections: int = 16) -> None:
    """Each request once; WrongAnswer when one is refused or they take too long."""
    outcome = replay(server.port, requests, Load(connections, _FILL_SECONDS, len(requests)), tail)
    if outcome.failures or outcome.operations < len(requests):
        why = outcome.first_failure.partition("  ")[0] or f"not within {_FILL_SECONDS:.0f} s"
        raise WrongAnswer(f"{outcome.operations:,} of {len(requests):,} requests went well: {why}")


def keys_of(count: int) -> list[str]:
    """That many keys, in the scattered order in which they are put."""
    return [f"object-{number * _STRIDE % LISTED_MAX:06d}" for number in range(count)]


def _pages_of(count: int) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        bucket, keys = f"/bench-listed-{count}", sorted(keys_of(count))
        _fill(server, bucket, keys[-1], count)
        last_start = count - PAGE_KEYS
        starts = sorted({number * last_start // 9 for number in range(10)}, reverse=True)
        requests = [server.signer.s3("GET", f"{bucket}?{_after(keys, start)}") for start in starts]
        ends = [f"<Key>{keys[at]}</Key>".encode() for at in (starts[0], starts[0] + PAGE_KEYS - 1)]
        return static(
            server,
            requests,
            lambda reply: reply.body.count(b"<Key>") == PAGE_KEYS and all(each in reply.body for each in ends),
        )

    return prepare


def _after(keys: Sequence[str], start: int) -> str:
    after = f"&start-after={keys[start - 1]}" if start else ""
    return f"list-type=2&max-keys={PAGE_KEYS}{after}"


def _fill(server: Server, bucket: str, last_key: str, count: int) -> None:
    """Put keys into the bucket, unless an earlier round did."""
    connection = Connection(server.port)
    last_page = server.signer.s3("GET", f"{bucket}?list-type=2&prefix={last_key}")
    try:
        if f"<Key>{last_key}</Key>".encode() in connection.call(last_page).body:
            return
    except Refused:
        pass  # there is no such bucket yet
    connection.call(server.signer.s3("PUT", bucket))
    keys = keys_of(count)
    for at in range(0, count, _FILL_AT_ONCE):
        some = keys[at : at + _FILL_AT_ONCE]
        send_once(server, [server.signer.s3("PUT", f"{bucket}/{key}", b"x") for key in some])


def _row(name: str, title: str, size: int, prepare: Callable[[Server, Load], Work]) -> Row:
    if size < MIB:
        return Row(name, title, prepare, OBJECTS)
    many = size < 64 * MIB
    return Row(name, title, prepare, BULK, connections=4 if many else 2, bytes_each=size, longer=1 if many else 2)


ROWS: Sequence[Row] = (
    _row("put-1k", "PutObject 1 KiB", KIB, _put_small(KIB)),
    _row("get-1k", "GetObject 1 KiB", KIB, _get(KIB, _READ_KEYS)),
    _row("put-1m", "PutObject 1 MiB", MIB, _put_large(MIB, 64)),
    _row("get-1m", "GetObject 1 MiB", MIB, _get(MIB, 16)),
    _row("put-64m", "PutObject 64 MiB", 64 * MIB, _put_large(64 * MIB, 2)),
    _row("put-64m-sdk", "PutObject 64 MiB, as boto3 sends it", 64 * MIB, _put_as_sdk(64 * MIB, 2)),
    _row("get-64m", "GetObject 64 MiB", 64 * MIB, _get(64 * MIB, 2)),
    Row("list", "ListObjectsV2, 1,000 of 10,000 keys", _pages_of(10_000), OBJECTS),
)
DURABLE: Sequence[Row] = ROWS[:1]
CURVE: Sequence[Row] = tuple(
    Row(f"list-{count}", f"{count:,} keys", _pages_of(count), OBJECTS) for count in (1_000, 10_000, 100_000, LISTED_MAX)
)
