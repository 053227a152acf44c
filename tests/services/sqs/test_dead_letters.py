"""Messages received too often move to another queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import arn, bodies, counts, receive, receive_one, refused, send, with_dead_letters

Advance = Callable[[float], Any]
EVERYTHING = {"MessageSystemAttributeNames": ["All"]}


@pytest.mark.parametrize("suffix", ["", ".fifo"])
@pytest.mark.parametrize("receives", [1, 3])
def test_a_message_is_received_so_often_and_then_moves(sqs: Any, receives: int, suffix: str) -> None:
    queue, dead = with_dead_letters(sqs, receives, suffix)
    send(sqs, queue, "poison")
    for _ in range(receives):
        assert bodies(sqs, queue, VisibilityTimeout=0) == ["poison"]
        assert bodies(sqs, dead) == []
    assert bodies(sqs, queue) == []
    assert counts(sqs, queue) == (0, 0, 0)
    assert bodies(sqs, dead) == ["poison"]


def test_a_dead_letter_keeps_its_id_its_time_and_says_where_it_came_from(timed: Any, advance: Advance) -> None:
    queue, dead = with_dead_letters(timed, 1)
    sent = timed.send_message(QueueUrl=queue, MessageBody="poison" * 1000)
    before = receive_one(timed, queue, VisibilityTimeout=0, **EVERYTHING)
    advance(100)
    receive_one(timed, queue)
    got = receive_one(timed, dead, **EVERYTHING)
    assert before is not None
    assert got is not None
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "poison" * 1000)
    assert got["Attributes"]["SentTimestamp"] == before["Attributes"]["SentTimestamp"]
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == arn(timed, queue)


def test_a_dead_letters_retention_counts_from_when_it_was_sent_in_standard_queues(timed: Any, advance: Advance) -> None:
    queue, dead = with_dead_letters(timed, 1)
    timed.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "1000"})
    send(timed, queue, "poison")
    receive_one(timed, queue, VisibilityTimeout=0)
    advance(600)
    receive_one(timed, queue)
    assert bodies(timed, dead, VisibilityTimeout=0) == ["poison"]
    advance(401)
    assert bodies(timed, dead) == []


def test_a_dead_letters_retention_begins_anew_in_fifo_queues(timed: Any, advance: Advance) -> None:
    queue, dead = with_dead_letters(timed, 1, ".fifo")
    timed.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "1000"})
    send(timed, queue, "poison")
    receive_one(timed, queue, VisibilityTimeout=0)
    advance(600)
    receive_one(timed, queue)
    advance(401)
    assert bodies(timed, dead, VisibilityTimeout=0) == ["poison"]


def test_in_a_fifo_dead_letter_queue_the_message_id_is_the_deduplication_id(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, 1, ".fifo")
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="own")
    receive_one(sqs, queue, VisibilityTimeout=0)
    receive_one(sqs, queue)
    got = receive_one(sqs, dead, **EVERYTHING)
    assert got is not None
    assert got["Attributes"]["MessageDeduplicationId"] == sent["MessageId"]
    assert got["Attributes"]["MessageGroupId"] == "g"


def test_a_poison_message_lets_the_rest_of_its_group_pass(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, 1, ".fifo")
    send(sqs, queue, "poison", "good")
    assert bodies(sqs, queue, 1, VisibilityTimeout=0) == ["poison"]
    assert bodies(sqs, queue) == ["good"]
    assert bodies(sqs, dead) == ["poison"]


def test_more_dead_letters_than_one_step_moves_are_all_moved(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, 1)
    for at in range(60):
        entries = [{"Id": str(i), "MessageBody": f"{at * 10 + i}"} for i in range(10)]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    while receive(sqs, queue, VisibilityTimeout=0):
        if counts(sqs, dead)[0]:
            break
    while receive(sqs, queue, VisibilityTimeout=0):
        pass
    assert counts(sqs, queue)[0] + counts(sqs, dead)[0] == 600
    assert counts(sqs, dead)[0] == 600


def test_without_its_dead_letter_queue_a_message_stays(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, 1)
    sqs.delete_queue(QueueUrl=dead)
    send(sqs, queue, "poison")
    for _ in range(3):
        assert bodies(sqs, queue, VisibilityTimeout=0) == ["poison"]


def test_a_dead_letter_queue_is_of_the_same_kind_account_and_region(sqs: Any, queue: str, account: str) -> None:
    fifo = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for target in (
        arn(sqs, fifo),
        f"arn:aws:sqs:us-east-1:{account}:none",
        f"arn:aws:sqs:eu-west-1:{account}:orders",
        "arn:aws:sqs:us-east-1:999999999999:orders",
    ):
        policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
        with refused("InvalidAttributeValue", "RedrivePolicy"):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_a_dead_letter_queue_says_whose_dead_letters_it_takes(sqs: Any, queue: str) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 1})
    for allow, good in (
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [arn(sqs, dead)]}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [arn(sqs, queue)]}, True),
        ({"redrivePermission": "allowAll"}, True),
    ):
        sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
        if good:
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
        else:
            with refused("InvalidAttributeValue"):
                sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_the_sources_of_a_dead_letter_queue_are_listed_in_pages(sqs: Any) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 1})
    urls = [sqs.create_queue(QueueName=f"work-{i}", Attributes={"RedrivePolicy": policy})["QueueUrl"] for i in range(5)]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == urls
    first = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=3)
    rest = sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=3, NextToken=first["NextToken"])
    assert first["queueUrls"] + rest["queueUrls"] == urls
    assert not sqs.list_dead_letter_source_queues(QueueUrl=urls[0]).get("queueUrls")
