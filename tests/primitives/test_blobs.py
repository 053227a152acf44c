"""What blobs promise, in one zone and in three, for processes that die and for power that goes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from blob_folders import (
    KINDS,
    ROOT,
    SIZES,
    FaultyDisk,
    content,
    files_in,
    open_files,
    pieces_of,
    read_all,
    with_blobs,
    zone_paths,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fogstead.primitives.blobs import CHUNK_BYTES, INLINE_BYTES_MAX, BlobError, BlobLost, Written
from fogstead.primitives.blobs.buffers import Buffers
from fogstead.primitives.blobs.directory import CROWD, DirectoryBlobs
from fogstead.primitives.blobs.folders import Zone
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.blobs.reading import Reading
from fogstead.primitives.blobs.sealing import SealedForm
from fogstead.primitives.blobs.writing import Writing
from fogstead.primitives.ids import Ids

BlobTest = Callable[[DirectoryBlobs], Awaitable[None]]
OnBlobs = Callable[[BlobTest], None]

BIG = 5 * CHUNK_BYTES + 7
EDGES = st.sampled_from([0, 1, 15, 16, 17]).flatmap(
    lambda off: st.integers(0, 9).map(lambda chunk: max(0, chunk * CHUNK_BYTES + off - 16))
)


class Noisy(Exception):
    """A source or an observer that fails."""


@pytest.fixture(params=KINDS)
def on_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> OnBlobs:
    return lambda work: with_blobs(tmp_path, work, request.param)


SECRET = bytes(range(32))


async def kept(blobs: DirectoryBlobs, data: bytes, *, one_zone: bool = False, secret: bytes = b"") -> Written:
    return await blobs.write(pieces_of(data), one_zone=one_zone, secret=secret)


# --- Bytes come back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(on_blobs: OnBlobs, size: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(size))
        assert written.size == size
        assert await read_all(blobs, written.blob, size) == content(size)

    on_blobs(test)


# --- With a secret ----------------------------------------------------------------------------------------------


async def read_with(blobs: DirectoryBlobs, written: Written, secret: bytes, start: int = 0) -> bytes:
    return b"".join([piece async for piece in blobs.read(written.blob, written.size, start, secret=secret)])


@pytest.mark.parametrize("size", [1, CHUNK_BYTES + 5, BIG])
def test_only_the_secret_it_was_written_with_opens_a_blob(on_blobs: OnBlobs, size: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(size), secret=SECRET)
        assert await read_with(blobs, written, SECRET) == content(size)
        assert await read_with(blobs, written, SECRET, size // 2) == content(size)[size // 2 :]
        for other in (b"", SECRET[:-1], SECRET + b"\x00", SECRET[::-1]):
            with pytest.raises(BlobLost):
                await read_with(blobs, written, other)

    on_blobs(test)


def test_a_blob_without_a_secret_does_not_open_with_one(on_blobs: OnBlobs) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(40))
        with pytest.raises(BlobLost):
            await read_with(blobs, written, SECRET)

    on_blobs(test)


def test_a_secret_opens_nothing_without_the_root_key(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(40), secret=SECRET)
        sealed = blobs.seal(b"name", content(40), SECRET)
        blobs._form = SealedForm(RootKey(bytes(32)), Ids())
        with pytest.raises(BlobLost):
            await read_with(blobs, written, SECRET)
        with pytest.raises(BlobLost):
            blobs.unseal(b"name", sealed, SECRET)

    with_blobs(tmp_path, test, "one-process")


def test_nothing_of_a_secret_is_on_the_disk(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        await kept(blobs, content(BIG), secret=SECRET)

    with_blobs(tmp_path, test, "one-process")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET not in file.read_bytes()


def test_inline_bytes_open_with_their_secret_alone(on_blobs: OnBlobs) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        sealed = blobs.seal(b"name", content(40), SECRET)
        assert blobs.unseal(b"name", sealed, SECRET) == content(40)
        for other in (b"", SECRET[::-1]):
            with pytest.raises(BlobLost):
                blobs.unseal(b"name", sealed, other)

    on_blobs(test)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.one_of(EDGES, st.integers(0, BIG)), cuts=st.lists(st.tuples(EDGES, EDGES), min_size=1, max_size=8))
def test_any_range_is_the_slice_of_the_whole(tmp_path: Path, size: int, cuts: list[tuple[int, int]]) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(size))
        for one, other in cuts:
            start, end = sorted((min(one, size), min(other, size)))
            assert await read_all(blobs, written.blob, size, start, end) == content(size)[start:end]
            assert await read_all(blobs, written.blob, size, start) == content(size)[start:]
        await blobs.delete(written.blob)

    with_blobs(tmp_path, test, "one-process")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.one_of(EDGES, st.integers(0, BIG)),
    sizes=st.lists(st.one_of(st.integers(0, 5_000), st.integers(0, 3 * CHUNK_BYTES), EDGES), max_size=30),
)
def test_how_the_bytes_were_cut_leaves_no_trace(tmp_path: Path, size: int, sizes: list[int]) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        md5, sha = hashlib.md5(), hashlib.sha256()
        written = await blobs.write(pieces_of(content(size), sizes), (md5, sha))
        assert written.size == size
        assert await read_all(blobs, written.blob, size) == content(size)
        assert md5.digest() == hashlib.md5(content(size)).digest()
        assert sha.digest() == hashlib.sha256(content(size)).digest()
        await blobs.delete(written.blob)

    with_blobs(tmp_path, test, "one-process")


def test_pieces_of_single_bytes_are_a_stream_like_any_other(tmp_path: Path) -> None:
    data = content(CHUNK_BYTES + 70_000)

    async def test(blobs: DirectoryBlobs) -> None:
        md5 = hashlib.md5()
        written = await blobs.write(pieces_of(data, [1] * len(data)), (md5,))
        assert await read_all(blobs, written.blob, len(data)) == data
        assert md5.digest() == hashlib.md5(data).digest()

    with_blobs(tmp_path, test)


def test_names_are_new_ones_each_time(on_blobs: OnBlobs) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        names = {(await kept(blobs, b"same")).blob for _ in range(20)}
        assert len(names) == 20
        assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)

    on_blobs(test)


def test_blobs_are_there_after_a_restart(on_blobs: OnBlobs) -> None:
    written: list[Written] = []

    async def write(blobs: DirectoryBlobs) -> None:
        written.append(await kept(blobs, content(BIG)))

    async def read(blobs: DirectoryBlobs) -> None:
        assert await read_all(blobs, written[0].blob, BIG) == content(BIG)

    on_blobs(write)
    on_blobs(read)


def test_streams_side_by_side_do_not_mix(on_blobs: OnBlobs) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        async def one(number: int) -> None:
            data = content(CHUNK_BYTES + number)
            written = await blobs.write(pieces_of(data, [90_000] * 3))
            assert await read_all(blobs, written.blob, written.size) == data

        await asyncio.gather(*[one(number) for number in range(3 * CROWD)])

    on_blobs(test)


def test_a_range_outside_of_the_blob_is_a_mistake(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(100))
        for start, end in ((-1, 5), (5, 101), (6, 5), (101, None)):
            with pytest.raises(ValueError, match="not within"):
                await read_all(blobs, written.blob, 100, start, end)

    with_blobs(tmp_path, test)


@pytest.mark.parametrize("name", ["", "../" * 8 + "etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n"])
def test_only_names_of_blobs_become_names_of_files(tmp_path: Path, name: str) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        with pytest.raises(ValueError, match="32 hexadecimal digits"):
            await read_all(blobs, name, 10)
        with pytest.raises(ValueError, match="32 hexadecimal digits"):
            await blobs.delete(name)
        with pytest.raises(ValueError, match="no shelf"):
            await blobs.on_shelf(name)

    with_blobs(tmp_path, test)


# --- Reading and deleting ---------------------------------------------------------------------------------------


def test_what_was_deleted_is_gone_from_every_zone(on_blobs: OnBlobs, tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(BIG))
        await blobs.delete(written.blob)
        assert files_in(tmp_path) == []
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, BIG)
        await blobs.delete(written.blob)

    on_blobs(test)


def test_a_blob_that_is_being_read_is_read_to_its_end_after_it_was_deleted(on_blobs: OnBlobs) -> None:
    size = 12 * CHUNK_BYTES + 5

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(size))
        reader = blobs.read(written.blob, size)
        begun = await anext(reader)
        await blobs.delete(written.blob)
        assert begun + b"".join([piece async for piece in reader]) == content(size)

    on_blobs(test)


def test_no_file_stays_open_behind_a_reader(on_blobs: OnBlobs, tmp_path: Path) -> None:
    size = 12 * CHUNK_BYTES

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(size))
        stopped, never_asked = blobs.read(written.blob, size), blobs.read(written.blob, size)
        await anext(stopped)
        assert len(open_files(tmp_path)) == 1
        await stopped.aclose()
        await never_asked.aclose()
        assert open_files(tmp_path) == []
        await read_all(blobs, written.blob, size)
        assert open_files(tmp_path) == []

    on_blobs(test)


def test_a_reader_that_is_cancelled_while_its_thread_works_closes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.preadv
    met, go_on = threading.Event(), threading.Event()

    def held(*args: Any) -> int:
        met.set()
        assert go_on.wait(20)
        return real(*args)

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(BIG))
        monkeypatch.setattr(os, "preadv", held)
        reading = asyncio.create_task(read_all(blobs, written.blob, BIG))
        await asyncio.to_thread(met.wait, 20)
        assert len(open_files(tmp_path)) == 1
        reading.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert open_files(tmp_path) == []

    with_blobs(tmp_path, test)


def test_work_that_was_still_queued_when_it_was_given_up_leaves_nothing(tmp_path: Path) -> None:
    """A thread may come to it only after the giving up."""
    form, zones, buffers = SealedForm(ROOT, Ids()), [Zone(tmp_path, durable=False)], Buffers()
    blob = "ab" * 16
    writing = Writing(form, blob, zones, (), buffers, copies=1)
    writing.abandon()
    writing.take([b"late"], last=True)
    writing.flush()
    assert files_in(tmp_path) == []

    Writing(form, blob, zones, (), buffers, copies=1).take([b"kept"], last=True)
    reading = Reading(form, blob, 4, 0, 4, zones, buffers)
    reading.stop()
    assert reading.next(1) == []
    assert open_files(tmp_path) == []


def test_an_empty_range_asks_nothing_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        assert await read_all(blobs, "0" * 32, 10, 10) == b""
        assert disk.calls == []

    with_blobs(tmp_path, test)


def test_a_range_reads_only_the_chunks_it_touches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage elsewhere is not met."""

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, content(BIG))
        (file,) = files_in(tmp_path)
        with file.open("r+b") as raw:
            for chunk in (0, 1, 3, 4, 5):
                raw.seek(16 + chunk * (CHUNK_BYTES + 16))
                raw.write(b"damage")
        start, end = 2 * CHUNK_BYTES, 3 * CHUNK_BYTES
        assert await read_all(blobs, written.blob, BIG, start, end) == content(BIG)[start:end]
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, BIG, start - 1, end)

    with_blobs(tmp_path, test, "one-process")


