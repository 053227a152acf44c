"""Folders that go up and come down again, by every program that people use for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.movers import MOVE_SECONDS, MOVERS, Mover
from clients.trees import LARGE, SMALL, Shape, alter, differences, grow
from cloud import CloudProcess

pytestmark = [pytest.mark.timeout(2 * MOVE_SECONDS), pytest.mark.usefixtures("nothing_kept")]


OVER_TLS = ("AWS CLI 1", "rclone", "s5cmd", "boto3", "AWS Common Runtime")


@pytest.fixture(params=[*MOVERS, *(f"{name} over TLS" for name in OVER_TLS)])
def mover(request: pytest.FixtureRequest) -> Mover:
    """Each program that is installed."""
    name = request.param.removesuffix(" over TLS")
    environment = "environment" if name == request.param else "tls_environment"
    return MOVERS[name](request.getfixturevalue(environment))


@pytest.fixture
def bucket(own_cloud: CloudProcess) -> str:
    own_cloud.client("s3", account="test").create_bucket(Bucket="carried")
    return "carried"


def keys(own_cloud: CloudProcess, bucket: str) -> set[str]:
    pages = own_cloud.client("s3", account="test").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {found["Key"] for page in pages for found in page.get("Contents", ())}


def carry(mover: Mover, bucket: str, folder: Path, shape: Shape) -> None:
    """Up and down; `diff -r` finds nothing."""
    grow(folder / "here", shape)
    mover.up(folder / "here", f"{bucket}/a tree")
    (folder / "back").mkdir()
    mover.down(f"{bucket}/a tree", folder / "back")
    assert differences(folder / "here", folder / "back") == ""


def test_a_tree_comes_back_as_it_went_and_only_changes_move_again(
    mover: Mover, own_cloud: CloudProcess, bucket: str, tmp_path: Path
) -> None:
    carry(mover, bucket, tmp_path, SMALL)
    here, back = tmp_path / "here", tmp_path / "back"
    names = {f"a tree/{path.relative_to(here)}" for path in here.rglob("*") if path.is_file()}
    assert keys(own_cloud, bucket) == names
    alter(here)
    said = mover.up(here, f"{bucket}/a tree")
    assert "new & fresh.txt" in said
    assert "many/" not in said
    changed = {f"a tree/{path.relative_to(here)}" for path in here.rglob("*") if path.is_file()}
    assert names - changed == {"a tree/no-extension"}
    assert keys(own_cloud, bucket) == changed
    (back / "no-extension").unlink()
    said = mover.down(f"{bucket}/a tree", back)
    assert "many/" not in said
    assert differences(here, back) == ""


@pytest.mark.slow
@pytest.mark.parametrize("mover", MOVERS, indirect=True)
def test_ten_thousand_files_and_a_gibibyte_come_back_as_they_went(mover: Mover, bucket: str, tmp_path: Path) -> None:
    carry(mover, bucket, tmp_path, LARGE)
