"""What blobs promise when files are tampered with, disks fail, fill up or go away."""

from __future__ import annotations

import asyncio
import errno
import gc
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from blob_folders import (
    KINDS,
    FaultyDisk,
    content,
    files_in,
    flipped,
    names_of,
    open_files,
    pieces_of,
    read_all,
    with_blobs,
    zone_paths,
)

from fogstead.primitives.blobs import CHUNK_BYTES, BlobError, BlobFull, BlobLost, Written
from fogstead.primitives.blobs.directory import DirectoryBlobs

BIG = 9 * CHUNK_BYTES + 7
STEP = CHUNK_BYTES + 16
HEADER = 16


class Noisy(Exception):
    """A source that fails."""


async def kept(blobs: DirectoryBlobs, size: int = BIG, *, one_zone: bool = False) -> Written:
    return await blobs.write(pieces_of(content(size), [CHUNK_BYTES] * (size // CHUNK_BYTES)), one_zone=one_zone)


async def assert_works(blobs: DirectoryBlobs, path: Path, *, copies: int) -> None:
    written = await kept(blobs)
    assert await read_all(blobs, written.blob, BIG) == content(BIG)
    assert len([file for file in files_in(path) if file.name == written.blob]) == copies
    await blobs.delete(written.blob)


def chunk(raw: bytes, number: int) -> bytes:
    return raw[HEADER + number * STEP : HEADER + (number + 1) * STEP]


# --- Tampering --------------------------------------------------------------------------------------------------

# The fifth byte makes the format number a higher one: that has a test of its own.
TAMPERINGS: dict[str, Callable[[bytes], bytes]] = {
    **{f"header byte {at}": lambda raw, at=at: flipped(raw, at) for at in range(HEADER) if at != 4},
    "first byte": lambda raw: flipped(raw, HEADER),
    "a byte in the middle": lambda raw: flipped(raw, HEADER + 4 * STEP + 1_000),
    "the tag of the first chunk": lambda raw: flipped(raw, HEADER + STEP - 1),
    "the tag of the last chunk": lambda raw: flipped(raw, len(raw) - 1),
    "the last byte": lambda raw: flipped(raw, len(raw) - 17),
    "two chunks swapped": lambda raw: raw[:HEADER] + chunk(raw, 1) + chunk(raw, 0) + raw[HEADER + 2 * STEP :],
    "a chunk twice": lambda raw: raw[:HEADER] + chunk(raw, 0) + chunk(raw, 0) + raw[HEADER + 2 * STEP :],
    "a chunk dropped": lambda raw: raw[: HEADER + STEP] + raw[HEADER + 2 * STEP :],
    "cut at a chunk": lambda raw: raw[: HEADER + 9 * STEP],
    "cut by a byte": lambda raw: raw[:-1],
    "cut to the header": lambda raw: raw[:HEADER],
    "empty": lambda raw: b"",
    "a chunk appended": lambda raw: raw + chunk(raw, 9),
    "a byte appended": lambda raw: raw + b"\x00",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_change_of_the_file_is_noticed(tmp_path: Path, tampering: str) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        (file,) = files_in(tmp_path)
        whole = file.read_bytes()
        file.write_bytes(TAMPERINGS[tampering](whole))
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, BIG)
        assert open_files(tmp_path) == []
        file.write_bytes(whole)
        assert await read_all(blobs, written.blob, BIG) == content(BIG)

    with_blobs(tmp_path, test, "one-process")


def test_a_file_that_a_newer_program_wrote_is_not_called_lost(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, 10)
        (file,) = files_in(tmp_path)
        raw = file.read_bytes()
        assert raw[:6] == b"FGSB\x00\x01"
        file.write_bytes(raw[:5] + b"\x02" + raw[6:] + b"and more")
        with pytest.raises(BlobError, match=r"format 2.*upgrade first") as refused:
            await read_all(blobs, written.blob, 10)
        assert not isinstance(refused.value, BlobLost)

    with_blobs(tmp_path, test, "one-process")


@pytest.mark.parametrize("size", [10, 2 * CHUNK_BYTES])
def test_one_blob_does_not_pass_for_another(tmp_path: Path, size: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        one, other = await kept(blobs, size), await kept(blobs, size)
        files = {file.name: file for file in files_in(tmp_path)}
        files[one.blob].write_bytes(files[other.blob].read_bytes())
        with pytest.raises(BlobLost):
            await read_all(blobs, one.blob, size)

    with_blobs(tmp_path, test, "one-process")


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_file_and_a_size_that_were_both_cut_at_a_chunk_do_not_open(tmp_path: Path, chunks: int) -> None:
    """Each chunk knows whether it is the last one."""

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, 3 * CHUNK_BYTES)
        (file,) = files_in(tmp_path)
        file.write_bytes(file.read_bytes()[: HEADER + chunks * STEP])
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, chunks * CHUNK_BYTES)

    with_blobs(tmp_path, test, "one-process")


def test_a_size_that_is_not_the_one_that_was_written_opens_nothing(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        for size in (BIG - 1, BIG + 1, BIG + CHUNK_BYTES, CHUNK_BYTES):
            with pytest.raises(BlobLost):
                await read_all(blobs, written.blob, size)

    with_blobs(tmp_path, test)


def test_a_link_in_place_of_a_blob_is_not_followed(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, 10)
        (file,) = files_in(tmp_path)
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, 10)

    with_blobs(tmp_path, test, "one-process")


# --- Zones ------------------------------------------------------------------------------------------------------


def test_a_blob_is_in_every_zone_and_the_copies_are_alike(tmp_path: Path) -> None:
    """So a zone can be filled again by copying another one."""

    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        assert names_of(zone_paths(tmp_path)) == [{written.blob}] * 3
        assert len({file.read_bytes() for file in files_in(tmp_path)}) == 1

    with_blobs(tmp_path, test)


def test_one_zone_means_one_zone_and_not_always_the_same(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = [await kept(blobs, 10, one_zone=True) for _ in range(30)]
        names = names_of(zone_paths(tmp_path))
        assert sum(map(len, names)) == 30
        assert all(names)
        for one in written:
            assert await read_all(blobs, one.blob, 10) == content(10)

    with_blobs(tmp_path, test)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_zone_takes_only_what_was_in_one_zone(tmp_path: Path, lost: int) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        zones = zone_paths(tmp_path)
        everywhere = [await kept(blobs, 10) for _ in range(9)]
        single = [await kept(blobs, 10, one_zone=True) for _ in range(9)]
        in_lost = names_of(zones)[lost]
        shutil.rmtree(zones[lost])
        for one in everywhere:
            assert await read_all(blobs, one.blob, 10) == content(10)
        for one in single:
            if one.blob in in_lost:
                with pytest.raises(BlobLost):
                    await read_all(blobs, one.blob, 10)
            else:
                assert await read_all(blobs, one.blob, 10) == content(10)
        await blobs.delete(everywhere[0].blob)

    with_blobs(tmp_path, test)


@pytest.mark.parametrize("kind", ["three-process", "three-power"])
def test_writes_pass_over_a_lost_zone_and_use_it_again_when_it_is_back(tmp_path: Path, kind: str) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        zones = zone_paths(tmp_path)
        await assert_works(blobs, tmp_path, copies=3)
        shutil.rmtree(zones[1])
        await assert_works(blobs, tmp_path, copies=2)
        for _ in range(9):
            written = await kept(blobs, 10, one_zone=True)
            assert await read_all(blobs, written.blob, 10) == content(10)
        assert not zones[1].exists()
        zones[1].mkdir()
        await assert_works(blobs, tmp_path, copies=3)

    with_blobs(tmp_path, test, kind)


@pytest.mark.parametrize("kind", ["three-process", "three-power"])
def test_without_any_zone_nothing_is_written_and_blobs_are_lost(tmp_path: Path, kind: str) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        for zone in zone_paths(tmp_path):
            shutil.rmtree(zone)
        with pytest.raises(BlobError, match="No zone is there"):
            await kept(blobs)
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, BIG)
        await blobs.delete(written.blob)
        assert await blobs.on_shelf(written.blob[:3]) == []
        assert not any(zone.exists() for zone in zone_paths(tmp_path))

    with_blobs(tmp_path, test, kind)


@pytest.mark.parametrize("kind", ["three-process", "three-power"])
def test_a_shelf_that_was_removed_is_made_again(tmp_path: Path, kind: str) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs, 10)
        for file in files_in(tmp_path):
            shutil.rmtree(file.parent)
        again = await kept(blobs, 10)
        assert await read_all(blobs, again.blob, 10) == content(10)
        with pytest.raises(BlobLost):
            await read_all(blobs, written.blob, 10)

    with_blobs(tmp_path, test, kind, ids=FewNames())


class FewNames:
    """Names that all lie on one shelf."""

    def __init__(self) -> None:
        self.given = 0

    def hex(self, size: int) -> str:
        self.given += 1
        return f"abc{self.given:0{2 * size - 3}x}"


def test_damage_in_the_middle_of_a_stream_is_read_from_the_next_zone_without_repeating(tmp_path: Path) -> None:
    """Each zone is damaged in another place: together they still have everything."""

    async def test(blobs: DirectoryBlobs) -> None:
        for damaged in (0, 3, 4, 5, 8, 9):
            written = await kept(blobs)
            first = [int(written.blob[:8], 16) % 3 + number for number in range(3)]
            for at, number in enumerate(first[:2]):
                file = zone_paths(tmp_path)[number % 3] / written.blob[:3] / written.blob
                file.write_bytes(flipped(file.read_bytes(), HEADER + min(9, damaged + 2 * at) * STEP + 3))
            assert await read_all(blobs, written.blob, BIG) == content(BIG)
            start = CHUNK_BYTES + 5
            assert await read_all(blobs, written.blob, BIG, start, BIG - 3) == content(BIG)[start:-3]
            assert open_files(tmp_path) == []

    with_blobs(tmp_path, test)


def test_pieces_that_came_before_a_loss_are_whole_and_the_loss_is_told(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        (file,) = files_in(tmp_path)
        file.write_bytes(flipped(file.read_bytes(), HEADER + 8 * STEP))
        seen: list[bytes] = []

        async def read() -> None:
            async for piece in blobs.read(written.blob, BIG):
                seen.append(piece)

        with pytest.raises(BlobLost):
            await read()
        assert seen
        assert content(BIG).startswith(b"".join(seen))

    with_blobs(tmp_path, test, "one-process")


# --- Disks that fail --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["open", "pread", "fstat", "preadv"])
def test_a_zone_that_cannot_be_read_is_passed_over_and_nothing_is_called_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        written = [await kept(blobs) for _ in range(6)]
        for zone in zone_paths(tmp_path):
            disk.fail(call, within=zone)
            for one in written:
                assert await read_all(blobs, one.blob, BIG) == content(BIG)
        disk.fail(call)
        with pytest.raises(BlobError, match="could not be read: Input/output error") as refused:
            await read_all(blobs, written[0].blob, BIG)
        assert not isinstance(refused.value, BlobLost)
        assert str(tmp_path) not in str(refused.value)
        disk.mend()
        assert await read_all(blobs, written[0].blob, BIG) == content(BIG)
        assert open_files(tmp_path) == []

    with_blobs(tmp_path, test)


def test_a_disk_that_fails_in_the_middle_of_a_stream_is_left_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        written = await kept(blobs)
        first = zone_paths(tmp_path)[int(written.blob[:8], 16) % 3]
        disk.fail("preadv", within=first, after=1)
        assert await read_all(blobs, written.blob, BIG) == content(BIG)

    with_blobs(tmp_path, test)


WRITE_CALLS = [("open", 0), ("pwritev", 0), ("pwritev", 3), ("pwritev", 9)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, BlobFull), (errno.EDQUOT, BlobFull), (errno.EIO, BlobError), (errno.EROFS, BlobError)],
)
@pytest.mark.parametrize(("call", "after"), WRITE_CALLS)
def test_a_write_that_a_disk_refuses_is_told_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    number: int,
    error: type[BlobError],
    call: str,
    after: int,
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        last_zone = zone_paths(tmp_path, KINDS[kind][0])[-1]
        disk.fail(call, number, within=last_zone, after=after)
        with pytest.raises(BlobError) as refused:
            await kept(blobs)
        assert type(refused.value) is error
        assert str(tmp_path) not in str(refused.value)
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])
        disk.mend()
        await assert_works(blobs, tmp_path, copies=KINDS[kind][0])

    with_blobs(tmp_path, test, kind)


