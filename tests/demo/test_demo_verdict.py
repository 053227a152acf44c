"""The demonstration's judge notices what it must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.source import read
from demo.verdict import Receipt, judge, receipts
from demo.workers import GROUPS, Queue, Task, _fifo_tens, _tens

STANDARD = Queue("standard", "", fifo=False, first=0, end=100)
FIFO = Queue("fifo", "", fifo=True, first=100, end=300)


def seen(queue: Queue) -> list[Receipt]:
    """Every line once, in order."""
    return [Receipt(number, number, 1, f"m{number}", True) for number in range(queue.first, queue.end)]


@pytest.mark.parametrize("queue", [STANDARD, FIFO])
def test_all_is_well_when_every_line_came_once(queue: Queue) -> None:
    verdict = judge(queue, queue.end - queue.first, seen(queue), 0)
    assert verdict.good
    assert (verdict.lost, verdict.invented, verdict.out_of_order, verdict.sent_again, verdict.came_back) == (0,) * 5


def test_a_missing_line_is_lost() -> None:
    verdict = judge(STANDARD, 100, seen(STANDARD)[:-1], 0)
    assert (verdict.lost, verdict.good) == (1, False)


def test_a_changed_line_is_invented() -> None:
    found = seen(STANDARD)
    found[3] = replace_receipt(found[3], good=False)
    verdict = judge(STANDARD, 100, found, 0)
    assert (verdict.lost, verdict.invented, verdict.good) == (1, 1, False)


def test_duplicates_have_a_cause() -> None:
    found = [*seen(STANDARD), Receipt(1, 500, 2, "m1", True), Receipt(2, 501, 1, "other", True)]
    verdict = judge(STANDARD, 100, found, 0)
    assert (verdict.came_back, verdict.sent_again, verdict.good) == (1, 1, True)


def test_a_fifo_queue_may_repeat_but_not_copy() -> None:
    assert judge(FIFO, 200, [*seen(FIFO), Receipt(299, 999, 2, "m299", True)], 0).good
    assert not judge(FIFO, 200, [*seen(FIFO), Receipt(299, 999, 1, "other", True)], 0).good


def test_a_line_before_its_predecessor_is_out_of_order() -> None:
    found = seen(FIFO)
    at, later = 10, 10 + GROUPS
    found[at], found[later] = found[later], found[at]
    verdict = judge(FIFO, 200, found, 0)
    assert verdict.out_of_order >= 1
    assert not verdict.good


def test_groups_do_not_wait_for_each_other() -> None:
    found = sorted(seen(FIFO), key=lambda receipt: (-(receipt.number % GROUPS), receipt.number))
    assert judge(FIFO, 200, found, 0).out_of_order == 0


def test_what_is_left_in_a_queue_counts() -> None:
    assert not judge(STANDARD, 100, seen(STANDARD), 1).good


def test_receipts_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("5 20 1 m5 1\n")
    (tmp_path / "b").write_text("4 10 2 m4 0\n")
    assert receipts([tmp_path / "a", tmp_path / "b"]) == [
        Receipt(4, 10, 2, "m4", False),
        Receipt(5, 20, 1, "m5", True),
    ]


@pytest.mark.parametrize("of", [1, 2, 3])
@pytest.mark.parametrize("queue", [STANDARD, FIFO, replace(FIFO, end=1234)])
def test_producers_share_all_lines_and_keep_each_group_together(queue: Queue, of: int, tmp_path: Path) -> None:
    by_producer = []
    for share in range(of):
        task = Task(0, queue, [], share, of, None, 0, tmp_path)  # type: ignore[arg-type]
        by_producer.append([number for ten in (_fifo_tens if queue.fifo else _tens)(task) for number in ten])
    assert sorted(number for each in by_producer for number in each) == list(range(queue.first, queue.end))
    if queue.fifo:
        groups = [{queue.group(number) for number in each} for each in by_producer]
        assert sum(map(len, groups)) == len(set().union(*groups))
        for each in by_producer:
            for group in groups[by_producer.index(each)]:
                own = [number for number in each if queue.group(number) == group]
                assert own == sorted(own)


def test_every_line_of_the_text_is_different(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\n\x00two\n")
    text = read(5, tmp_path / "log")
    assert text.lines == ["0 one", "1  two", "2 one", "3  two", "4 one"]


def replace_receipt(receipt: Receipt, *, good: bool) -> Receipt:
    """The same, good or not."""
    return receipt._replace(good=good)
