"""What SQS puts on the bill."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from fogstead.main import SAMPLE_PRICES
from services.ce.bill import Lines, go_to, lines, month, next_month, today

KIB = 1024


def _lines(cloud: CloudProcess, account: str, *by: str) -> Lines:
    return lines(cloud.client("ce", account=account), month(today(cloud)), *by)


def test_every_64_kib_are_a_request(cloud: CloudProcess, account: str, sqs: Any, queue: str) -> None:
    for size in (1, 64 * KIB, 64 * KIB + 1, 200 * KIB):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * size)
    entries = [{"Id": str(number), "MessageBody": "x" * 40 * KIB} for number in range(4)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1)["Messages"]
    size = len(received[0]["Body"])
    sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    found = _lines(cloud, account, "OPERATION")
    assert found["SendMessage"][0] == 1 + 1 + 2 + 4
    assert found["SendMessageBatch"][0] == 3
    assert found["ReceiveMessage"][0] >= -(-size // (64 * KIB)) + 1
    assert found["CreateQueue"][0] == 1


def test_an_empty_receive_costs_as_much_as_a_full_one(cloud: CloudProcess, account: str, sqs: Any, queue: str) -> None:
    for _ in range(3):
        sqs.receive_message(QueueUrl=queue)
    assert _lines(cloud, account, "OPERATION")["ReceiveMessage"][0] == 3


def test_fifo_queues_have_a_line_for_messages(cloud: CloudProcess, account: str, sqs: Any, fifo_queue: str) -> None:
    sent = {"QueueUrl": fifo_queue, "MessageBody": "x", "MessageGroupId": "g"}
    sqs.send_message(**sent, MessageDeduplicationId="1")
    sqs.receive_message(QueueUrl=fifo_queue)
    sqs.get_queue_attributes(QueueUrl=fifo_queue)
    found = _lines(cloud, account)
    assert found["Requests-FIFO-Tier1"][0] == 2
    assert found["Requests-Tier1"][0] == 2  # created, and looked at


def test_the_owner_pays_for_what_others_send(cloud: CloudProcess, account: str, sqs: Any, queue: str) -> None:
    policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    other = cloud.client("sqs", account="999999999992")
    other.send_message(QueueUrl=queue, MessageBody="x")
    with pytest.raises(ClientError):
        other.receive_message(QueueUrl=queue)
    found = _lines(cloud, account, "OPERATION")
    assert found["SendMessage"][0] == 1
    assert "ReceiveMessage" not in found
    assert _lines(cloud, "999999999992") == {}


def test_tags_of_a_queue_are_on_its_bill(cloud: CloudProcess, account: str, sqs: Any) -> None:
    url = sqs.create_queue(QueueName="tagged", tags={"team": "blue"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert _lines(cloud, account, "OPERATION", "tag:team")["SendMessage/team$blue"][0] == 1


def test_free_requests_and_tiers_go_by_the_month(tmp_path: Path, account: str) -> None:
    """10 are free, 5 cost a dollar each, and what follows costs a quarter."""
    book = json.loads(SAMPLE_PRICES.read_bytes())
    book["pools"]["sqs-requests"] = 10
    tiers = [{"up_to": 5, "price": "1"}, {"price": "0.25"}]
    book["services"]["sqs"]["lines"]["Requests-Tier1"]["prices"] = {"*": tiers}
    (tmp_path / "book.json").write_text(json.dumps(book))
    cloud = CloudProcess(tmp_path / "data", "--price-book", str(tmp_path / "book.json")).start()
    try:
        go_to(cloud, next_month(today(cloud)))
        sqs = cloud.client("sqs", account=account)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        costs = []
        for total in (10, 13, 15, 23):
            while _lines(cloud, account)["Requests-Tier1"][0] < total:
                sqs.send_message(QueueUrl=url, MessageBody="x")
            costs.append(_lines(cloud, account)["Requests-Tier1"][1])
        assert costs == [0, 3, 5, 7]
        go_to(cloud, next_month(today(cloud)))
        for _ in range(11):
            sqs.send_message(QueueUrl=url, MessageBody="x")
        assert _lines(cloud, account)["Requests-Tier1"] == (11, 1)
    finally:
        cloud.stop()


def test_counts_that_are_a_second_old_outlive_a_kill(own_cloud: CloudProcess, account: str) -> None:
    sqs = own_cloud.client("sqs", account=account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for _ in range(7):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    other = own_cloud.client("sqs").create_queue(QueueName="waited-at")["QueueUrl"]
    own_cloud.client("sqs").receive_message(QueueUrl=other, WaitTimeSeconds=3)
    own_cloud.kill()
    own_cloud.start()
    assert _lines(own_cloud, account)["Requests-Tier1"] == (Decimal(8), 0)