def test_a_full_disk_that_takes_a_part_of_a_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        disk.shorten = 70_000
        disk.fail("pwrite", errno.ENOSPC, after=5)
        with pytest.raises(BlobFull):
            await kept(blobs)
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])

    with_blobs(tmp_path, test)


@pytest.mark.parametrize("at_once", [1, 15, 16, 17, 100_000])
def test_a_write_that_the_system_takes_in_parts_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    size = 300 if at_once < 100 else BIG

    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        disk.shorten = at_once
        written = await kept(blobs, size)
        assert await read_all(blobs, written.blob, size) == content(size)

    with_blobs(tmp_path, test)


def test_a_full_disk_is_told_while_the_source_is_still_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        async def slow() -> AsyncIterator[bytes]:
            yield content(2 * CHUNK_BYTES)
            while True:
                yield b"x"
                await asyncio.sleep(0.001)

        FaultyDisk(tmp_path, monkeypatch).fail("pwritev", errno.ENOSPC)
        with pytest.raises(BlobFull):
            await blobs.write(slow())

    with_blobs(tmp_path, test)


def test_a_fault_behind_another_error_makes_no_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        disk.fail("pwritev")

        async def failing() -> AsyncIterator[bytes]:
            yield content(2 * CHUNK_BYTES + 1)
            assert await asyncio.to_thread(disk.failed.wait, 20)
            raise Noisy

        with pytest.raises(Noisy):
            await blobs.write(failing())
        assert files_in(tmp_path) == []
        gc.collect()
        assert caplog.records == []

    with_blobs(tmp_path, test)


