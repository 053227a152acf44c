"""The AWS Command Line Interface, version 1 and version 2. Debian's version 2 still speaks Query to SQS."""

from __future__ import annotations

import json

import pytest

from clients.programs import Cli

pytestmark = pytest.mark.slow


@pytest.fixture
def queue(aws: Cli) -> str:
    return aws("sqs", "create-queue", "--queue-name", "orders").json["QueueUrl"]


def test_the_caller_is_told_who_it_is(aws: Cli) -> None:
    identity = aws("sts", "get-caller-identity").json
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_a_message_is_sent_received_and_deleted(aws: Cli, queue: str) -> None:
    sent = aws("sqs", "send-message", "--queue-url", queue, "--message-body", "hello & <goodbye> é").json
    received = aws("sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "5").json["Messages"][0]
    assert received["Body"] == "hello & <goodbye> é"
    assert received["MessageId"] == sent["MessageId"]
    aws("sqs", "delete-message", "--queue-url", queue, "--receipt-handle", received["ReceiptHandle"])
    counts = aws("sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "All").json["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "0"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_message_attributes_come_back_as_they_were_sent(aws: Cli, queue: str) -> None:
    attributes = {
        "City": {"DataType": "String", "StringValue": "Zürich"},
        "Raw": {"DataType": "Binary", "BinaryValue": "AAEC"},
        "Size": {"DataType": "Number", "StringValue": "12.5"},
    }
    aws(
        *("sqs", "send-message", "--queue-url", queue, "--message-body", "x"),
        *("--message-attributes", json.dumps(attributes)),
    )
    received = aws(
        *("sqs", "receive-message", "--queue-url", queue, "--message-attribute-names", "All"),
        *("--attribute-names", "All"),
    ).json["Messages"][0]
    assert received["MessageAttributes"]["City"]["StringValue"] == "Zürich"
    assert received["MessageAttributes"]["Size"]["StringValue"] == "12.5"
    assert set(received["MessageAttributes"]) == set(attributes)
    assert received["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_batch_says_which_entries_failed(aws: Cli, queue: str) -> None:
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "x", "DelaySeconds": 901}]
    answer = aws("sqs", "send-message-batch", "--queue-url", queue, "--entries", json.dumps(entries)).json
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["bad"]


def test_a_fifo_queue_keeps_the_order_of_a_group(aws: Cli) -> None:
    attributes = json.dumps({"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    url = aws("sqs", "create-queue", "--queue-name", "orders.fifo", "--attributes", attributes).json["QueueUrl"]
    for body in ("first", "second"):
        aws("sqs", "send-message", "--queue-url", url, "--message-body", body, "--message-group-id", "g")
    received = aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10").json["Messages"]
    assert [message["Body"] for message in received] == ["first", "second"]


def test_lists_come_in_pages_of_the_size_that_was_asked(aws: Cli) -> None:
    for number in range(5):
        aws("sqs", "create-queue", "--queue-name", f"page-{number}")
    whole = aws("sqs", "list-queues").json["QueueUrls"]
    assert [url.rpartition("/")[2] for url in whole] == [f"page-{number}" for number in range(5)]
    for size in ("1", "2", "1000"):
        assert aws("sqs", "list-queues", "--page-size", size).json["QueueUrls"] == whole
    two = aws("sqs", "list-queues", "--page-size", "2", "--max-items", "3").json
    assert two["QueueUrls"] == whole[:3]
    rest = aws("sqs", "list-queues", "--page-size", "2", "--starting-token", two["NextToken"]).json
    assert rest["QueueUrls"] == whole[3:]


def test_tags_that_were_set_are_listed(aws: Cli, queue: str) -> None:
    aws("sqs", "tag-queue", "--queue-url", queue, "--tags", "team=blue,stage=é")
    assert aws("sqs", "list-queue-tags", "--queue-url", queue).json["Tags"] == {"team": "blue", "stage": "é"}
    aws("sqs", "untag-queue", "--queue-url", queue, "--tag-keys", "team")
    assert aws("sqs", "list-queue-tags", "--queue-url", queue).json["Tags"] == {"stage": "é"}


def test_a_deleted_queue_is_gone(aws: Cli, queue: str) -> None:
    aws("sqs", "delete-queue", "--queue-url", queue)
    refused = aws.refused("sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "All")
    assert refused.code in {254, 255}
    assert "AWS.SimpleQueueService.NonExistentQueue" in refused.err
    assert queue not in aws("sqs", "list-queues").out


def test_answers_are_shown_as_text_and_as_a_table(aws: Cli, queue: str) -> None:
    text = aws("sqs", "get-queue-url", "--queue-name", "orders", "--output", "text").out
    assert text.strip() == queue
    table = aws("sqs", "list-queues", "--output", "table").out
    assert "QueueUrls" in table
    assert queue in table
    assert aws("sqs", "list-queues", "--query", "QueueUrls[0]", "--output", "text").out.strip() == queue


def test_a_wrong_secret_is_refused(aws: Cli, queue: str) -> None:
    refused = aws.refused("sqs", "list-queues", AWS_SECRET_ACCESS_KEY="wrong")
    assert refused.code in {254, 255}
    assert "InvalidSignatureException" in refused.err or "SignatureDoesNotMatch" in refused.err
    assert queue not in refused.out + refused.err
    refused = aws.refused("sts", "get-caller-identity", AWS_ACCESS_KEY_ID="nobody")
    assert refused.code in {254, 255}
    assert "InvalidClientTokenId" in refused.err


def test_what_is_not_implemented_is_said_once_and_by_name(aws: Cli) -> None:
    refused = aws.refused("iam", "list-saml-providers")
    assert refused.code in {254, 255}
    assert "NotImplemented" in refused.err
    assert "ListSAMLProviders" in refused.err
