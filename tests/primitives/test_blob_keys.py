"""The root key and the zones that belong to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from blob_folders import ROOT, content, files_in, pieces_of, read_all, with_blobs, zone_paths
from stores import in_loop

from fogstead.primitives.blobs import BlobsRefused
from fogstead.primitives.blobs.directory import DirectoryBlobs
from fogstead.primitives.blobs.folders import KEY_CHECK_FILE
from fogstead.primitives.blobs.keys import KEY_FILE, RootKey
from fogstead.primitives.ids import Ids

PURPOSE = b"a test"


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "far" / "away"
    made = RootKey.open(folder).derive(PURPOSE)
    assert RootKey.open(folder).derive(PURPOSE) == made
    assert RootKey.open(tmp_path / "other").derive(PURPOSE) != made
    assert [file.name for file in folder.iterdir()] == [KEY_FILE]


def test_a_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        RootKey.open(tmp_path / "keys")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / KEY_FILE).stat().st_mode) == 0o600
    assert (tmp_path / "keys" / KEY_FILE).stat().st_size == 32


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_file_of_another_size_is_refused_and_left_alone(tmp_path: Path, size: int) -> None:
    (tmp_path / KEY_FILE).write_bytes(bytes(size))
    with pytest.raises(BlobsRefused, match=r"root\.key is no root key \(it has to have 32 bytes\)"):
        RootKey.open(tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_size == size


def test_a_key_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    """A link to a disk that is not there yet, say."""
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "unmounted" / KEY_FILE)
    with pytest.raises(BlobsRefused, match="cannot be used: No such file or directory"):
        RootKey.open(tmp_path)
    assert (tmp_path / KEY_FILE).is_symlink()
    (tmp_path / "file").touch()
    with pytest.raises(BlobsRefused, match="cannot be used"):
        RootKey.open(tmp_path / "file" / "keys")


def test_a_start_that_broke_off_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / f"{KEY_FILE}.new").write_bytes(b"half")
    RootKey.open(tmp_path, lambda size: b"k" * size)
    assert (tmp_path / KEY_FILE).read_bytes() == b"k" * 32
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_is_on_the_disk_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    RootKey.open(tmp_path / "keys")
    assert flushed == [str(tmp_path), str(tmp_path / "keys" / f"{KEY_FILE}.new"), str(tmp_path / "keys")]


def test_a_key_shows_itself_nowhere() -> None:
    secret = b"very secret, and 32 bytes long.."
    key = RootKey(secret)
    for shown in (repr(key), str(key), f"{key}"):
        assert "secret" not in shown
        assert secret.hex() not in shown
    with pytest.raises(ValueError, match="32 bytes"):
        RootKey(secret[:31])


def test_keys_differ_by_purpose_and_by_name() -> None:
    derived = [ROOT.derive(purpose, name) for purpose in (b"a", b"b") for name in (b"", b"a", b"b", b"a\x00")]
    assert len({*derived}) == len(derived)
    assert {len(key) for key in derived} == {32}
    assert ROOT.derive(b"a", b"b") == ROOT.derive(b"a", b"b")
    with pytest.raises(ValueError, match="person"):
        ROOT.derive(b"a purpose of 17 b")


def test_a_zone_of_another_key_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    async def write(blobs: DirectoryBlobs) -> None:
        await blobs.write(pieces_of(content(100)))

    with_blobs(tmp_path, write, "one-process")
    before = files_in(tmp_path)
    for other in ({"root": RootKey(bytes(32))}, {"plain": True}):
        with pytest.raises(BlobsRefused, match="zone-0 was sealed with another root key: put that key back"):
            with_blobs(tmp_path, write, "one-process", **other)
    assert files_in(tmp_path) == before


def test_the_mark_of_a_zone_tells_nothing_of_the_key(tmp_path: Path) -> None:
    async def nothing(blobs: DirectoryBlobs) -> None:
        pass

    with_blobs(tmp_path, nothing)
    marks = {(zone / KEY_CHECK_FILE).read_bytes() for zone in zone_paths(tmp_path)}
    assert len(marks) == 1
    assert bytes(range(32)).hex()[:16].encode("ascii") not in marks.pop()


@pytest.mark.parametrize("zones", [[], ["a", "a"], ["a", "b", "b/../a"]])
def test_zones_have_to_be_different_ones(tmp_path: Path, zones: list[str]) -> None:
    for zone in zones:
        (tmp_path / zone.split("/")[0]).mkdir(exist_ok=True)
    with pytest.raises(BlobsRefused, match="different"):
        DirectoryBlobs([tmp_path / zone for zone in zones], ROOT, Ids())


def test_a_zone_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BlobsRefused, match=r"file/zone cannot be used: .*leave it out"):
        DirectoryBlobs([tmp_path / "file" / "zone"], ROOT, Ids())


def test_a_zone_that_was_left_out_or_added_keeps_nobody_from_reading(tmp_path: Path) -> None:
    async def test() -> None:
        zones = zone_paths(tmp_path)
        blobs = DirectoryBlobs(zones, ROOT, Ids())
        written = [await blobs.write(pieces_of(content(100 + number))) for number in range(6)]
        single = [await blobs.write(pieces_of(content(100 + number)), one_zone=True) for number in range(6)]
        await blobs.close()
        for remaining, readable in ((zones[:1], written), ([*zones[::-1], tmp_path / "new"], written + single)):
            blobs = DirectoryBlobs(remaining, ROOT, Ids())
            for one in readable:
                assert await read_all(blobs, one.blob, one.size) == content(one.size)
            await blobs.close()

    in_loop(test)
