"""Messages are kept for their retention period and no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import bodies, counts, receive, send, send_many

Advance = Callable[[float], Any]
DAY = 86_400


@pytest.mark.parametrize("name", ["kept", "kept.fifo"])
def test_messages_are_gone_after_their_retention(timed: Any, name: str, advance: Advance) -> None:
    fifo = {"FifoQueue": "true"} if name.endswith("fifo") else {}
    queue = timed.create_queue(QueueName=name, Attributes={**fifo, "MessageRetentionPeriod": "3600"})["QueueUrl"]
    send(timed, queue, "old")
    advance(3000)
    send(timed, queue, "young")
    advance(601)
    assert bodies(timed, queue) == ["young"]
    advance(3600)
    assert bodies(timed, queue) == []


def test_messages_are_kept_for_four_days_by_default(timed: Any, timed_queue: str, advance: Advance) -> None:
    send(timed, timed_queue, "x")
    advance(4 * DAY - 60)
    assert bodies(timed, timed_queue, VisibilityTimeout=0) == ["x"]
    advance(61)
    assert bodies(timed, timed_queue) == []


def test_receiving_a_message_does_not_keep_it_longer(timed: Any, timed_queue: str, advance: Advance) -> None:
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"MessageRetentionPeriod": "600"})
    send(timed, timed_queue, "x")
    advance(590)
    assert bodies(timed, timed_queue) == ["x"]
    advance(60)
    assert bodies(timed, timed_queue) == []


def test_changing_the_retention_counts_for_messages_that_are_there(
    timed: Any, timed_queue: str, advance: Advance
) -> None:
    send(timed, timed_queue, "x")
    advance(1000)
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"MessageRetentionPeriod": "600"})
    assert bodies(timed, timed_queue) == []


@pytest.mark.parametrize("name", ["swept", "swept.fifo"])
def test_expired_messages_that_nobody_asks_for_are_swept(timed: Any, name: str, advance: Advance) -> None:
    """In a queue whose messages were all received once, so that none lies where it was put."""
    fifo = {"FifoQueue": "true"} if name.endswith("fifo") else {}
    queue = timed.create_queue(QueueName=name, Attributes={**fifo, "MessageRetentionPeriod": "7200"})["QueueUrl"]
    for at in range(0, 1200, 10):
        own = [{"MessageGroupId": f"g{i}", "MessageDeduplicationId": f"{at + i}"} if fifo else {} for i in range(10)]
        entries = [{"Id": str(i), "MessageBody": "x", **own[i]} for i in range(10)]
        timed.send_message_batch(QueueUrl=queue, Entries=entries)
    advance(3600)
    for _ in range(120):
        receive(timed, queue, VisibilityTimeout=1)
    advance(2 * 3600)
    advance(3600)
    assert counts(timed, queue) == (0, 0, 0)


def test_many_expired_messages_hide_none_that_is_good(timed: Any, timed_queue: str, advance: Advance) -> None:
    """They were received once, so each has to be looked at and dropped."""
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"MessageRetentionPeriod": "600"})
    send_many(timed, timed_queue, [f"old-{i}" for i in range(1500)])
    advance(500)
    for _ in range(150):
        receive(timed, timed_queue, VisibilityTimeout=1)
    advance(101)
    send(timed, timed_queue, "good")
    assert bodies(timed, timed_queue) == ["good"]


def test_many_expired_fifo_messages_hide_none_that_is_good(timed: Any, timed_fifo: str, advance: Advance) -> None:
    timed.set_queue_attributes(QueueUrl=timed_fifo, Attributes={"MessageRetentionPeriod": "600"})
    for at in range(0, 700, 10):
        entries = [
            {"Id": str(i), "MessageBody": "old", "MessageGroupId": f"g{at}", "MessageDeduplicationId": f"{at + i}"}
            for i in range(10)
        ]
        timed.send_message_batch(QueueUrl=timed_fifo, Entries=entries)
    advance(601)
    send(timed, timed_fifo, "good")
    assert bodies(timed, timed_fifo) == ["good"]