def test_a_zone_that_keeps_what_it_should_delete_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        for zone in zone_paths(tmp_path):
            written = await kept(blobs, 10)
            disk.fail("unlink", errno.EROFS, within=zone)
            with pytest.raises(BlobError, match="Read-only"):
                await blobs.delete(written.blob)
            assert [file.parent.parent for file in files_in(tmp_path)] == [zone]
            disk.mend()
            await blobs.delete(written.blob)
        assert files_in(tmp_path) == []

    with_blobs(tmp_path, test)


def test_the_rest_of_a_write_that_cannot_even_be_removed_is_found_by_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        disk.fail("pwritev", errno.ENOSPC, after=3)
        disk.fail("unlink")
        with pytest.raises(BlobFull):
            await kept(blobs)
        disk.mend()
        (left,) = {file.name for file in files_in(tmp_path)}
        assert [blob for blob, _age in await blobs.on_shelf(left[:3])] == [left]
        await blobs.delete(left)
        assert files_in(tmp_path) == []

    with_blobs(tmp_path, test)


# --- Power ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["one-power", "three-power"])
def test_bytes_and_names_are_on_the_disk_before_a_write_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        written = await kept(blobs)
        flushed = [file for call, file in disk.calls if call == "fsync"]
        writes = [place for place, (call, _file) in enumerate(disk.calls) if call.startswith("pwrite")]
        for zone in zone_paths(tmp_path, KINDS[kind][0]):
            shelf = zone / written.blob[:3]
            file = str(shelf / written.blob)
            assert {str(zone), str(shelf), file} <= set(flushed)
            assert disk.calls.index(("fsync", file)) > max(writes)
            assert disk.calls.index(("fsync", file)) < disk.calls.index(("fsync", str(shelf)))
        disk.calls.clear()
        # A shelf's own name is flushed once.
        await kept(blobs)
        assert not {("fsync", str(zone)) for zone in zone_paths(tmp_path)} & set(disk.calls)

    with_blobs(tmp_path, test, kind, ids=FewNames())


