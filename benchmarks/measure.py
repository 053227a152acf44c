"""One measurement: prepare, look at the first answer, warm up, then load with the server's clock beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.process import cpu_seconds, pss_bytes
from benchmarks.replay import Load
from benchmarks.rows import Row, WrongAnswer
from benchmarks.servers import Kind, NotStarted, Server
from benchmarks.wire import Connection, ConnectionLost, Refused

WARM_SECONDS = 0.3
IDLE_SECONDS = 1.0
Sample = dict[str, Any]
FAILURES = (ConnectionLost, Refused, WrongAnswer, KeyError, ValueError)


@dataclass(slots=True)
class Plan:
    """What was asked for."""

    load: Load
    rounds: int
    kinds: list[Kind]
    missing: dict[str, str] = field(default_factory=dict)


def timed(server: Server, row: Row, load: Load) -> Sample:
    """How a server does at an operation; a sample with `failed` when there is nothing to time."""
    sample: Sample = {"row": row.name, "server": server.name}
    load = replace(load, connections=row.connections, seconds=load.seconds * row.longer)
    try:
        work = row.prepare(server, load)
        work.first()
        work.run(replace(load, seconds=WARM_SECONDS))
        before = cpu_seconds(server.pid)
        outcome = work.run(load)
        used = cpu_seconds(server.pid) - before
    except FAILURES as error:
        return {**sample, "failed": f"{type(error).__name__}: {str(error)[:200]}"}
    done = outcome.operations + outcome.failures
    if outcome.failures >= outcome.operations:
        return {**sample, "failed": outcome.first_failure or "nothing was finished in time"}
    return {
        **sample,
        "cpu_us": used / done * 1e6,
        "ops_s": outcome.operations / outcome.wall,
        "p50_ms": outcome.percentile(0.5),
        "p99_ms": outcome.percentile(0.99),
        "operations": outcome.operations,
        "failures": outcome.failures,
        "first_failure": outcome.first_failure,
        "wall_s": outcome.wall,
        "connections": load.connections,
        "bytes_each": row.bytes_each,
        "client_cpu_share": outcome.client_cpu / outcome.wall,
        "engine": outcome.engine,
    }


def tried(name: str, server: Server, work: Callable[[], Sequence[Sample]]) -> Sequence[Sample]:
    """What it gives, or one sample with `failed`."""
    try:
        return work()
    except FAILURES as error:
        return [{"row": name, "server": server.name, "failed": f"{type(error).__name__}: {str(error)[:200]}"}]


def started(kind: Kind) -> Sample:
    """Start to first good call, and memory before and after some calls to SQS."""
    server = Server(kind)
    try:
        server.start()
    except NotStarted as error:
        return {"row": "start", "server": kind.name, "failed": str(error)}
    try:
        time.sleep(IDLE_SECONDS)
        idle = pss_bytes(server.pid)
        connection = Connection(server.port)
        url = connection.call(server.signer.sqs("CreateQueue", QueueName="bench-memory")).json()["QueueUrl"]
        for number in range(200):
            connection.call(server.signer.sqs("SendMessage", QueueUrl=url, MessageBody=f"{number}"))
        connection.close()
        time.sleep(IDLE_SECONDS)
        return {
            "row": "start",
            "server": kind.name,
            "start_cpu_s": server.start_cpu,
            "start_wall_s": server.start_wall,
            "idle_pss": idle,
            "touched_pss": pss_bytes(server.pid),
        }
    finally:
        server.stop()


def interleaved(
    plan: Plan,
    rows: tuple[Row, ...],
    servers: list[Server],
    keep: Callable[[Sample], None],
    step: Callable[[str], None],
) -> None:
    """Every row on every server that does it, round after round, in turning order; a pair that failed is left out."""
    hopeless: set[tuple[str, str]] = set()
    for number in range(plan.rounds):
        for row in rows:
            able = [server for server in servers if row.needs in server.kind.does]
            for server in able if number % 2 == 0 else able[::-1]:
                step(f"{row.title}: {server.name}")
                if (row.name, server.name) in hopeless:
                    continue
                sample = timed(server, row, plan.load)
                if "failed" in sample:
                    hopeless.add((row.name, server.name))
                keep({**sample, "round": number})
