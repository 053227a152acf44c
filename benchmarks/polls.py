"""Many idle long polls on one queue: what they cost in memory and processor time, and that they still work."""

from __future__ import annotations

import resource
import selectors
import socket
import time
from collections.abc import Callable

from benchmarks.measure import Sample
from benchmarks.process import cpu_seconds, pss_bytes
from benchmarks.rows import new_queue
from benchmarks.servers import Server
from benchmarks.wire import Connection

WANTED = 9_900  # the cloud takes 10,000 connections, and some are ours
_RAMP_SECONDS = 10.0
_IDLE_SECONDS = 4.0
_WAIT_SECONDS = 20
_SPARE_FILES = 200


def feasible(wanted: int) -> int:
    """As many as this process may open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return wanted if hard == resource.RLIM_INFINITY else max(1, min(wanted, hard - _SPARE_FILES))


def idle_polls(server: Server, step: Callable[[str], None], wanted: int = WANTED) -> Sample:
    """Open polls for at most some seconds, watch them wait, send one message, see that one of them gets it."""
    url = new_queue(server)
    poll = server.signer.sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=_WAIT_SECONDS)
    before = pss_bytes(server.pid)
    started_cpu, began = cpu_seconds(server.pid), time.perf_counter()
    polls: list[socket.socket] = []
    try:
        for number in range(feasible(wanted)):
            line = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            polls.append(line)
            line.sendall(poll)
            if number % 500 == 499:
                step(f"opening long polls: {number + 1:,}")
                if time.perf_counter() - began > _RAMP_SECONDS:
                    break
        time.sleep(0.5)
        ramp = cpu_seconds(server.pid) - started_cpu
        step(f"{len(polls):,} long polls wait")
        cpu, at = cpu_seconds(server.pid), time.perf_counter()
        time.sleep(_IDLE_SECONDS)
        used, watched = cpu_seconds(server.pid) - cpu, time.perf_counter() - at
        held = pss_bytes(server.pid)
        with _watching(polls) as selector:
            early = len(selector.select(0))
            sent = time.perf_counter()
            Connection(server.port).call(server.signer.sqs("SendMessage", QueueUrl=url, MessageBody="wake one"))
            woken = [key.fileobj for key, _ in selector.select(2.0)]
            latency = time.perf_counter() - sent
        got = sum(b"wake one" in line.recv(4096) for line in woken)  # type: ignore[union-attr]
    finally:
        for line in polls:
            line.close()
    return {
        "row": "polls",
        "server": server.name,
        "polls": len(polls),
        "bytes_each": (held - before) / max(1, len(polls)),
        "ramp_us_each": ramp / max(1, len(polls)) * 1e6,
        "idle_cpu_share": used / watched,
        "answered_early": early,
        "woken": got,
        "wake_ms": latency * 1000,
    }


def _watching(polls: list[socket.socket]) -> selectors.BaseSelector:
    selector = selectors.DefaultSelector()
    for line in polls:
        selector.register(line, selectors.EVENT_READ)
    return selector
