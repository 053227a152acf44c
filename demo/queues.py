"""A real file through a standard and a FIFO queue, with kill -9 on the way.

Starts a cloud of its own on a free port with a temporary data directory. Half of the lines go through a standard
queue, half through a FIFO queue, by several processes that send and several that receive. The server is killed
with -9 and started again while they work. At the end every line is accounted for: none lost, none invented, none out of
order in the FIFO queue; duplicates are counted with their cause.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from benchmarks.servers import Server, fogstead
from benchmarks.tables import Table, mebibytes
from benchmarks.wire import Connection
from demo import source
from demo.kills import kill
from demo.screen import Screen, say, show
from demo.verdict import Verdict, judge, receipts
from demo.workers import VISIBILITY_SECONDS, Queue, Task, consume, produce

_TICK_SECONDS = 0.1
_TITLE = "Fogstead: a file through two queues, with kill -9 on the way"


@dataclass(slots=True)
class Flow:
    """A queue with the processes around it and the marks they make."""

    queue: Queue
    sent: Any
    received: Any
    deleted: Any
    logs: list[Path] = field(default_factory=list)
    producers: list[SpawnProcess] = field(default_factory=list)
    consumers: list[SpawnProcess] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines go through it."""
        return self.queue.end - self.queue.first

    def counts(self) -> dict[tuple[str, str], int]:
        """How far it is."""
        marks = {"sent": self.sent, "received": self.received, "deleted": self.deleted}
        return {(self.queue.name, what): bytes(mark).count(1) for what, mark in marks.items()}


class Demo:
    """One run."""

    def __init__(self, asked: argparse.Namespace, text: source.Text, folder: Path) -> None:
        self._asked, self._text, self._folder = asked, text, folder
        self._server = Server(fogstead(), data=folder / "server")
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._flows: list[Flow] = []
        self.outages: list[float] = []
        self.seconds = 0.0

    @property
    def origin(self) -> str:
        """Where the lines come from."""
        return self._text.origin

    # ------------------------------------------------------------- before
    def prepare(self) -> None:
        """Start the cloud, make the queues."""
        (self._folder / "server").mkdir()
        self._server.start()
        half = self._asked.lines // 2
        for name, first, end, more in (
            ("lines", 0, half, {}),
            ("lines.fifo", half, self._asked.lines, {"FifoQueue": "true"}),
        ):
            attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), **more}
            request = self._server.signer.sqs("CreateQueue", QueueName=name, Attributes=attributes)
            url = Connection(self._server.port).call(request).json()["QueueUrl"]
            queue = Queue("FIFO queue" if more else "standard queue", url, bool(more), first, end)
            marks = [self._context.RawArray("B", self._asked.lines) for _ in range(3)]
            self._flows.append(Flow(queue, *marks))

    def _employ(self) -> None:
        for flow in self._flows:
            for share in range(self._asked.producers):
                flow.producers.append(self._hire(produce, self._task(flow, share, "p"), flow.sent))
            for share in range(self._asked.consumers):
                task = self._task(flow, share, "c")
                flow.logs.append(task.log)
                flow.consumers.append(self._hire(consume, task, flow.received, flow.deleted))

    def _task(self, flow: Flow, share: int, kind: str) -> Task:
        log = self._folder / f"{kind}-{int(flow.queue.fifo)}-{share}.log"
        producers = self._asked.producers
        return Task(self._server.port, flow.queue, self._text.lines, share, producers, self._stop, os.getpid(), log)

    def _hire(self, work: Callable[..., None], *arguments: Any) -> SpawnProcess:
        process = self._context.Process(target=work, args=arguments, daemon=True)
        process.start()
        return process

    # ------------------------------------------------------------- during
    def run(self, screen: Screen) -> None:
        """Until every line has been received and deleted and both queues are empty; kills on the way."""
        for flow in self._flows:
            for what in ("sent", "received", "deleted"):
                screen.bar(flow.queue.name, what, flow.lines)
        screen.update({}, "the processes start")
        self._employ()
        began = time.monotonic()
        kills = moments(self._asked.kills, self._asked.lines, self._asked.seed)
        while True:
            counts = {key: count for flow in self._flows for key, count in flow.counts().items()}
            moved = sum(count for (_, what), count in counts.items() if what != "deleted") // 2
            screen.update(counts, "the cloud answers")
            if kills and moved >= kills[0]:
                kills.pop(0)
                kill(self._server, self.outages, self._asked.kills, screen)
            if sum(counts.values()) == 3 * self._asked.lines and not any(self._left(flow) for flow in self._flows):
                break
            if time.monotonic() - began > self._asked.limit:
                screen.event(f"not done after {self._asked.limit} s: that is the limit")
                break
            if broken := [p for flow in self._flows for p in (*flow.producers, *flow.consumers) if p.exitcode]:
                screen.event(f"{len(broken)} of the processes ended with an error")
                break
            time.sleep(_TICK_SECONDS)
        self.seconds = time.monotonic() - began
        screen.update(counts, "done")

    def _left(self, flow: Flow) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        request = self._server.signer.sqs("GetQueueAttributes", QueueUrl=flow.queue.url, AttributeNames=names)
        found = Connection(self._server.port).call(request).json()["Attributes"]
        return sum(int(value) for value in found.values())

    # ------------------------------------------------------------- after
    def verdicts(self) -> list[Verdict]:
        """Both queues' accounts."""
        self._stop.set()
        for flow in self._flows:
            for process in (*flow.producers, *flow.consumers):
                process.join(5)
        return [
            judge(flow.queue, bytes(flow.sent).count(1), receipts(flow.logs), self._left(flow)) for flow in self._flows
        ]

    def refusals(self) -> list[tuple[str, str, bool]]:
        """What a wrong secret and a changed byte are answered."""
        url, connection = self._flows[0].queue.url, Connection(self._server.port)
        good = self._server.signer.sqs("SendMessage", QueueUrl=url, MessageBody="pay 10 to Ann")
        wrong = self._server.signing(secret="guessed").sqs("SendMessage", QueueUrl=url, MessageBody="pay 10 to Ann")
        changed = good.replace(b"pay 10", b"pay 90")
        out = []
        for what, request in (("signed with a wrong secret", wrong), ("one byte changed after signing", changed)):
            reply = connection.ask(request)
            code = reply.json().get("__type", "").rpartition("#")[2] if reply.body else ""
            out.append((what, f"{reply.status} {code}", reply.status == 403))
        return out

    def stored(self) -> int:
        """Bytes in the data directory."""
        return sum(path.stat().st_size for path in (self._folder / "server").rglob("*") if path.is_file())

    def close(self) -> None:
        """End every process, by its id."""
        self._stop.set()
        for flow in self._flows:
            for process in (*flow.producers, *flow.consumers):
                if process.is_alive():
                    process.terminate()
                    process.join(5)
        self._server.stop()


