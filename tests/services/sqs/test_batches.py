"""Batches: up to ten entries, each with a result of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import bodies, counts, receive, refused, send_many

MIB = 1_048_576


def entry(number: int, body: str = "x", **more: Any) -> dict[str, Any]:
    return {"Id": f"e{number}", "MessageBody": body, **more}


def test_each_entry_is_sent_by_itself_and_one_that_fails_stops_no_other(sqs: Any, queue: str) -> None:
    entries = [entry(1, "good"), entry(2, "\x00"), entry(3, "late", DelaySeconds=901), entry(4, "fine")]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["e1", "e4"]
    failed = {one["Id"]: one for one in answer["Failed"]}
    assert failed["e2"]["Code"] == "InvalidMessageContents"
    assert failed["e3"]["Code"] == "InvalidParameterValue"
    assert all(one["SenderFault"] and one["Message"] for one in failed.values())
    assert sorted(bodies(sqs, queue)) == ["fine", "good"]


def test_a_batch_in_which_all_is_well_says_that_nothing_failed(sqs: Any, queue: str) -> None:
    assert sqs.send_message_batch(QueueUrl=queue, Entries=[entry(1)])["Failed"] == []


@pytest.mark.parametrize("operation", ["send_message_batch", "delete_message_batch", "change_message_visibility_batch"])
def test_what_is_wrong_with_a_batch_as_a_whole_is_refused(sqs: Any, queue: str, operation: str) -> None:
    more = {"MessageBody": "x"} if operation.startswith("send") else {"ReceiptHandle": "x"}

    def call(*ids: str) -> None:
        getattr(sqs, operation)(QueueUrl=queue, Entries=[{"Id": one, **more} for one in ids])

    with refused("EmptyBatchRequest"):
        call()
    with refused("TooManyEntriesInBatchRequest", "11"):
        call(*(str(i) for i in range(11)))
    with refused("BatchEntryIdsNotDistinct", "a"):
        call("a", "b", "a")
    for bad in ("a b", "", "x" * 81, "é"):
        with refused("InvalidBatchEntryId"):
            call(bad)
    assert counts(sqs, queue) == (0, 0, 0)


def test_a_batch_is_at_most_one_mebibyte(sqs: Any, queue: str) -> None:
    half = "x" * (MIB // 2)
    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=[entry(1, half), entry(2, half)])["Successful"]) == 2
    with refused("BatchRequestTooLong", str(MIB)):
        sqs.send_message_batch(QueueUrl=queue, Entries=[entry(1, half), entry(2, half + "x")])
    assert counts(sqs, queue)[0] == 2


def test_attributes_count_in_a_batch_by_their_bytes(sqs: Any, queue: str) -> None:
    wide = {"a": {"DataType": "String", "StringValue": "é" * (MIB // 4)}}
    entries = [entry(1, "x", MessageAttributes=wide), entry(2, "x" * (MIB // 2), MessageAttributes={})]
    with refused("BatchRequestTooLong"):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def test_messages_are_deleted_and_changed_in_batches(sqs: Any, queue: str) -> None:
    send_many(sqs, queue, [str(i) for i in range(10)])
    got = receive(sqs, queue)
    handles = [{"Id": str(i), "ReceiptHandle": one["ReceiptHandle"]} for i, one in enumerate(got)]
    back = sqs.change_message_visibility_batch(
        QueueUrl=queue, Entries=[{**one, "VisibilityTimeout": 0} for one in handles[:3]]
    )
    assert len(back["Successful"]) == 3
    assert counts(sqs, queue) == (3, 7, 0)
    bad = {"Id": "bad", "ReceiptHandle": "garbage"}
    gone = sqs.delete_message_batch(QueueUrl=queue, Entries=[*handles[3:], bad])
    assert len(gone["Successful"]) == 7
    assert [(one["Id"], one["Code"]) for one in gone["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]
    assert counts(sqs, queue) == (3, 0, 0)


def test_a_visibility_batch_names_the_messages_that_are_not_in_flight(sqs: Any, queue: str) -> None:
    send_many(sqs, queue, ["a"])
    handle = receive(sqs, queue, VisibilityTimeout=0)[0]["ReceiptHandle"]
    answer = sqs.change_message_visibility_batch(
        QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 5}]
    )
    assert answer["Failed"][0]["Code"] == "AWS.SimpleQueueService.MessageNotInflight"


def test_a_fifo_batch_keeps_its_order(sqs: Any, fifo_queue: str) -> None:
    entries = [entry(i, str(i), MessageGroupId="g", MessageDeduplicationId=str(i)) for i in range(10)]
    answer = sqs.send_message_batch(QueueUrl=fifo_queue, Entries=entries)
    numbers = [int(one["SequenceNumber"]) for one in answer["Successful"]]
    assert numbers == sorted(numbers)
    assert bodies(sqs, fifo_queue) == [str(i) for i in range(10)]