def test_a_new_zone_and_all_folders_made_for_it_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(blobs: DirectoryBlobs) -> None:
        pass

    disk = FaultyDisk(tmp_path, monkeypatch)
    with_blobs(tmp_path / "new" / "folder", nothing, "one-power")
    flushed = [file for call, file in disk.calls if call == "fsync"]
    assert flushed[:3] == [str(tmp_path), str(tmp_path / "new"), str(tmp_path / "new" / "folder")]


def test_without_power_durability_nothing_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        await kept(blobs)
        assert [call for call in disk.calls if call[0] == "fsync"] == []

    with_blobs(tmp_path, test)


@pytest.mark.parametrize("after", range(7))
def test_a_flush_that_fails_fails_the_write_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        disk = FaultyDisk(tmp_path, monkeypatch)
        disk.fail("fsync", after=after)
        with pytest.raises(BlobError, match="Input/output error"):
            await kept(blobs)
        assert (files_in(tmp_path), open_files(tmp_path)) == ([], [])
        disk.mend()
        await assert_works(blobs, tmp_path, copies=3)

    with_blobs(tmp_path, test, "three-power")


# --- Plain, for measurements ------------------------------------------------------------------------------------


def test_plain_blobs_come_back_too(tmp_path: Path) -> None:
    async def test(blobs: DirectoryBlobs) -> None:
        written = await kept(blobs)
        assert files_in(tmp_path)[0].read_bytes()[HEADER:] == content(BIG)
        assert await read_all(blobs, written.blob, BIG) == content(BIG)
        assert await read_all(blobs, written.blob, BIG, 5, BIG - 5) == content(BIG)[5:-5]
        assert blobs.unseal(b"name", blobs.seal(b"name", b"data")) == b"data"
        with pytest.raises(BlobLost):
            blobs.unseal(b"name", b"")

    with_blobs(tmp_path, test, plain=True)


def test_plain_bytes_do_not_pass_for_sealed_ones(tmp_path: Path) -> None:
    """Nobody who can write to the disk gets bytes of their own read as a cloud's."""

    async def write(blobs: DirectoryBlobs) -> None:
        written.append(await kept(blobs, 10))
        inline.append(blobs.seal(b"name", b"data"))

    async def test(blobs: DirectoryBlobs) -> None:
        blob = (await kept(blobs, 10)).blob
        sealed, plain = tmp_path / "zone-0" / blob[:3] / blob, tmp_path / "plain" / "zone-0"
        sealed.write_bytes((plain / written[0].blob[:3] / written[0].blob).read_bytes())
        with pytest.raises(BlobLost):
            await read_all(blobs, blob, 10)
        with pytest.raises(BlobLost):
            blobs.unseal(b"name", inline[0])

    written: list[Written] = []
    inline: list[bytes] = []
    with_blobs(tmp_path / "plain", write, "one-process", plain=True)
    with_blobs(tmp_path, test, "one-process")
