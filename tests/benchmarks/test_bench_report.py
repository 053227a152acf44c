"""Samples become the right tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import keys, objects
from benchmarks.process import MIB
from benchmarks.report import (
    authorisation_table,
    bulk_table,
    calls_tables,
    curve_table,
    durability_table,
    keys_tables,
    objects_tables,
)
from benchmarks.run import DOCUMENT, FULL, NAMES, needed, wanted_names
from benchmarks.sampled import ACCOUNTS, OUTSIDE, attribute, stage_of
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


def test_one_reason_is_told_once_for_all_its_rows() -> None:
    failed = [{"row": row, "server": "fauxqs", "failed": "Refused: 413\n too large"} for row in ("put-64m", "get-64m")]
    cpu, wall = objects_tables([*failed, failed[0]], ["fogstead", "fauxqs"], {})
    assert cpu.notes == ["fauxqs failed at put-64m, get-64m: Refused: 413 too large"]
    assert ["PutObject 64 MiB", "-", "failed"] in cpu.rows
    assert ["PutObject 64 MiB", "-", "failed"] in wall.rows


def test_large_bodies_are_told_in_milliseconds_and_mebibytes() -> None:
    large = sample("put-64m", "fogstead", 220_000, ops_s=2.5, bytes_each=64 * MIB)
    small = sample("put-1k", "fogstead", 140)
    cpu, wall = objects_tables([large, small, sample("put-64m", "moto", 440_000)], ["fogstead", "moto"], {})
    assert ["PutObject 64 MiB", "220.0 ms", "440.0 ms  x2.0"] in cpu.rows
    assert ["PutObject 1 KiB", "140 us", "-"] in cpu.rows
    assert wall.rows[1][1] == "160 MiB/s  1.0 / 2.0 ms"


def test_keys_have_tables_of_their_own() -> None:
    cpu, wall = keys_tables([sample("sign", "fogstead", 200), sample("send", "fogstead", 100)], ["fogstead"], {})
    assert cpu.rows == [["KMS Sign, ECC_NIST_P256", "200 us"]]
    assert wall.rows == [["KMS Sign, ECC_NIST_P256", "5,000/s  1.0 / 2.0 ms"]]


def test_a_curve_has_the_points_that_were_measured() -> None:
    table = curve_table([sample("list-1000", "fogstead", 2_400), sample("list-100000", "fogstead", 2_600)])
    assert [row[:2] for row in table.rows] == [["1,000 keys", "2,400 us"], ["100,000 keys", "2,600 us"]]


def test_moved_bytes_show_time_and_memory() -> None:
    figures = {"bytes": 1024 * MIB, "wall_s": 4.0, "cpu_s": 3.21, "rss_growth": 20 * MIB, "pss_growth": 10 * MIB}
    samples = [{"row": "uploads", "server": "fogstead", **figures}]
    table = bulk_table([*samples, {"row": "large", "server": "fogstead", "failed": "WrongAnswer: no room"}])
    assert table.rows == [
        ["parallel uploads, all at once", "1,024 MiB", "4.0 s, 256 MiB/s", "3.2 s", "20.0 MiB", "10.0 MiB"]
    ]
    assert table.notes == ["fogstead failed at large: WrongAnswer: no room"]


def test_the_document_has_a_place_for_every_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(DOCUMENT.read_text())
    tables = [
        *calls_tables([], [], {}),
        *keys_tables([], [], {}),
        *objects_tables([], [], {}),
        curve_table([]),
        bulk_table([]),
    ]
    tables += [durability_table([]), durability_table([], "objects-durability", objects.DURABLE)]
    for table in [*tables, authorisation_table([])]:
        write_between_markers(page, table.name, table.markdown())


def test_groups_stand_for_rows_and_what_takes_long_is_asked_for() -> None:
    assert wanted_names("", full=True) == set(NAMES)
    assert wanted_names("", full=False) == set(NAMES) - FULL
    assert wanted_names("send,list", full=False) == {"send", "list"}
    assert wanted_names("s3", full=False) == {
        *(row.name for row in objects.ROWS),
        *("list-1000", "list-10000", "list-100000", "objects-durability", "uploads"),
    }
    assert wanted_names("keys", full=False) == {row.name for row in keys.ROWS}
    assert wanted_names("listing", full=True) - wanted_names("listing", full=False) == {"list-1000000"}
    assert wanted_names("large", full=False) == {"large"}
    with pytest.raises(ValueError, match="no row sendd; the rows are identity"):
        wanted_names("send,sendd", full=False)


def test_only_peers_that_can_be_compared_are_needed() -> None:
    assert needed({"polls", "uploads", "list-1000"}) == set()
    assert needed({"send"}) == needed({"start"}) == {"sts and sqs"}
    assert needed({"sign"}) == {"keys and secrets"}
    assert needed({"put-1k", "put-1m"}) == {"objects", "large objects"}


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
        ("/x/src/fogstead/primitives/blobs/folder.py", "read", "blobs"),
        ("/x/src/fogstead/primitives/ids.py", "uuid", None),
        ("/x/src/fogstead/kernel/pipeline.py", "start", "pipeline"),
        ("/x/src/fogstead/kernel/pipeline.py", "_finish", ACCOUNTS),
        ("/x/src/fogstead/kernel/audit.py", "record_of", ACCOUNTS),
        ("/x/src/fogstead/services/sqs/billing.py", "bill", ACCOUNTS),
        ("/x/src/fogstead/services/sqs/queues.py", "arn", "service"),
        ("/usr/lib/python3.11/hmac.py", "digest", None),
        ("/usr/lib/python3.11/asyncio/runners.py", "run", OUTSIDE),
    ],
)
def test_functions_belong_to_stages(path: str, function: str, stage: str | None) -> None:
    assert stage_of(path, function) == stage


@pytest.mark.parametrize(
    ("outer", "inner", "stage"),
    [
        ("kernel/audit.py", "services/sqs/queues.py", ACCOUNTS),
        ("kernel/audit_log.py", "primitives/telemetry/directory.py", ACCOUNTS),
        ("kernel/pipeline.py", "services/sqs/queues.py", "service"),
        ("kernel/pipeline.py", "primitives/ids.py", "pipeline"),
    ],
)
def test_what_is_done_for_a_record_belongs_to_the_record(outer: str, inner: str, stage: str) -> None:
    assert _called_from(outer, inner) == stage


def _called_from(outer: str, inner: str) -> str:
    """The stage of a function of one file that another file calls."""
    names: dict[str, Any] = {"here": lambda: attribute(sys._getframe(1))}
    exec(compile("def inner(): return here()", f"/x/src/fogstead/{inner}", "exec"), names)
    exec(compile("def outer(): return inner()", f"/x/src/fogstead/{outer}", "exec"), names)
    return str(names["outer"]())
