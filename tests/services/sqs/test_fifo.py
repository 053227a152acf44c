"""FIFO queues: order within groups, and each message once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import attributes, bodies, counts, drain, receive, receive_one, refused, send, send_many

Advance = Callable[[float], Any]


def put(sqs: Any, queue: str, body: str, group: str = "g", **more: Any) -> Any:
    return sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId=group, **more)


@pytest.fixture
def by_content(timed: Any) -> str:
    """A FIFO queue that makes deduplication ids of bodies."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    return timed.create_queue(QueueName="content.fifo", Attributes=attributes)["QueueUrl"]


def test_messages_of_a_group_come_in_the_order_they_were_sent(sqs: Any, fifo_queue: str) -> None:
    send(sqs, fifo_queue, *"abcdefghijklm")
    assert drain(sqs, fifo_queue) == list("abcdefghijklm")


def test_sequence_numbers_grow_and_have_twenty_digits(sqs: Any, fifo_queue: str) -> None:
    numbers = [put(sqs, fifo_queue, str(i), MessageDeduplicationId=str(i))["SequenceNumber"] for i in range(5)]
    assert numbers == sorted(numbers)
    assert {len(number) for number in numbers} == {20}
    got = receive(sqs, fifo_queue, MessageSystemAttributeNames=["All"])
    assert [one["Attributes"]["SequenceNumber"] for one in got] == numbers
    assert got[0]["Attributes"]["MessageGroupId"] == "g"
    assert got[0]["Attributes"]["MessageDeduplicationId"] == "0"


