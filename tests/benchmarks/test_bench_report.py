"""Samples become the right tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import authorisation_table, calls_tables, durability_table
from benchmarks.sampled import OUTSIDE, stage_of
from benchmarks.tables import Table, write_between_markers


def sample(row: str, server: str, cpu: float, **more: Any) -> dict[str, Any]:
    """One that went well."""
    figures = {"ops_s": 1e6 / cpu, "p50_ms": 1.0, "p99_ms": 2.0, "operations": 100, "failures": 0, "first_failure": ""}
    return {"row": row, "server": server, "cpu_us": cpu, **figures, **more}


def test_ratios_are_of_medians_and_against_us() -> None:
    samples = [sample("send", "fogstead", cpu) for cpu in (90, 100, 500)]
    samples += [sample("send", "moto", cpu) for cpu in (800, 1000, 1200)]
    cpu, wall = calls_tables(samples, ["fogstead", "moto"], {"fauxqs": "npm is not on this machine"})
    assert ["SQS SendMessage", "100 us", "1,000 us  x10.0"] in cpu.rows
    assert ["SQS SendMessage", "10,000/s  1.0 / 2.0 ms", "1,000/s  1.0 / 2.0 ms"] in wall.rows
    assert "fauxqs is missing: npm is not on this machine." in cpu.notes


def test_failures_are_named() -> None:
    samples = [sample("send", "fogstead", 100, failures=3, first_failure="500 oh")]
    samples.append({"row": "send", "server": "moto", "failed": "Refused: 404"})
    cpu, _ = calls_tables(samples, ["fogstead", "moto"], {})
    assert ["SQS SendMessage", "100 us", "failed"] in cpu.rows
    assert cpu.notes[:2] == ["fogstead refused 3 of 103 at send: 500 oh", "moto failed at send: Refused: 404"]


def test_durability_and_authorisation_compare_ourselves() -> None:
    samples = [sample("send", "fogstead", 100), sample("send", "fogstead power", 150)]
    assert durability_table(samples).rows[0][1:4] == ["100 us", "150 us", "1.50x"]
    samples = [sample("auth-none", "fogstead", 100), sample("auth-1", "fogstead", 117)]
    rows = {row[0]: row for row in authorisation_table(samples).rows}
    assert rows["another account, policy of 1 statement"][2] == "+17 us"


def test_a_table_stands_in_columns_and_in_markdown() -> None:
    table = Table("t", "Title", ["what", "us"], [["a|b", "1"], ["longer", "10"]], ["A note."])
    assert table.plain().splitlines()[2:6] == ["what    us", "------  --", "a|b      1", "longer  10"]
    assert "| a\\|b | 1 |" in table.markdown()
    assert table.markdown().endswith("\nA note.")


def test_only_what_is_between_the_markers_changes(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n")
    write_between_markers(file, "a", r"new \1")
    assert file.read_text() == "before\n<!-- a -->\n\nnew \\1\n\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n"
    with pytest.raises(ValueError, match="no markers c"):
        write_between_markers(file, "c", "")


@pytest.mark.parametrize(
    ("path", "function", "stage"),
    [
        ("/x/src/fogstead/gateway/http1.py", "parse_head", "head"),
        ("/x/src/fogstead/gateway/connection.py", "answer", "write"),
        ("/x/src/fogstead/gateway/connection.py", "buffer_updated", "read"),
        ("/x/src/fogstead/gateway/protocols/json.py", "decode", "decode"),
        ("/x/src/fogstead/gateway/protocols/tree.py", "anything", None),
        ("/x/src/fogstead/primitives/store/sqlite.py", "put", "store"),
        ("/x/src/fogstead/primitives/ids.py", "uuid", None),
        ("/usr/lib/python3.11/hmac.py", "digest", None),
        ("/usr/lib/python3.11/asyncio/runners.py", "run", OUTSIDE),
    ],
)
def test_functions_belong_to_stages(path: str, function: str, stage: str | None) -> None:
    assert stage_of(path, function) == stage
