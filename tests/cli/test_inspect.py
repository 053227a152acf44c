"""`fogstead inspect` reads a store and never changes it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands_run import fogstead
from cloud import CloudProcess


@pytest.fixture
def used(own_cloud: CloudProcess) -> CloudProcess:
    """A cloud with two queues, a message, a job that is due and a clock that was moved."""
    for account in ("000000000000", "111122223333"):
        sqs = own_cloud.client("sqs", account=account)
        url = sqs.create_queue(QueueName=f"orders-{account[:1]}")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="hello")
    own_cloud.advance(60)
    return own_cloud


def inspect(data_dir: Path, *options: str) -> dict[str, Any]:
    done = fogstead("inspect", data_dir, "-o", "json", *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_resources_are_shown_as_records_while_the_cloud_runs(used: CloudProcess) -> None:
    found = inspect(used.data_dir, "--collection", "sqs.Queue")
    assert found["used_by"] == f"process {used.pid}"
    assert [(row["home"], row["key"]) for row in found["rows"]] == [
        ("000000000000/us-east-1", ["orders-0"]),
        ("111122223333/us-east-1", ["orders-1"]),
    ]
    assert found["rows"][0]["value"]["name"] == "orders-0"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_kept_is_shown_after_the_end(used: CloudProcess, end: str) -> None:
    ahead = used.admin("GET", "/_fogstead/clock")["offset_millis"]
    getattr(used, end)()
    before = _digests(used.data_dir)
    found = inspect(used.data_dir)
    assert found["used_by"] == "nobody"
    collections = {row["collection"] for row in found["rows"]}
    assert {"sqs.Queue", "data", "clock", "page-key", "job"} <= collections
    moves = [row["value"] for row in found["rows"] if row["collection"] == "clock"]
    assert moves[-1] == {"offset_millis": ahead}
    assert ahead > 50_000
    assert _digests(used.data_dir) == before


def test_a_homes_rows_name_the_resource_they_belong_to(used: CloudProcess) -> None:
    found = inspect(used.data_dir, "--home", "111122223333/us-east-1", "--collection", "data")
    assert {row["home"] for row in found["rows"]} == {"111122223333/us-east-1"}
    assert {row["key"][0] for row in found["rows"]} == {"sqs.Queue/orders-1"}


def test_the_clouds_secret_is_never_shown(used: CloudProcess) -> None:
    found = inspect(used.data_dir, "--collection", "page-key")
    assert [row["value"] for row in found["rows"]] == ["secret"]


def test_more_rows_than_the_limit_are_said_to_be_there(used: CloudProcess) -> None:
    assert inspect(used.data_dir, "--limit", "1")["more"]
    shown = fogstead("inspect", used.data_dir, "--limit", "1").stdout
    assert "There are more rows than 1" in shown


def test_a_directory_without_a_store_says_what_to_do(tmp_path: Path) -> None:
    shown = fogstead("inspect", tmp_path)
    assert shown.returncode == 1
    assert "fogstead inspect DATA_DIR" in shown.stderr
    (tmp_path / "cloud.db").write_bytes(b"something else" * 100)
    assert "cannot be read as a store" in fogstead("inspect", tmp_path).stderr
    assert fogstead("inspect", tmp_path, "--home", "nowhere").returncode == 2


def _digests(folder: Path) -> dict[str, str]:
    """The store's file and log; SQLite's shared index beside them is no data."""
    files = (folder / "cloud.db", folder / "cloud.db-wal")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}