def moments(kills: int, total: int, seed: int) -> list[int]:
    """How far the work is, out of a total, when the server is killed: spread out, and a little irregular."""
    random_ = random.Random(seed)
    step = total / (kills + 1)
    return [int(step * (number + random_.uniform(0.75, 1.25))) for number in range(kills)]


def _verdict_table(verdicts: list[Verdict]) -> Table:
    table = Table("verdict", "Every line accounted for", ["lines", *(verdict.queue.name for verdict in verdicts)])
    for title, name in (
        ("sent and acknowledged", "sent"),
        ("received, whole and unchanged", "received"),
        ("lost", "lost"),
        ("invented or changed", "invented"),
        ("left in the queue", "left"),
        ("duplicates: sent again, its answer was lost in a kill", "sent_again"),
        ("duplicates: came back, it was not deleted in time", "came_back"),
    ):
        table.rows.append([title, *(f"{getattr(verdict, name):,}" for verdict in verdicts)])
    order = [f"{verdict.out_of_order:,}" if verdict.queue.fifo else "not promised" for verdict in verdicts]
    table.rows.insert(5, ["out of order within its group", *order])
    return table


def _figures_table(demo: Demo, lines: int) -> Table:
    table = Table("figures", "Figures", ["", "value"])
    table.rows = [
        ["time, kills included", f"{demo.seconds:.1f} s"],
        ["lines through a queue and deleted", f"{lines / demo.seconds:,.0f}/s"],
        ["kill -9", f"{len(demo.outages)}"],
        ["longest time away, kill to first good answer", f"{max(demo.outages, default=0):.2f} s"],
        ["data directory afterwards", mebibytes(demo.stored())],
    ]
    return table


def run(asked: argparse.Namespace, folder: Path) -> int:
    """The demonstration; gives 1 when a promise was broken."""
    demo = Demo(asked, source.read(asked.lines, asked.file), folder)
    try:
        demo.prepare()
        facts = [
            ("text", demo.origin),
            ("cloud", f"http://127.0.0.1:{demo._server.port}, data in {folder}"),
            ("workers", f"{asked.producers} send and {asked.consumers} receive on each queue, in tens"),
        ]
        with Screen(_TITLE, facts) as screen:
            demo.run(screen)
        verdicts = demo.verdicts()
        refusals = demo.refusals()
        good = all(verdict.good for verdict in verdicts) and all(refused for _, _, refused in refusals)
        show(_verdict_table(verdicts), good=all(verdict.good for verdict in verdicts))
        show(_figures_table(demo, asked.lines), good=True)
        table = Table("refusals", "Requests that must be refused", ["request", "answer"])
        table.rows = [[what, answer] for what, answer, _ in refusals]
        show(table, good=all(refused for _, _, refused in refusals))
        words = "Nothing lost, nothing invented, nothing out of order, nobody let in."
        say(words if good else "A promise was broken: see the tables above.", good=good)
        return 0 if good else 1
    finally:
        demo.close()
