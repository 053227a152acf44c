"""Tasks that move dead letters back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import arn, bodies, counts, drain, receive, receive_one, refused, send, send_many, with_dead_letters

Advance = Callable[[float], Any]


def kill_all(sqs: Any, queue: str) -> None:
    """Receives everything once more than is good for it; the queue's limit is one."""
    for _ in range(2):
        while receive(sqs, queue, VisibilityTimeout=0) and counts(sqs, queue)[0]:
            pass


def task(sqs: Any, dead: str) -> dict[str, Any]:
    return sqs.list_message_move_tasks(SourceArn=arn(sqs, dead))["Results"][0]


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_dead_letters_go_back_where_they_came_from_as_new_messages(timed: Any, suffix: str, advance: Advance) -> None:
    queue, dead = with_dead_letters(timed, 1, suffix)
    send(timed, queue, *[str(i) for i in range(25)])
    old = {one["MessageId"] for one in receive(timed, queue, VisibilityTimeout=0)}
    kill_all(timed, queue)
    assert counts(timed, dead)[0] == 25
    timed.start_message_move_task(SourceArn=arn(timed, dead))
    advance(5)
    done = task(timed, dead)
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 25)
    assert "TaskHandle" not in done
    assert counts(timed, dead) == (0, 0, 0)
    got = receive_one(timed, queue, VisibilityTimeout=0, MessageSystemAttributeNames=["All"])
    assert got is not None
    assert got["MessageId"] not in old
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in got["Attributes"]


def test_dead_letters_go_where_the_task_says(timed: Any, advance: Advance) -> None:
    queue, dead = with_dead_letters(timed, 1)
    other = timed.create_queue(QueueName="other")["QueueUrl"]
    send(timed, queue, "a" * 6000, "b")
    kill_all(timed, queue)
    timed.start_message_move_task(SourceArn=arn(timed, dead), DestinationArn=arn(timed, other))
    advance(5)
    assert sorted(drain(timed, other)) == ["a" * 6000, "b"]
    assert task(timed, dead)["DestinationArn"] == arn(timed, other)


def test_a_group_longer_than_one_look_moves_whole_and_in_order(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1, ".fifo")
    other = timed.create_queue(QueueName="other.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for i in range(45):
        send(timed, dead, f"{i:02}")
    timed.start_message_move_task(SourceArn=arn(timed, dead), DestinationArn=arn(timed, other))
    advance(5)
    assert drain(timed, other) == [f"{i:02}" for i in range(45)]
    assert task(timed, dead)["Status"] == "COMPLETED"


def test_a_task_moves_as_many_a_second_as_it_is_told(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    other = timed.create_queue(QueueName="other")["QueueUrl"]
    send_many(timed, dead, [str(i) for i in range(60)])
    started = timed.start_message_move_task(
        SourceArn=arn(timed, dead), DestinationArn=arn(timed, other), MaxNumberOfMessagesPerSecond=2
    )
    advance(10)
    moved = counts(timed, other)[0]
    assert 18 <= moved <= 26
    running = task(timed, dead)
    assert running["Status"] == "RUNNING"
    assert running["TaskHandle"] == started["TaskHandle"]
    assert running["ApproximateNumberOfMessagesToMove"] == 60
    advance(40)
    assert counts(timed, other)[0] == 60


def test_a_task_of_many_messages_moves_all(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    other = timed.create_queue(QueueName="other")["QueueUrl"]
    send_many(timed, dead, [str(i) for i in range(620)])
    timed.start_message_move_task(SourceArn=arn(timed, dead), DestinationArn=arn(timed, other))
    advance(10)
    assert counts(timed, other)[0] == 620
    assert task(timed, dead)["ApproximateNumberOfMessagesMoved"] == 620


def test_a_cancelled_task_moves_no_more(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    other = timed.create_queue(QueueName="other")["QueueUrl"]
    send_many(timed, dead, [str(i) for i in range(20)])
    started = timed.start_message_move_task(
        SourceArn=arn(timed, dead), DestinationArn=arn(timed, other), MaxNumberOfMessagesPerSecond=1
    )
    with refused("UnsupportedOperation", "running"):
        timed.start_message_move_task(SourceArn=arn(timed, dead), DestinationArn=arn(timed, other))
    advance(3)
    cancelled = timed.cancel_message_move_task(TaskHandle=started["TaskHandle"])
    moved = cancelled["ApproximateNumberOfMessagesMoved"]
    advance(60)
    assert counts(timed, other)[0] == moved
    assert task(timed, dead)["Status"] == "CANCELLED"
    with refused("UnsupportedOperation"):
        timed.cancel_message_move_task(TaskHandle=started["TaskHandle"])


def test_a_message_that_came_from_nowhere_fails_the_task(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    send(timed, dead, "sent by hand")
    timed.start_message_move_task(SourceArn=arn(timed, dead))
    advance(2)
    failed = task(timed, dead)
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert bodies(timed, dead) == ["sent by hand"]


def test_a_task_whose_destination_is_deleted_fails(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    other = timed.create_queue(QueueName="other")["QueueUrl"]
    send_many(timed, dead, [str(i) for i in range(20)])
    timed.start_message_move_task(
        SourceArn=arn(timed, dead), DestinationArn=arn(timed, other), MaxNumberOfMessagesPerSecond=1
    )
    timed.delete_queue(QueueUrl=other)
    advance(5)
    assert task(timed, dead)["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_what_cannot_be_moved_is_told_at_once(sqs: Any, queue: str, account: str) -> None:
    _, dead = with_dead_letters(sqs, 1)
    fifo = sqs.create_queue(QueueName="x.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    none = f"arn:aws:sqs:us-east-1:{account}:none"
    source = arn(sqs, dead)
    with refused("InvalidParameterValue", "Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arn(sqs, queue))
    with refused("ResourceNotFoundException"):
        sqs.start_message_move_task(SourceArn=source, DestinationArn=none)
    for target in (source, arn(sqs, fifo)):
        with refused("InvalidParameterValue"):
            sqs.start_message_move_task(SourceArn=source, DestinationArn=target)
    for rate in (0, 501):
        with refused("InvalidParameterValue", "MaxNumberOfMessagesPerSecond"):
            sqs.start_message_move_task(SourceArn=source, MaxNumberOfMessagesPerSecond=rate)
    for limit in (0, 11):
        with refused("InvalidParameterValue", "MaxResults"):
            sqs.list_message_move_tasks(SourceArn=source, MaxResults=limit)
    with refused("InvalidParameterValue", "TaskHandle"):
        sqs.cancel_message_move_task(TaskHandle="garbage")


def test_a_queue_remembers_its_ten_newest_tasks(timed: Any, advance: Advance) -> None:
    _, dead = with_dead_letters(timed, 1)
    for _ in range(12):
        timed.start_message_move_task(SourceArn=arn(timed, dead))
        advance(2)
    listed = timed.list_message_move_tasks(SourceArn=arn(timed, dead), MaxResults=10)["Results"]
    assert len(listed) == 10
    started = [one["StartedTimestamp"] for one in listed]
    assert started == sorted(started, reverse=True)
    assert len(timed.list_message_move_tasks(SourceArn=arn(timed, dead))["Results"]) == 1