# --- Nothing is left of what failed -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 10, CHUNK_BYTES, BIG])
def test_a_source_that_fails_leaves_nothing(on_blobs: OnBlobs, tmp_path: Path, size: int) -> None:
    async def failing() -> AsyncIterator[bytes]:
        async for piece in pieces_of(content(size), [CHUNK_BYTES] * 4):
            yield piece
        raise Noisy

    async def test(blobs: DirectoryBlobs) -> None:
        with pytest.raises(Noisy):
            await blobs.write(failing())
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])

    on_blobs(test)


@pytest.mark.parametrize("size", [10, BIG])
def test_an_observer_that_fails_leaves_nothing(on_blobs: OnBlobs, tmp_path: Path, size: int) -> None:
    class Failing:
        def update(self, data: bytes, /) -> None:
            if data.endswith(content(size)[-4:]):
                raise Noisy

    async def test(blobs: DirectoryBlobs) -> None:
        with pytest.raises(Noisy):
            await blobs.write(pieces_of(content(size), [CHUNK_BYTES] * 4), (Failing(),))
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])

    on_blobs(test)


def test_a_writer_that_is_cancelled_while_its_source_is_slow_leaves_nothing(on_blobs: OnBlobs, tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        stuck = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield content(BIG)
            stuck.set()
            await asyncio.Event().wait()

        writing = asyncio.create_task(blobs.write(slow()))
        await stuck.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])

    on_blobs(test)