def test_a_group_with_a_message_in_flight_is_locked_and_others_are_not(sqs: Any, fifo_queue: str) -> None:
    for group in ("a", "b"):
        for i in range(2):
            put(sqs, fifo_queue, f"{group}{i}", group, MessageDeduplicationId=f"{group}{i}")
    first = receive_one(sqs, fifo_queue)
    assert first is not None
    assert first["Body"] == "a0"
    assert bodies(sqs, fifo_queue) == ["b0", "b1"]
    assert bodies(sqs, fifo_queue) == []
    sqs.delete_message(QueueUrl=fifo_queue, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(sqs, fifo_queue) == ["a1"]


def test_a_group_stays_locked_until_all_that_came_out_together_are_gone_or_back(
    timed: Any, timed_fifo: str, advance: Advance
) -> None:
    send(timed, timed_fifo, "a", "b", "c")
    got = receive(timed, timed_fifo, 2, VisibilityTimeout=100)
    timed.delete_message(QueueUrl=timed_fifo, ReceiptHandle=got[0]["ReceiptHandle"])
    assert bodies(timed, timed_fifo) == []
    timed.change_message_visibility(QueueUrl=timed_fifo, ReceiptHandle=got[1]["ReceiptHandle"], VisibilityTimeout=10)
    advance(11)
    assert bodies(timed, timed_fifo) == ["b", "c"]


def test_a_message_brought_back_early_waits_for_those_that_came_out_with_it(sqs: Any, fifo_queue: str) -> None:
    send(sqs, fifo_queue, "a", "b", "c")
    first, second = receive(sqs, fifo_queue, 2)
    for one in (first, second):
        assert bodies(sqs, fifo_queue) == []
        sqs.change_message_visibility(QueueUrl=fifo_queue, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(sqs, fifo_queue) == ["a", "b", "c"]


def test_messages_that_were_not_deleted_come_again_in_order(timed: Any, timed_fifo: str, advance: Advance) -> None:
    send(timed, timed_fifo, "a", "b", "c")
    assert bodies(timed, timed_fifo) == ["a", "b", "c"]
    advance(31)
    assert bodies(timed, timed_fifo) == ["a", "b", "c"]


def test_a_deduplication_id_counts_for_five_minutes(timed: Any, timed_fifo: str, advance: Advance) -> None:
    first = put(timed, timed_fifo, "a", MessageDeduplicationId="x")
    again = put(timed, timed_fifo, "other", MessageDeduplicationId="x")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert drain(timed, timed_fifo) == ["a"]
    advance(290)
    put(timed, timed_fifo, "b", MessageDeduplicationId="x")
    assert drain(timed, timed_fifo) == []
    advance(11)
    put(timed, timed_fifo, "c", MessageDeduplicationId="x")
    assert drain(timed, timed_fifo) == ["c"]


def test_without_a_deduplication_id_the_body_can_be_one(timed: Any, by_content: str) -> None:
    put(timed, by_content, "a")
    put(timed, by_content, "a")
    put(timed, by_content, "a", MessageDeduplicationId="own")
    put(timed, by_content, "b")
    assert drain(timed, by_content) == ["a", "a", "b"]


def test_a_deduplication_id_may_count_within_its_group_only(sqs: Any) -> None:
    scope = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
    queue = sqs.create_queue(QueueName="scoped.fifo", Attributes=scope)["QueueUrl"]
    for group in ("a", "b", "a"):
        put(sqs, queue, group, group, MessageDeduplicationId="x")
    assert sorted(drain(sqs, queue)) == ["a", "b"]


def test_what_a_fifo_queue_asks_of_a_message_is_told(sqs: Any, fifo_queue: str, queue: str) -> None:
    with refused("MissingParameter", "MessageGroupId"):
        sqs.send_message(QueueUrl=fifo_queue, MessageBody="x", MessageDeduplicationId="x")
    with refused("InvalidParameterValue", "ContentBasedDeduplication"):
        put(sqs, fifo_queue, "x")
    with refused("InvalidParameterValue", "DelaySeconds"):
        put(sqs, fifo_queue, "x", MessageDeduplicationId="x", DelaySeconds=1)
    with refused("InvalidParameterValue", "MessageDeduplicationId"):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageDeduplicationId="x")
    for bad in ("a b", "x" * 129, "é"):
        with refused("InvalidParameterValue", "MessageGroupId"):
            put(sqs, fifo_queue, "x", bad, MessageDeduplicationId="x")
        with refused("InvalidParameterValue", "MessageDeduplicationId"):
            put(sqs, fifo_queue, "x", MessageDeduplicationId=bad)
    assert counts(sqs, fifo_queue) == (0, 0, 0)


def test_a_fifo_queues_delay_is_for_all_its_messages(timed: Any, timed_fifo: str, advance: Advance) -> None:
    timed.set_queue_attributes(QueueUrl=timed_fifo, Attributes={"DelaySeconds": "60"})
    send(timed, timed_fifo, "a", "b")
    assert counts(timed, timed_fifo) == (0, 0, 2)
    assert bodies(timed, timed_fifo) == []
    advance(61)
    assert bodies(timed, timed_fifo) == ["a", "b"]


def test_an_expired_handle_is_refused(timed: Any, timed_fifo: str, advance: Advance) -> None:
    send(timed, timed_fifo, "a")
    got = receive_one(timed, timed_fifo)
    assert got is not None
    advance(31)
    with refused("InvalidParameterValue", "expired"):
        timed.delete_message(QueueUrl=timed_fifo, ReceiptHandle=got["ReceiptHandle"])
    assert bodies(timed, timed_fifo) == ["a"]


def test_a_repeated_receive_attempt_gets_the_same_messages(timed: Any, timed_fifo: str, advance: Advance) -> None:
    send(timed, timed_fifo, "a", "b", "c")
    first = receive(timed, timed_fifo, 2, ReceiveRequestAttemptId="try")
    assert [one["Body"] for one in first] == ["a", "b"]
    assert bodies(timed, timed_fifo) == []
    again = receive(timed, timed_fifo, 2, ReceiveRequestAttemptId="try")
    assert [one["MessageId"] for one in again] == [one["MessageId"] for one in first]
    timed.delete_message(QueueUrl=timed_fifo, ReceiptHandle=again[0]["ReceiptHandle"])
    assert bodies(timed, timed_fifo, ReceiveRequestAttemptId="try") == []
    advance(31)
    assert bodies(timed, timed_fifo, ReceiveRequestAttemptId="try") == ["b", "c"]


def test_receive_attempts_are_for_fifo_queues(sqs: Any, queue: str, fifo_queue: str) -> None:
    with refused("InvalidParameterValue", "ReceiveRequestAttemptId"):
        receive(sqs, queue, ReceiveRequestAttemptId="x")
    with refused("InvalidParameterValue", "ReceiveRequestAttemptId"):
        receive(sqs, fifo_queue, ReceiveRequestAttemptId="a b")


def test_messages_left_in_sight_do_not_come_twice_in_one_answer(sqs: Any, fifo_queue: str) -> None:
    send(sqs, fifo_queue, "a", "b")
    put(sqs, fifo_queue, "c", "other", MessageDeduplicationId="c")
    for _ in range(2):
        assert sorted(bodies(sqs, fifo_queue, VisibilityTimeout=0)) == ["a", "b", "c"]


def test_many_groups_that_have_expired_hide_no_message(timed: Any, advance: Advance) -> None:
    short = {"FifoQueue": "true", "MessageRetentionPeriod": "100"}
    queue = timed.create_queue(QueueName="short.fifo", Attributes=short)["QueueUrl"]
    for at in range(0, 350, 10):
        entries = [
            {"Id": str(i), "MessageBody": "old", "MessageGroupId": f"g{at + i}", "MessageDeduplicationId": f"{at + i}"}
            for i in range(10)
        ]
        timed.send_message_batch(QueueUrl=queue, Entries=entries)
    for at in range(0, 30, 10):
        entries = [
            {"Id": str(i), "MessageBody": "old", "MessageGroupId": "g", "MessageDeduplicationId": f"g{at + i}"}
            for i in range(10)
        ]
        timed.send_message_batch(QueueUrl=queue, Entries=entries)
    advance(101)
    put(timed, queue, "new", "g", MessageDeduplicationId="new")
    assert bodies(timed, queue) == ["new"]


def test_many_locked_groups_hide_no_message(sqs: Any, fifo_queue: str) -> None:
    for i in range(40):
        put(sqs, fifo_queue, "x", f"g{i}", MessageDeduplicationId=str(i))
    while receive(sqs, fifo_queue):
        pass
    put(sqs, fifo_queue, "new", "free", MessageDeduplicationId="new")
    assert bodies(sqs, fifo_queue) == ["new"]


def test_a_purge_empties_all_groups(sqs: Any, fifo_queue: str) -> None:
    send(sqs, fifo_queue, "a", "b")
    receive_one(sqs, fifo_queue)
    sqs.purge_queue(QueueUrl=fifo_queue)
    assert counts(sqs, fifo_queue) == (0, 0, 0)
    send(sqs, fifo_queue, "c")
    assert bodies(sqs, fifo_queue) == ["c"]


def test_a_standard_queue_keeps_the_group_a_sender_names(sqs: Any, queue: str) -> None:
    send_many(sqs, queue, ["a"], MessageGroupId="tenant")
    got = receive_one(sqs, queue, MessageSystemAttributeNames=["MessageGroupId"])
    assert got is not None
    assert got["Attributes"] == {"MessageGroupId": "tenant"}
    assert "FifoQueue" not in attributes(sqs, queue)
