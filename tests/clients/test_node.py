"""The AWS SDK for JavaScript, version 3."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.install import CLIENTS
from clients.programs import missing_client, run

pytestmark = [pytest.mark.slow, pytest.mark.needs("node")]

PROGRAMS = Path(__file__).parent / "node"
MIB = 1024 * 1024


@pytest.fixture
def node(environment: dict[str, str], tmp_path: Path) -> Callable[[str], Any]:
    """Runs one of the programs and gives what it saw."""
    modules = CLIENTS / "node" / "node_modules"
    if not modules.exists():
        missing_client("AWS SDK for JavaScript")
    (tmp_path / "node_modules").symlink_to(modules)

    def seen(program: str) -> Any:
        shutil.copy(PROGRAMS / program, tmp_path / program)
        finished = run(["node", program], environment, tmp_path)
        assert finished.code == 0, finished.err
        return finished.json

    return seen


def test_a_javascript_program_works_with_queues(node: Callable[[str], Any]) -> None:
    seen = node("queues.mjs")
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


def test_a_javascript_program_works_with_objects(node: Callable[[str], Any]) -> None:
    seen = node("objects.mjs")
    assert seen["put"] == [True, True, True]
    assert seen["got"] == ["hello & <goodbye> é", "text/plain; charset=utf-8", {"who": "fog"}]
    assert sorted((tag["Key"], tag["Value"]) for tag in seen["tags"]) == [("stage", "t est"), ("team", "blue")]
    assert seen["retagged"] == [{"Key": "a", "Value": "b"}]
    assert seen["streamed"] is True
    assert seen["range"] == [f"bytes 9-16/{3 * MIB}", "streamed"]
    assert seen["parts"][0].endswith('-3"')
    assert seen["parts"][1:] == ["video/mp4", True, 14 * MIB]
    assert seen["second"] == [3, 5 * MIB, 6]
    assert (seen["aborted"], seen["noUpload"]) == ("AbortError", "NoSuchUpload")
    assert seen["copy"] == [True, {"who": "copy"}]
    assert seen["pages"] == [2, 2, 1]
    assert seen["top"] == [["a folder/", "page/"], ["copy", "parts", "streamed"]]
    assert seen["presignedGet"] == "hello & <goodbye> é"
    assert (seen["presignedPut"], seen["sent"], seen["presignedWrong"]) == (200, "sent by fetch", 403)
    assert (seen["posted"], seen["form"]) == (204, "posted by a form")
    assert seen["missing"] == ["NoSuchKey", 404]
    assert seen["noHead"] == ["NotFound", 404]
    assert seen["notEmpty"] == ["BucketNotEmpty", 409]
    assert seen["deleted"] == [True, 0]
