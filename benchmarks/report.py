"""From samples to tables: medians over the rounds, ratios against ourselves, failures by name."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.measure import Sample
from benchmarks.rows import AUTHORISED, CALLS, DURABLE, Row
from benchmarks.tables import Table, mebibytes, micros, millis, rate

OURS = "fogstead"


def calls_tables(samples: Sequence[Sample], servers: Sequence[str], missing: dict[str, str]) -> list[Table]:
    """Processor time beside the peers, and what a client saw."""
    cpu = Table("calls", "Server CPU per operation (lower is better; x: times ours)", ["operation", *servers])
    wall = Table("wall", "Operations a second, p50 and p99 of 16 connections", ["operation", *servers])
    for row in CALLS:
        found = {server: _of(samples, row, server) for server in servers}
        base = _median(found.get(OURS, []), "cpu_us")
        cpu.rows.append([row.title, *(_cpu_cell(found[server], base, server) for server in servers)])
        wall.rows.append([row.title, *(_wall_cell(found[server]) for server in servers)])
    cpu.notes += _missing_notes(missing) + _failure_notes(samples) + _client_notes(samples)
    return [cpu, wall]


def durability_table(samples: Sequence[Sample]) -> Table:
    """`power` beside `process`."""
    columns = ["operation", "process: CPU", "power: CPU", "ratio", "process: wall", "power: wall"]
    table = Table("durability", "What durability costs (power waits for the disk before it answers)", columns)
    for row in DURABLE:
        process, power = _of(samples, row, OURS), _of(samples, row, f"{OURS} power")
        a, b = _median(process, "cpu_us"), _median(power, "cpu_us")
        ratio = f"{b / a:.2f}x" if a and b else "-"
        table.rows.append([row.title, _plain_cpu(a), _plain_cpu(b), ratio, _wall_cell(process), _wall_cell(power)])
    return table


def authorisation_table(samples: Sequence[Sample]) -> Table:
    """What deciding adds to a call."""
    columns = ["SQS SendMessage, who calls what", "auth enforce", "added", "auth off"]
    table = Table("authorisation", "What authorisation adds to a call (server CPU)", columns)
    base = _median(_of(samples, AUTHORISED[0], OURS), "cpu_us")
    off = _median(_of(samples, AUTHORISED[0], f"{OURS} auth off"), "cpu_us")
    for row in AUTHORISED:
        mine = _median(_of(samples, row, OURS), "cpu_us")
        added = f"{mine - base:+,.0f} us" if mine and base and row is not AUTHORISED[0] else ""
        table.rows.append([row.title, _plain_cpu(mine), added, _plain_cpu(off) if row is AUTHORISED[0] else ""])
    table.notes.append("auth off also leaves out the signature's check; the rest of the difference is authorisation.")
    return table


def start_table(samples: Sequence[Sample], servers: Sequence[str], missing: dict[str, str]) -> Table:
    """Start and memory."""
    table = Table("start", "Start to the first good call, and memory", ["", *servers])
    first = next((sample for sample in samples if sample["row"] == "first-start" and "failed" not in sample), None)

    def cells(name: str, show: Any) -> list[str]:
        values = [
            _median([s for s in samples if s["row"] == "start" and s["server"] == each], name) for each in servers
        ]
        return [show(value) if value else "-" for value in values]

    table.rows.append(["start, CPU", *cells("start_cpu_s", millis)])
    table.rows.append(["start, wall", *cells("start_wall_s", millis)])
    if first is not None:
        blank = [""] * (len(servers) - 1)
        table.rows.append(["first start ever, CPU (models are compiled once)", millis(first["start_cpu_s"]), *blank])
    table.rows.append(["memory, no service touched (PSS)", *cells("idle_pss", mebibytes)])
    table.rows.append(["memory after 200 messages (PSS)", *cells("touched_pss", mebibytes)])
    table.notes += _missing_notes(missing)
    return table


def polls_table(samples: Sequence[Sample]) -> Table:
    """Idle long polls."""
    found = [sample for sample in samples if sample["row"] == "polls" and "failed" not in sample]
    table = Table("polls", "Idle long polls on one queue", ["", OURS])
    for sample in found[-1:]:
        table.rows += [
            ["long polls open at once", f"{sample['polls']:,}"],
            ["memory of each, its connection included (PSS)", f"{sample['bytes_each'] / 1024:,.1f} KiB"],
            ["CPU to open one (connection, call, parked)", micros(sample["ramp_us_each"])],
            ["CPU while all wait, of one core", f"{sample['idle_cpu_share']:.1%}"],
            ["one message woke", f"{sample['woken']} of them in {sample['wake_ms']:.1f} ms"],
        ]
    return table


def _of(samples: Sequence[Sample], row: Row, server: str) -> list[Sample]:
    return [sample for sample in samples if sample["row"] == row.name and sample["server"] == server]


def _median(samples: Sequence[Sample], name: str) -> float:
    values = [float(sample[name]) for sample in samples if name in sample]
    return median(values) if values else 0.0


def _plain_cpu(value: float) -> str:
    return micros(value) if value else "-"


def _cpu_cell(samples: Sequence[Sample], base: float, server: str) -> str:
    value = _median(samples, "cpu_us")
    if not value:
        return "failed" if samples else "-"
    return micros(value) if server == OURS or not base else f"{micros(value)}  x{value / base:.1f}"


def _wall_cell(samples: Sequence[Sample]) -> str:
    if not _median(samples, "ops_s"):
        return "failed" if samples else "-"
    return f"{rate(_median(samples, 'ops_s'))}  {_median(samples, 'p50_ms'):.1f} / {_median(samples, 'p99_ms'):.1f} ms"


def _missing_notes(missing: dict[str, str]) -> list[str]:
    return [f"{name} is missing: {why}." for name, why in missing.items()]


def _failure_notes(samples: Sequence[Sample]) -> list[str]:
    notes = []
    for sample in samples:
        if "failed" in sample:
            notes.append(f"{sample['server']} failed at {sample['row']}: {sample['failed']}")
        elif sample.get("failures"):
            part = f"{sample['failures']:,} of {sample['failures'] + sample['operations']:,}"
            notes.append(f"{sample['server']} refused {part} at {sample['row']}: {sample['first_failure'][:120]}")
    return list(dict.fromkeys(notes))


def _client_notes(samples: Sequence[Sample]) -> list[str]:
    full = sorted({f"{s['server']} {s['row']}" for s in samples if s.get("client_cpu_share", 0) > 0.9})
    return (
        [f"The client used a whole core at {', '.join(full)}: operations a second are a lower bound."] if full else []
    )