def test_a_writer_that_is_cancelled_while_its_thread_works_leaves_nothing(on_blobs: OnBlobs, tmp_path: Path) -> None:
    """The thread goes on when it is told to, behind the cancellation, and writes its bytes nowhere that stays."""

    class Held:
        def __init__(self) -> None:
            self.met, self.go_on = threading.Event(), threading.Event()

        def update(self, data: bytes, /) -> None:
            self.met.set()
            assert self.go_on.wait(20)

    async def test(blobs: DirectoryBlobs) -> None:
        held = Held()
        writing = asyncio.create_task(blobs.write(pieces_of(content(BIG), [CHUNK_BYTES] * 4), (held,)))
        await asyncio.to_thread(held.met.wait, 20)
        writing.cancel()
        await asyncio.sleep(0)
        held.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])
        # Others go on.
        assert await read_all(blobs, (await kept(blobs, b"next")).blob, 4) == b"next"

    on_blobs(test)


def test_nothing_can_be_asked_of_closed_blobs(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, b"kept")
        await blobs.close()
        with pytest.raises(BlobError):
            await kept(blobs, b"late")
        with pytest.raises(BlobError):
            await read_all(blobs, written.blob, 4)
        with pytest.raises(BlobError):
            await blobs.delete(written.blob)
        assert len(files_in(tmp_path)) == 3

    with_blobs(tmp_path, test)


