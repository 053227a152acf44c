"""The AWS SDK for JavaScript, version 3."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from clients.install import CLIENTS
from clients.programs import missing_client, run

pytestmark = [pytest.mark.slow, pytest.mark.needs("node")]

PROGRAM = Path(__file__).parent / "node" / "queues.mjs"


@pytest.fixture
def seen(environment: dict[str, str], tmp_path: Path) -> Any:
    """What the program saw."""
    modules = CLIENTS / "node" / "node_modules"
    if not modules.exists():
        missing_client("AWS SDK for JavaScript")
    shutil.copy(PROGRAM, tmp_path / PROGRAM.name)
    (tmp_path / "node_modules").symlink_to(modules)
    finished = run(["node", PROGRAM.name], environment, tmp_path)
    assert finished.code == 0, finished.err
    return finished.json


def test_a_javascript_program_works_with_queues(seen: Any) -> None:
    assert seen["identity"] == "000000000000"
    assert seen["body"] == "hello & <goodbye> é"
    assert (seen["city"], seen["raw"], seen["receives"]) == ("Zürich", [0, 1, 255], "1")
    assert seen["late"] == "late"
    assert seen["waited"] < 10
    assert seen["nothing"] == []
    assert 1 <= seen["patience"] < 10
    assert seen["pages"] == [2, 2, 1]
    assert seen["missing"] == ["QueueDoesNotExist", 400]
    assert seen["refused"][1] == 403
