"""Producers and consumers: processes that sign for themselves, send and receive in tens, and never give up.

While the cloud is away they wait and ask again. What a worker saw is written to a file of its own; how far it is
stands in memory that all share.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from benchmarks.signing import Signer
from benchmarks.wire import Connection, ConnectionLost, Reply

TEN = 10
GROUPS = 40
VISIBILITY_SECONDS = 5
_RETRY_SECONDS = 0.02
Marks = Any  # a shared array of bytes, one for each line


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and the lines that go through it: numbers from `first` up to `end`."""

    name: str
    url: str
    fifo: bool
    first: int
    end: int

    def group(self, number: int) -> int:
        """The message group of a line."""
        return number % GROUPS


@dataclass(slots=True)
class Task:
    """What a worker is told."""

    port: int
    queue: Queue
    lines: list[str]
    share: int
    of: int
    stop: Event
    parent: int
    log: Path


class Client:
    """Asks until there is an answer; counts how often it had to ask again."""

    def __init__(self, task: Task) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us
        self._task = task
        self._connection = Connection(task.port, timeout=30)
        self._signer = Signer(f"127.0.0.1:{task.port}")
        self.asked_again = 0

    def call(self, operation: str, **given: Any) -> Any:
        """The answer's JSON. A refusal ends the worker: nothing here may be refused."""
        while True:
            try:
                reply: Reply = self._connection.ask(self._signer.sqs(operation, **given))
            except ConnectionLost:
                self.asked_again += 1
                self._pause()
                continue
            if reply.status < 500:
                if not reply.good:
                    raise SystemExit(f"{operation}: {reply.status} {reply.body[:300]!r}")
                return reply.json()
            self._pause()

    def _pause(self) -> None:
        if os.getppid() != self._task.parent:
            sys.exit(1)
        time.sleep(_RETRY_SECONDS)


def produce(task: Task, sent: Marks) -> None:
    """Send this worker's share of the lines."""
    client = Client(task)
    for numbers in (_fifo_tens if task.queue.fifo else _tens)(task):
        entries = {str(number): _entry(task, number) for number in numbers}
        while entries:
            answer = client.call("SendMessageBatch", QueueUrl=task.queue.url, Entries=list(entries.values()))
            for done in answer.get("Successful", ()):
                del entries[done["Id"]]
                sent[int(done["Id"])] = 1


def _entry(task: Task, number: int) -> dict[str, str]:
    entry = {"Id": str(number), "MessageBody": task.lines[number]}
    if task.queue.fifo:
        entry |= {"MessageGroupId": f"g{task.queue.group(number)}", "MessageDeduplicationId": str(number)}
    return entry


def _tens(task: Task) -> Iterator[range]:
    queue = task.queue
    for start in range(queue.first + task.share * TEN, queue.end, task.of * TEN):
        yield range(start, min(start + TEN, queue.end))


def _fifo_tens(task: Task) -> Iterator[range]:
    """Ten of a group, then ten of the next; a group has one producer, for only then has it one order."""
    queue = task.queue
    for start in range(queue.first, queue.end, GROUPS * TEN):
        for at in range(task.share, GROUPS, task.of):
            numbers = range(start + at, min(start + GROUPS * TEN, queue.end), GROUPS)
            if numbers:
                yield numbers


def consume(task: Task, received: Marks, deleted: Marks) -> None:
    """Receive, compare with the file, write down, delete; until told to stop."""
    client, url = Client(task), task.queue.url
    more = {
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        "MaxNumberOfMessages": TEN,
        "WaitTimeSeconds": 1,
    }
    with task.log.open("w", encoding="ascii") as log:
        while not task.stop.is_set():
            # The same attempt asked again gives the same messages: a lost answer holds no group up.
            attempt = {"ReceiveRequestAttemptId": uuid.uuid4().hex} if task.queue.fifo else {}
            messages = client.call("ReceiveMessage", QueueUrl=url, **more, **attempt).get("Messages") or []
            if not messages:
                continue
            at = time.monotonic_ns()
            numbers = []
            for place, message in enumerate(messages):
                number, good = _check(task, message["Body"])
                numbers.append(number)
                count = message["Attributes"]["ApproximateReceiveCount"]
                log.write(f"{number} {at + place} {count} {message['MessageId']} {int(good)}\n")
                if good:
                    received[number] = 1
            log.flush()
            entries = [
                {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]} for place, message in enumerate(messages)
            ]
            answer = client.call("DeleteMessageBatch", QueueUrl=url, Entries=entries)
            for done in answer.get("Successful", ()):
                if numbers[int(done["Id"])] >= 0:
                    deleted[numbers[int(done["Id"])]] = 1


def _check(task: Task, body: str) -> tuple[int, bool]:
    """The line's number, and whether it is that line of the file, and of this queue."""
    text = body.partition(" ")[0]
    number = int(text) if text.isascii() and text.isdigit() else -1
    inside = task.queue.first <= number < task.queue.end
    return (number, task.lines[number] == body) if inside else (-1, False)
