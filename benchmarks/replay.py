"""The load: one thread, many keep-alive connections, one request under way on each.

Requests that are known beforehand go through a small C program where there is a compiler. Work whose next request
depends on the last reply is a *script*, a generator that yields requests and is sent replies, and runs here.
"""

from __future__ import annotations

import array
import os
import selectors
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path

from benchmarks.wire import ConnectionLost, Reply, ReplyReader

Script = Generator[bytes, Reply, None]
_OVERTIME_SECONDS = 30.0
_SOURCE = Path(__file__).with_name("replay.c")


class Drained(Exception):
    """A script has nothing left to do: the run ends."""


@dataclass(slots=True)
class Load:
    """How much to send. The run ends at whichever bound comes first."""

    connections: int = 16
    seconds: float = 3.0
    max_ops: int = 200_000


@dataclass(slots=True)
class Outcome:
    """What a run came to; latencies are in microseconds, of good operations only."""

    latencies: Sequence[int]
    failures: int
    wall: float
    client_cpu: float
    first_failure: str = ""
    engine: str = "Python"
    _sorted: list[int] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """How many went well."""
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the operations stayed within."""
        if not self._sorted:
            self._sorted = sorted(self.latencies)
        if not self._sorted:
            return 0.0
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))] / 1000


def replay(port: int, requests: Sequence[bytes], load: Load, tail: bytes = b"") -> Outcome:
    """Send these requests over and over, each with `tail` behind it: a large body that is kept once."""
    engine = compiled_engine()
    if engine is not None:
        return _replay_compiled(engine, port, requests, load, tail)
    following = cycle(requests)

    def one(_number: int) -> Script:
        yield next(following)

    return run_scripts(port, one, load, tail)


@cache
def compiled_engine() -> Path | None:
    """The C program, built once a run, or None where there is no compiler."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    folder = Path(__file__).with_name(".peers") / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"replay-{_SOURCE.stat().st_mtime_ns:x}"
    if not made.exists():
        fresh = folder / f"replay-{os.getpid()}"
        if subprocess.run([compiler, "-O2", "-o", fresh, _SOURCE], check=False, capture_output=True).returncode:
            return None
        fresh.replace(made)
    return made


def _replay_compiled(engine: Path, port: int, requests: Sequence[bytes], load: Load, tail: bytes = b"") -> Outcome:
    with tempfile.TemporaryDirectory(prefix="fogstead-bench-") as folder:
        batch, latencies = Path(folder) / "requests", Path(folder) / "latencies"
        with batch.open("wb") as file:
            file.write(struct.pack("=I", len(requests)))
            file.writelines(struct.pack("=I", len(each)) + each for each in requests)
            file.write(tail)
        command = [engine, str(port), batch, latencies, str(load.connections), f"{load.seconds:.3f}", str(load.max_ops)]
        limit = load.seconds + _OVERTIME_SECONDS + 30
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=limit)
        if ended.returncode:
            raise ConnectionLost(ended.stderr.strip())
        measured = array.array("I")
        measured.frombytes(latencies.read_bytes())
    _, failures, wall, cpu, *rest = ended.stdout.rstrip("\n").split(" ", 4)
    return Outcome(measured, int(failures), float(wall), float(cpu), (rest or [""])[0].strip(), "C")


class _Line:
    """One connection of the Python engine."""

    __slots__ = ("began", "left", "reader", "script", "socket", "tail")

    def __init__(self) -> None:
        self.script: Script | None = None


def run_scripts(port: int, make: Callable[[int], Script], load: Load, tail: bytes = b"") -> Outcome:
    """Run scripts one after another on each connection; one that ends counts as an operation."""
    return _Scripts(port, make, load, tail).run()


class _Scripts:
    def __init__(self, port: int, make: Callable[[int], Script], load: Load, tail: bytes) -> None:
        self._port, self._make, self._load, self._tail = port, make, load, memoryview(tail)
        self._poller = selectors.DefaultSelector()
        self._started = self._failures = self._active = 0
        self._latencies = array.array("I")
        self._first_failure = ""
        self._stopping = False

    def run(self) -> Outcome:
        cpu, start = time.process_time(), time.perf_counter()
        end = start + self._load.seconds
        for _ in range(self._load.connections):
            line = _Line()
            self._dial(line)
            self._active += 1
            self._next(line)
        while self._active > 0 and time.perf_counter() < end + _OVERTIME_SECONDS:
            for key, events in self._poller.select(0.5):
                if events & selectors.EVENT_WRITE:
                    self._push(key.data)
                if events & selectors.EVENT_READ:
                    self._readable(key.data)
            self._stopping = self._stopping or time.perf_counter() >= end
        wall = time.perf_counter() - start
        for key in list(self._poller.get_map().values()):
            self._hang_up(key.data)
        self._poller.close()
        used = time.process_time() - cpu
        return Outcome(self._latencies, self._failures, wall, used, self._first_failure)

    def _dial(self, line: _Line) -> None:
        line.socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket.setblocking(False)
        self._poller.register(line.socket, selectors.EVENT_READ, line)

    def _hang_up(self, line: _Line) -> None:
        self._poller.unregister(line.socket)
        line.socket.close()

    def _next(self, line: _Line) -> None:
        if self._stopping or self._started >= self._load.max_ops:
            self._rest(line)
            return
        line.script = self._make(self._started)
        self._started += 1
        line.began = time.perf_counter_ns()
        self._step(line, None)

    def _rest(self, line: _Line) -> None:
        line.script = None
        self._active -= 1

    def _step(self, line: _Line, reply: Reply | None) -> None:
        assert line.script is not None
        try:
            request = next(line.script) if reply is None else line.script.send(reply)
        except StopIteration:
            self._latencies.append((time.perf_counter_ns() - line.began) // 1000)
            self._next(line)
            return
        except Drained:
            self._stopping = True
            self._rest(line)
            return
        line.reader = ReplyReader()
        line.left, line.tail = memoryview(request), self._tail
        self._push(line)

    def _push(self, line: _Line) -> None:
        try:
            while line.left:
                line.left = line.left[line.socket.send(line.left) :]
                if not line.left:
                    line.left, line.tail = line.tail, memoryview(b"")
        except BlockingIOError:
            self._poller.modify(line.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, line)
            return
        except OSError:
            pass  # the reading side sees it
        self._poller.modify(line.socket, selectors.EVENT_READ, line)

    def _readable(self, line: _Line) -> None:
        try:
            data = line.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if line.script is None:
            if not data:
                self._hang_up(line)
            return
        try:
            reply = line.reader.feed(data) if data else line.reader.end()
        except ConnectionLost:
            self._fail(line, "the server closed the connection")
            self._redial(line)
            self._next(line)
            return
        if reply is None:
            return
        if reply.closes or line.left:  # what an early answer left unsent would spoil the next request
            self._redial(line)
        if reply.good:
            self._step(line, reply)
        else:
            self._fail(line, f"{reply.status} {reply.body[:300]!r}")
            self._next(line)

    def _redial(self, line: _Line) -> None:
        self._hang_up(line)
        self._dial(line)

    def _fail(self, _line: _Line, why: str) -> None:
        self._failures += 1
        self._first_failure = self._first_failure or why
