"""pandas, pyarrow, DuckDB and s3fs on a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.programs import installed, run

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "data" / "lake.py"
MIB = 1024 * 1024


@pytest.fixture
def lake(environment: dict[str, str], tmp_path: Path) -> Callable[[str], Any]:
    """Runs one of the program's parts and gives what it saw."""
    python = installed("data", "python", "s3fs, pandas, pyarrow and DuckDB")

    def seen(part: str) -> Any:
        finished = run([python, str(PROGRAM), part], environment, tmp_path)
        assert finished.code == 0, finished.err
        return finished.json

    return seen


def test_a_dataset_is_the_same_to_every_library(lake: Callable[[str], Any]) -> None:
    seen = lake("tables")
    days = [f"day=2026-11-{day:02}" for day in range(1, 8)]
    assert seen["pandas"]["by_day"] == seen["by_day"]
    assert (seen["pandas"]["rows"], seen["pandas"]["same"], seen["pandas"]["folders"]) == (200_000, True, days)
    assert seen["pandas"]["one_day"] == {"2026-11-03": seen["by_day"]["2026-11-03"]}
    assert seen["pandas"]["csv"] == seen["csv"]

    assert seen["pyarrow"]["by_day"] == seen["by_day"]
    assert (seen["pyarrow"]["rows"], seen["pyarrow"]["one_city"]) == (200_000, 40_000)
    assert seen["pyarrow"]["size"] == 12 * MIB
    written = b"".join(bytes([number]) * MIB for number in range(12))
    assert seen["pyarrow"]["across"] == hashlib.md5(written[2 : 7 * MIB + 1]).hexdigest()
    assert (seen["pyarrow"]["files"], seen["pyarrow"]["moved"], seen["pyarrow"]["gone"]) == (8, True, True)

    assert seen["duckdb"]["by_day"] == seen["by_day"]
    assert seen["duckdb"]["city"] == 40_000
    assert seen["duckdb"]["dear"] == [True, seen["dear"]]


def test_a_bucket_is_a_disk_to_s3fs(lake: Callable[[str], Any]) -> None:
    files = lake("disk")
    small = [f"lake/files/a b/{number}.txt" for number in range(5)]
    assert files["ls"] == ["lake/files/a b", "lake/files/large.bin", "lake/files/ünï"]
    assert files["find"] == sorted([*small, "lake/files/large.bin", "lake/files/ünï/+ & %.txt"])
    assert files["glob"] == small[:3]
    assert files["du"] == 5 + len("awkward") + 17 * MIB
    assert files["across"] == [7, 7, 8, 8]
    assert files["size"] == files["copied"] == 17 * MIB
    assert files["cat"] == "awkward"
    assert files["moved"] == ["1.txt", "2.txt", "3.txt", "4.txt", "moved & away.txt"]
    assert files["left"] == []
    assert files["buckets"] == []
