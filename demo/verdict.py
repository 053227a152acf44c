"""What came out of the queues, held against what went in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from demo.workers import GROUPS, Queue


class Receipt(NamedTuple):
    """One message, as one consumer saw it once."""

    number: int
    at: int
    count: int
    message_id: str
    good: bool


@dataclass(slots=True)
class Verdict:
    """Of one queue. `sent_again` and `came_back` are duplicates by their cause."""

    queue: Queue
    lines: int
    sent: int
    received: int
    lost: int
    invented: int
    out_of_order: int
    sent_again: int
    came_back: int
    left: int

    @property
    def good(self) -> bool:
        """Whether the queue kept its promises; a standard queue promises no order and at least one delivery."""
        wrong = self.lost or self.invented or self.left or self.sent != self.lines
        if self.queue.fifo:
            wrong = wrong or self.out_of_order or self.sent_again
        return not wrong


def receipts(files: Iterable[Path]) -> list[Receipt]:
    """All that consumers wrote down, in the order it happened."""
    seen = []
    for file in files:
        for line in file.read_text(encoding="ascii").splitlines():
            number, at, count, message_id, good = line.split()
            seen.append(Receipt(int(number), int(at), int(count), message_id, good == "1"))
    return sorted(seen, key=lambda receipt: receipt.at)


def judge(queue: Queue, sent: int, seen: Sequence[Receipt], left: int) -> Verdict:
    """Compare."""
    by_number: dict[int, list[Receipt]] = defaultdict(list)
    for receipt in seen:
        if receipt.good:
            by_number[receipt.number].append(receipt)
    copies = sum(len({receipt.message_id for receipt in each}) - 1 for each in by_number.values())
    repeats = sum(len(each) - 1 for each in by_number.values()) - copies
    return Verdict(
        queue=queue,
        lines=queue.end - queue.first,
        sent=sent,
        received=len(by_number),
        lost=queue.end - queue.first - len(by_number),
        invented=sum(not receipt.good for receipt in seen),
        out_of_order=disorder(queue, seen) if queue.fifo else 0,
        sent_again=copies,
        came_back=repeats,
        left=left,
    )


def disorder(queue: Queue, seen: Iterable[Receipt]) -> int:
    """How often a group showed a line before the one that belongs in front of it; repeats are no disorder."""
    expected = {queue.group(number): number for number in range(queue.first, min(queue.end, queue.first + GROUPS))}
    wrong = 0
    for receipt in seen:
        if receipt.good:
            group = queue.group(receipt.number)
            wrong += receipt.number > expected[group]
            expected[group] = max(expected[group], receipt.number + GROUPS)
    return wrong
