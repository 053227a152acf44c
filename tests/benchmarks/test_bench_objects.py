"""The rows of S3 time real work: they are tried on a small store that is honest, and on two that are not."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

from benchmarks import objects
from benchmarks.bulk import PART_BYTES, large_object, parallel_uploads
from benchmarks.measure import timed, tried
from benchmarks.objects import content, keys_of, lies_plain, sdk_form
from benchmarks.process import MIB
from benchmarks.replay import Load
from benchmarks.rows import Row
from benchmarks.servers import BULK, OBJECTS, PLAIN, Kind, Server

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")
PROGRAM = Path(__file__).with_name("object_server.py")
LOAD = Load(seconds=0.2)


@pytest.fixture
def store() -> Iterator[Callable[..., Server]]:
    """Starts a store with or without a fault."""
    with ExitStack() as ends:

        def start(*fault: str, as_ours: str = "") -> Server:
            def command(port: int, _data: Path) -> list[str]:
                return [sys.executable, str(PROGRAM), str(port), *fault]

            kind = Kind(as_ours or "store", command, ours=bool(as_ours), does=frozenset({OBJECTS, BULK}))
            server = Server(kind).start()
            ends.callback(server.stop)
            return server

        yield start


def row(name: str) -> Row:
    """By its name."""
    return next(each for each in (*objects.ROWS, *objects.CURVE) if each.name == name)


@pytest.mark.parametrize("name", ["put-1k", "get-1k", "put-1m", "get-1m", "list-1000"])
def test_an_honest_store_gets_a_figure(store: Callable[..., Server], name: str) -> None:
    sample = timed(store(), row(name), LOAD)
    assert "failed" not in sample, sample
    assert sample["failures"] == 0
    assert sample["cpu_us"] > 0
    assert sample["connections"] == row(name).connections


@pytest.mark.parametrize("name", ["put-1k", "get-1k", "put-1m"])
def test_a_store_that_keeps_other_bytes_gets_none(store: Callable[..., Server], name: str) -> None:
    assert timed(store("forgetful"), row(name), LOAD)["failed"] == "WrongAnswer: what is read is not what was put"


@pytest.mark.parametrize("name", ["put-1m", "get-1m"])
@pytest.mark.parametrize(
    ("fault", "as_ours", "why"),
    [
        (["plain"], "fogstead", "WrongAnswer: the bytes lie on the disk unencrypted"),
        ([], "fogstead", None),
        (["plain"], PLAIN, None),
        ([], PLAIN, "WrongAnswer: the bytes lie on the disk encrypted, and plain was asked for"),
    ],
)
def test_ours_is_encrypted_or_plain_as_its_name_says(
    store: Callable[..., Server], name: str, fault: list[str], as_ours: str, why: str | None
) -> None:
    assert timed(store(*fault, as_ours=as_ours), row(name), LOAD).get("failed") == why


def test_a_store_that_refuses_most_of_the_time_has_failed(store: Callable[..., Server]) -> None:
    assert timed(store("tired"), row("put-1k"), LOAD)["failed"].startswith("HTTP/1.1 503")


def test_a_bucket_that_is_listed_is_filled_once(store: Callable[..., Server]) -> None:
    server = store()
    listed = row("list-1000")
    first, again = (listed.prepare(server, LOAD) for _ in range(2))
    first.first()
    again.first()
    assert again.run(Load(connections=1, seconds=5, max_ops=3)).operations == 3


def test_parallel_uploads_say_what_they_moved(store: Callable[..., Server]) -> None:
    sample = parallel_uploads(store(), uploads=8, size=4 * MIB)
    assert sample["bytes"] == 32 * MIB
    assert 32 * MIB < sample["rss_growth"] < 200 * MIB  # this store keeps them in memory
    assert sample["wall_s"] > 0


def test_a_large_object_goes_up_in_parts_and_down_in_ranges(store: Callable[..., Server]) -> None:
    up, down = large_object(store(), lambda _: None, size=4 * PART_BYTES)
    assert (up["row"], down["row"]) == ("large-up", "large-down")
    assert up["bytes"] == down["bytes"] == 4 * PART_BYTES
    assert up["rss_growth"] > 4 * PART_BYTES


def test_a_large_object_of_other_bytes_is_no_figure(store: Callable[..., Server]) -> None:
    server = store("forgetful")
    samples = tried("large", server, lambda: large_object(server, lambda _: None, size=2 * PART_BYTES))
    assert [sample["row"] for sample in samples] == ["large"]
    assert samples[0]["failed"].startswith("WrongAnswer")


def test_a_body_is_framed_as_botocore_frames_it() -> None:
    body = content(2 * MIB + 5)
    headers, framed = sdk_form(body)
    stream = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, headers["x-amz-trailer"])
    # http.client reads what it sends in pieces of 128 KiB, and each becomes a chunk of HTTP.
    pieces = iter(lambda: stream.read(128 * 1024), b"")
    assert framed == b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert headers["x-amz-decoded-content-length"] == str(len(body))


def test_keys_are_scattered_and_each_comes_once() -> None:
    keys = keys_of(10_000)
    assert len(set(keys)) == 10_000
    assert keys[:1_000] == keys_of(1_000)
    assert keys != sorted(keys)


def test_bytes_that_lie_plain_are_found_wherever_they_begin(tmp_path: Path) -> None:
    body = content(MIB)
    (tmp_path / "deep").mkdir()
    kept = tmp_path / "deep" / "file"
    kept.write_bytes(bytes(byte ^ 1 for byte in body))
    assert not lies_plain(tmp_path, body, since=0)
    for before in (0, MIB - 130, 3 * MIB):
        kept.write_bytes(bytes(before) + body)
        assert lies_plain(tmp_path, body, since=0)
    assert not lies_plain(tmp_path, body, since=kept.stat().st_mtime + 1)
