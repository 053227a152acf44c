"""From samples to tables: medians over the rounds, ratios against ourselves, failures by name."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks import keys, objects
from benchmarks.authorised import AUTHORISED
from benchmarks.measure import Sample
from benchmarks.process import MIB
from benchmarks.rows import CALLS, DURABLE, Row
from benchmarks.tables import Table, cost, mebibytes, micros, millis, rate

OURS = "fogstead"
_MOVES = {
    "uploads": "parallel uploads, all at once",
    "large-up": "one object up, in parts of 8 MiB, 10 at a time",
    "large-down": "the same object down, in ranges of 8 MiB, 10 at a time",
}


def calls_tables(samples: Sequence[Sample], servers: Sequence[str], missing: dict[str, str]) -> list[Table]:
    """Processor time beside the peers, and what a client saw."""
    cpu = Table("calls", "Server CPU per operation (lower is better; x: times ours)", ["operation", *servers])
    wall = Table("wall", "Operations a second, p50 and p99 of 16 connections", ["operation", *servers])
    return _beside(cpu, wall, CALLS, samples, servers, missing)


def keys_tables(samples: Sequence[Sample], servers: Sequence[str], missing: dict[str, str]) -> list[Table]:
    """The same for keys and secrets."""
    cpu = Table(
        "keys", "Keys and secrets: server CPU per operation (lower is better; x: times ours)", ["operation", *servers]
    )
    wall = Table(
        "keys-wall", "Keys and secrets: operations a second, p50 and p99 of 16 connections", ["operation", *servers]
    )
    return _beside(cpu, wall, keys.ROWS, samples, servers, missing)


def objects_tables(samples: Sequence[Sample], servers: Sequence[str], missing: dict[str, str]) -> list[Table]:
    """The same for objects."""
    title = "S3: server CPU per operation (lower is better; x: times ours)"
    cpu = Table("objects", title, ["operation", *servers])
    title = "S3: operations or MiB a second, p50 and p99 of 16 connections; of 4 for 1 MiB, of 2 for 64 MiB"
    wall = Table("objects-wall", title, ["operation", *servers])
    return _beside(cpu, wall, objects.ROWS, samples, servers, missing)


def _beside(
    cpu: Table,
    wall: Table,
    rows: Sequence[Row],
    samples: Sequence[Sample],
    servers: Sequence[str],
    missing: dict[str, str],
) -> list[Table]:
    for row in rows:
        found = {server: _of(samples, row, server) for server in servers}
        if not any(found.values()):
            continue  # nobody asked for it
        base = _median(found.get(OURS, []), "cpu_us")
        cpu.rows.append([row.title, *(_cpu_cell(found[server], base, server) for server in servers)])
        wall.rows.append([row.title, *(_wall_cell(found[server]) for server in servers)])
    cpu.notes += _missing_notes(missing) + _failure_notes(samples) + _client_notes(samples)
    return [cpu, wall]


def durability_table(samples: Sequence[Sample], name: str = "durability", rows: Sequence[Row] = DURABLE) -> Table:
    """`power` beside `process`."""
    columns = ["operation", "process: CPU", "power: CPU", "ratio", "process: wall", "power: wall"]
    table = Table(name, "What durability costs (power waits for the disk before it answers)", columns)
    for row in rows:
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


def curve_table(samples: Sequence[Sample]) -> Table:
    """One page out of ever more keys."""
    columns = ["keys in the bucket", "CPU a page", "pages a second, p50 / p99"]
    table = Table("listing", "ListObjectsV2: a page of 1,000 keys", columns)
    for row in objects.CURVE:
        if found := _of(samples, row, OURS):
            table.rows.append([row.title, _cpu_cell(found, 0, OURS), _wall_cell(found)])
    table.notes += _failure_notes(samples)
    return table


def bulk_table(samples: Sequence[Sample]) -> Table:
    """Time and memory while many bytes move."""
    columns = ["", "bytes", "wall", "CPU", "memory grows by at most (RSS)", "(PSS)"]
    table = Table("bulk", "S3: moving many bytes", columns)
    for sample in samples:
        if "failed" not in sample:
            wall = f"{sample['wall_s']:,.1f} s, {sample['bytes'] / MIB / sample['wall_s']:,.0f} MiB/s"
            memory = [mebibytes(sample["rss_growth"]), mebibytes(sample["pss_growth"])]
            moved = f"{sample['bytes'] / MIB:,.0f} MiB"
            table.rows.append([_MOVES[sample["row"]], moved, wall, f"{sample['cpu_s']:,.1f} s", *memory])
    table.notes += _failure_notes(samples)
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
    return cost(value) if server == OURS or not base else f"{cost(value)}  x{value / base:.1f}"


def _wall_cell(samples: Sequence[Sample]) -> str:
    if not _median(samples, "ops_s"):
        return "failed" if samples else "-"
    each, ops = _median(samples, "bytes_each"), _median(samples, "ops_s")
    speed = f"{ops * each / MIB:,.0f} MiB/s" if each >= MIB else rate(ops)
    return f"{speed}  {_median(samples, 'p50_ms'):.1f} / {_median(samples, 'p99_ms'):.1f} ms"


def _missing_notes(missing: dict[str, str]) -> list[str]:
    return [f"{name} is missing: {why}." for name, why in missing.items()]


def _failure_notes(samples: Sequence[Sample]) -> list[str]:
    """A line for each server and reason, with the rows it holds for."""
    rows: dict[tuple[str, str], list[str]] = {}
    for sample in samples:
        if "failed" in sample:
            told = (f"{sample['server']} failed at", sample["failed"])
        elif sample.get("failures"):
            part = f"{sample['failures']:,} of {sample['failures'] + sample['operations']:,}"
            told = (f"{sample['server']} refused {part} at", sample["first_failure"][:120])
        else:
            continue
        among = rows.setdefault(told, [])
        if sample["row"] not in among:
            among.append(sample["row"])
    return [f"{what} {', '.join(names)}: {' '.join(why.split())}" for (what, why), names in rows.items()]


def _client_notes(samples: Sequence[Sample]) -> list[str]:
    full = sorted({f"{s['server']} {s['row']}" for s in samples if s.get("client_cpu_share", 0) > 0.9})
    return (
        [f"The client used a whole core at {', '.join(full)}: operations a second are a lower bound."] if full else []
    )
