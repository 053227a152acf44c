"""Where objects are kept: zones in the data directory or in folders of one's own, and a key that may lie elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.commands_run import fogstead
from cloud import CloudProcess
from fogstead.cli.command import Failed
from fogstead.cli.foreground import _zones
from fogstead.main import Refused, RunningCloud, Settings, zone_folders

DATA = bytes(range(256)) * 400


def s3_of(cloud: CloudProcess) -> Any:
    return cloud.client("s3", account="000011112222")


def keep(cloud: CloudProcess) -> None:
    s3 = s3_of(cloud)
    s3.create_bucket(Bucket="zoned")
    s3.put_object(Bucket="zoned", Key="k", Body=DATA)


def kept(cloud: CloudProcess) -> bytes:
    body: bytes = s3_of(cloud).get_object(Bucket="zoned", Key="k")["Body"].read()
    return body


def copies(folder: Path) -> list[Path]:
    """The blobs in a zone."""
    return list(folder.glob("???/*"))


def test_objects_lie_in_every_zone_and_are_read_from_those_that_are_left(tmp_path: Path) -> None:
    data = tmp_path / "data"
    cloud = CloudProcess(data, "--zones", "3").start()
    try:
        keep(cloud)
        zones = zone_folders(data, 3)
        assert [zone.name for zone in zones] == ["a", "b", "c"]
        assert [len(copies(zone)) for zone in zones] == [1, 1, 1]
        copies(zones[0])[0].unlink()
        copies(zones[2])[0].write_bytes(b"spoilt")
        assert kept(cloud) == DATA
    finally:
        assert cloud.stop() == 0


def test_zones_and_key_may_lie_anywhere_and_are_found_again(tmp_path: Path) -> None:
    one, two, keys = tmp_path / "disk1" / "zone", tmp_path / "disk2" / "zone", tmp_path / "keys"
    options = ("--zones", f"{one}, {two}", "--key-dir", str(keys))
    cloud = CloudProcess(tmp_path / "data", *options).start()
    try:
        keep(cloud)
        assert cloud.stop() == 0
        assert [len(copies(zone)) for zone in (one, two)] == [1, 1]
        assert (keys / "root.key").stat().st_mode & 0o077 == 0
        assert not (tmp_path / "data" / "zones").exists()
        assert not list((tmp_path / "data").rglob("root.key"))
        assert kept(cloud.start()) == DATA
    finally:
        cloud.stop()


def test_one_zone_in_the_data_directory_is_the_rule(tmp_path: Path) -> None:
    cloud = CloudProcess(tmp_path / "data").start()
    try:
        keep(cloud)
        assert len(copies(tmp_path / "data" / "zones" / "a")) == 1
        assert (tmp_path / "data" / "keys" / "root.key").exists()
    finally:
        cloud.stop()


@pytest.mark.parametrize("count", ["0", "10", "99999999999"])
def test_there_are_one_to_nine_zones(tmp_path: Path, count: str) -> None:
    refused = fogstead("start", "--port", "0", "--zones", count, data_dir=tmp_path / "data")
    assert refused.returncode == 1
    assert refused.stderr == f"Error: --zones {count}: there may be 1 to 9 zones in the data directory.\n"


@pytest.mark.parametrize("zones", ["", ",", " , ", "-1", "+1", "\u00b2"])
def test_what_is_neither_a_number_nor_a_folder_is_refused(tmp_path: Path, zones: str) -> None:
    """Else a slip of the fingers keeps all objects in a folder of that name, wherever the shell happens to be."""
    with pytest.raises(Failed, match="--zones"):
        _zones(tmp_path, zones)


def test_folders_are_taken_from_where_the_shell_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _zones(tmp_path / "data", "./one, two/three,/four,") == (
        tmp_path / "one",
        tmp_path / "two" / "three",
        Path("/four"),
    )


def test_a_zone_is_named_once(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    refused = fogstead("start", "--port", "0", "--zones", f"{zone},{zone}", data_dir=tmp_path / "data")
    assert refused.returncode == 1
    assert refused.stderr == "Error: Blobs need one zone or several different ones.\n"


def test_zones_of_another_key_are_refused_and_nothing_is_left_open(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    first = Settings(tmp_path / "one", port=0, zones=(zone,))
    running = RunningCloud(first)
    running.directory.close()
    for _ in range(2):
        with pytest.raises(Refused, match="sealed with another root key"):
            RunningCloud(Settings(tmp_path / "two", port=0, zones=(zone,)))


def test_a_folder_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for option in (("--zones", str(tmp_path / "file")), ("--key-dir", str(tmp_path / "file" / "below"))):
        refused = fogstead("start", "--port", "0", *option, data_dir=tmp_path / "data")
        assert refused.returncode in {1, 2}
        assert "Traceback" not in refused.stderr
        assert "file" in refused.stderr


def test_a_variable_says_the_same_as_the_option(tmp_path: Path) -> None:
    refused = fogstead("start", "--port", "0", data_dir=tmp_path / "data", FOGSTEAD_ZONES="0")
    assert refused.returncode == 1
    assert "--zones 0" in refused.stderr
