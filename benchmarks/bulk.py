"""Memory while many bytes move: parallel uploads, and one object in parts, up and down as boto3 moves it."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from urllib.parse import quote

from benchmarks.measure import IDLE_SECONDS, Sample
from benchmarks.objects import UNSIGNED, check_read, content, new_bucket, put_heads, send_once
from benchmarks.process import MIB, Growth, cpu_seconds
from benchmarks.rows import WrongAnswer
from benchmarks.servers import Server
from benchmarks.wire import Connection

UPLOADS = 64
UPLOAD_BYTES = 16 * MIB
LARGE_BYTES = 5 * 1024 * MIB
PART_BYTES = 8 * MIB  # these two are boto3's defaults
PART_CONNECTIONS = 10
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def parallel_uploads(server: Server, *, uploads: int = UPLOADS, size: int = UPLOAD_BYTES) -> Sample:
    """All of these uploads at once; the last one is read back."""
    bucket, body = _warm_bucket(server), content(size)
    heads = put_heads(server, bucket, uploads, size)
    figures = _watched(server, lambda: send_once(server, heads, body, connections=uploads))
    check_read(server, f"{bucket}/{uploads - 1:04d}", body)
    return {"row": "uploads", "server": server.name, "bytes": uploads * size, **figures}


def large_object(server: Server, say: Callable[[str], None], *, size: int = LARGE_BYTES) -> list[Sample]:
    """Up in parts, then down in ranges; WrongAnswer when it is not the same object or there is no room for it."""
    room = shutil.disk_usage(server.data).free
    if room < 3 * size:
        raise WrongAnswer(f"{room // MIB:,} MiB of disk are free, and {3 * size // MIB:,} should be")
    target, part, count = f"{_warm_bucket(server)}/large", content(PART_BYTES), size // PART_BYTES
    say(f"{count:,} parts go up")
    up = _watched(server, lambda: _send_parts(server, target, part, count))
    _check_range(server, target, part, size)
    ranges = [
        server.signer.s3("GET", target, headers={"range": f"bytes={at}-{at + PART_BYTES - 1}"})
        for at in range(0, size, PART_BYTES)
    ]
    say(f"{count:,} ranges come down")
    down = _watched(server, lambda: send_once(server, ranges, connections=PART_CONNECTIONS))
    common = {"server": server.name, "bytes": size}
    return [{"row": "large-up", **common, **up}, {"row": "large-down", **common, **down}]


def _send_parts(server: Server, target: str, part: bytes, count: int) -> None:
    """A multipart upload from its beginning to its end; WrongAnswer when its ETag is not what it should be."""
    connection, sign = Connection(server.port, timeout=600), server.signer.s3
    found = re.search(rb"<UploadId>([^<]+)</UploadId>", connection.call(sign("POST", f"{target}?uploads=")).body)
    if found is None:
        raise WrongAnswer("there is no UploadId")
    upload, numbers = quote(found[1].decode(), safe=""), range(1, count + 1)
    heads = [
        sign("PUT", f"{target}?partNumber={number}&uploadId={upload}", payload=UNSIGNED, follows=PART_BYTES)
        for number in numbers
    ]
    send_once(server, heads, part, connections=PART_CONNECTIONS)
    digest = hashlib.md5(part)
    parts = "".join(
        f'<Part><PartNumber>{number}</PartNumber><ETag>"{digest.hexdigest()}"</ETag></Part>' for number in numbers
    )
    document = f'<CompleteMultipartUpload xmlns="{_NAMESPACE}">{parts}</CompleteMultipartUpload>'
    done = connection.call(sign("POST", f"{target}?uploadId={upload}", document.encode()))
    etag = f"{hashlib.md5(digest.digest() * count).hexdigest()}-{count}"
    if etag.encode() not in done.body:
        raise WrongAnswer(f"the ETag {etag} is not in {done.body[:200]!r}")


def _check_range(server: Server, target: str, part: bytes, size: int) -> None:
    """WrongAnswer unless a range across a border of parts is what lies there, and the whole has its length."""
    inside = len(part) // 3
    start = size // 2 // len(part) * len(part) - len(part) + inside
    wanted = server.signer.s3("GET", target, headers={"range": f"bytes={start}-{start + len(part) - 1}"})
    got = Connection(server.port).call(wanted)
    if got.status != 206 or got.header("content-range") != f"bytes {start}-{start + len(part) - 1}/{size}":
        raise WrongAnswer(f"a range was answered with {got.status}, content-range {got.header('content-range')}")
    if got.body != part[inside:] + part[:inside]:
        raise WrongAnswer("a range holds other bytes than were put there")


def _warm_bucket(server: Server) -> str:
    """A fresh bucket's path; what the first small call of all costs has been paid."""
    bucket, body = new_bucket(server), content(1024)
    Connection(server.port).call(server.signer.s3("PUT", f"{bucket}/small", body))
    check_read(server, f"{bucket}/small", body)
    return bucket


def _watched(server: Server, work: Callable[[], None]) -> Sample:
    time.sleep(IDLE_SECONDS)  # what was asked before has settled
    cpu, began = cpu_seconds(server.pid), time.perf_counter()
    with Growth(server.pid) as growth:
        work()
    wall, used = time.perf_counter() - began, cpu_seconds(server.pid) - cpu
    return {"wall_s": wall, "cpu_s": used, "rss_growth": growth.rss, "pss_growth": growth.pss}