# --- On the disk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [64, BIG])
def test_plain_bytes_never_stand_on_the_disk(on_blobs: OnBlobs, tmp_path: Path, size: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        await kept(blobs, content(size))
        for file in files_in(tmp_path):
            raw = file.read_bytes()
            for at in range(0, size - 16, max(1, size // 100)):
                assert content(size)[at : at + 16] not in raw

    on_blobs(test)


def test_the_same_bytes_look_different_each_time(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        await kept(blobs, content(100))
        await kept(blobs, content(100))
        one, other = (file.read_bytes()[16:] for file in files_in(tmp_path))
        assert one != other

    with_blobs(tmp_path, test, "one-process")


def test_the_same_bytes_look_different_in_each_chunk(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        await kept(blobs, bytes(4 * CHUNK_BYTES))
        raw = files_in(tmp_path)[0].read_bytes()
        starts = {raw[at : at + 64] for at in range(16, len(raw), CHUNK_BYTES + 16)}
        assert len(starts) == 4

    with_blobs(tmp_path, test, "one-process")


def test_only_the_owner_may_look(on_blobs: OnBlobs, tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        await kept(blobs, content(100))

    before = os.umask(0)
    try:
        on_blobs(test)
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_blob_lies_on_the_shelf_that_its_name_says(on_blobs: OnBlobs, tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        blob = (await kept(blobs, content(100))).blob
        zones = [zone for zone in zone_paths(tmp_path) if zone.exists()]
        assert files_in(tmp_path) == [zone / blob[:3] / blob for zone in zones]

    on_blobs(test)


def test_all_work_on_files_and_hashes_is_done_on_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()

    class Watching:
        def update(self, data: bytes, /) -> None:
            threads.add(threading.current_thread())

    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        written = await blobs.write(pieces_of(content(BIG)), (Watching(),))
        await read_all(blobs, written.blob, BIG)
        await anext(reader := blobs.read(written.blob, BIG))
        await reader.aclose()
        await blobs.on_shelf(written.blob[:3])
        await blobs.delete(written.blob)
        assert {name for name, _file in disk.calls} >= {"open", "pwritev", "preadv", "fsync", "unlink", "scandir"}
        assert disk.on_loop == []
        assert threads
        assert threading.main_thread() not in threads

    with_blobs(tmp_path, test, "three-power")


# --- The sweep --------------------------------------------------------------------------------------------------


def test_the_shelves_hold_every_blob_once(on_blobs: OnBlobs) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        names = {(await kept(blobs, b"x", one_zone=number % 2 == 0)).blob for number in range(12)}
        seen = [blob for shelf in blobs.shelves() for blob, _age in await blobs.on_shelf(shelf)]
        assert sorted(seen) == sorted(names)

    on_blobs(test)


def test_the_age_of_a_blob_is_that_of_its_youngest_copy(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        blob = (await kept(blobs, b"x")).blob
        for file, changed in zip(files_in(tmp_path), (5_000, 7_000, 6_000), strict=True):
            os.utime(file, (changed, changed))
        assert await blobs.on_shelf(blob[:3]) == [(blob, 93_000)]

    with_blobs(tmp_path, test, seconds_now=lambda: 100_000.0)


def test_a_blob_from_the_future_is_just_new(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        blob = (await kept(blobs, b"x")).blob
        assert await blobs.on_shelf(blob[:3]) == [(blob, 0)]

    with_blobs(tmp_path, test, seconds_now=lambda: 100_000.0)


def test_a_sweep_does_not_see_what_is_still_being_written(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield content(BIG)
            begun.set()
            await go_on.wait()

        writing = asyncio.create_task(blobs.write(slow()))
        await begun.wait()
        (unfinished,) = files_in(tmp_path)
        assert await blobs.on_shelf(unfinished.parent.name) == []
        go_on.set()
        written = await writing
        assert [blob for blob, _age in await blobs.on_shelf(written.blob[:3])] == [unfinished.name]

    with_blobs(tmp_path, test, "one-process")


def test_a_sweep_passes_over_what_is_no_blob(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        blob = (await kept(blobs, b"x")).blob
        shelf = files_in(tmp_path)[0].parent
        (shelf / "notes.txt").write_text("mine")
        (shelf / ("0" * 32)).mkdir()
        (shelf / ("1" * 32)).symlink_to(shelf / "notes.txt")
        assert [name for name, _age in await blobs.on_shelf(blob[:3])] == [blob]

    with_blobs(tmp_path, test, "one-process")


# --- Inline bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1024, INLINE_BYTES_MAX])
def test_sealed_bytes_open_under_their_name_alone(on_blobs: OnBlobs, size: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        sealed = blobs.seal(b"name", content(size))
        assert blobs.unseal(b"name", sealed) == content(size)
        assert size < 16 or content(size)[:16] not in sealed
        for other in (b"", b"nam", b"names"):
            with pytest.raises(BlobLost):
                blobs.unseal(other, sealed)

    on_blobs(test)


def test_a_change_of_any_sealed_byte_is_noticed(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        sealed = blobs.seal(b"name", content(40))
        for at in range(len(sealed)):
            for changed in (sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], sealed[:at]):
                with pytest.raises(BlobLost):
                    blobs.unseal(b"name", changed)
        with pytest.raises(BlobLost):
            blobs.unseal(b"name", sealed + b"\x00")

    with_blobs(tmp_path, test)


def test_a_name_that_is_used_again_gives_nothing_away(tmp_path: Path) -> None:
    """No two sealings share a key stream, even under one name."""

    async def test(blobs: DirectoryBlobs) -> None:
        sealed = [blobs.seal(b"name", content(64)) for _ in range(50)]
        assert len({one[-80:-16] for one in sealed}) == 50
        assert {blobs.unseal(b"name", one) for one in sealed} == {content(64)}

    with_blobs(tmp_path, test)
