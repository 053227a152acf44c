"""A queue's attributes: defaults, limits, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess

from .helpers import arn, attributes, refused, send

LIMITS = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}


def test_a_new_queue_has_the_documented_defaults(sqs: Any, queue: str, account: str) -> None:
    have = attributes(sqs, queue)
    created = have.pop("CreatedTimestamp")
    assert have.pop("LastModifiedTimestamp") == created
    assert len(created) == 10
    assert have == {
        "QueueArn": f"arn:aws:sqs:us-east-1:{account}:orders",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "false",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }


def test_a_new_fifo_queue_has_the_documented_defaults(sqs: Any, fifo_queue: str) -> None:
    have = attributes(sqs, fifo_queue)
    wanted = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }
    assert {name: have[name] for name in wanted} == wanted


def test_only_what_was_asked_for_is_shown(sqs: Any, queue: str) -> None:
    assert attributes(sqs, queue, "DelaySeconds", "FifoQueue") == {"DelaySeconds": "0"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)
    with refused("InvalidAttributeName", "Nonsense"):
        attributes(sqs, queue, "Nonsense")


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_are_taken_within_their_limits_only(sqs: Any, queue: str, name: str) -> None:
    low, high = LIMITS[name]
    for value in (low, high):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: str(value)})
        assert attributes(sqs, queue, name) == {name: str(value)}
    for bad in (str(low - 1), str(high + 1), "", "x", "1.5", " 1"):
        with refused("InvalidAttributeValue", name):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: bad})
    assert attributes(sqs, queue, name) == {name: str(high)}


def test_unknown_attributes_are_refused_and_change_nothing(sqs: Any, queue: str) -> None:
    with refused("InvalidAttributeName"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "3", "Nonsense": "1"})
    with refused("InvalidAttributeName"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"QueueArn": "x"})
    assert attributes(sqs, queue, "DelaySeconds") == {"DelaySeconds": "0"}


def test_fifo_attributes_are_for_fifo_queues(sqs: Any, queue: str, fifo_queue: str) -> None:
    for name, value in (("ContentBasedDeduplication", "true"), ("DeduplicationScope", "queue")):
        with refused("InvalidAttributeName"):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"FifoQueue": "true"})
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=fifo_queue, Attributes={"FifoQueue": "false"})
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=fifo_queue, Attributes={"FifoThroughputLimit": "perMessageGroupId"})
    high = {"FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}
    sqs.set_queue_attributes(QueueUrl=fifo_queue, Attributes=high)
    assert attributes(sqs, fifo_queue, *high) == high


ENCRYPTION = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")


def test_a_queue_that_is_made_over_http_is_not_encrypted(sqs: Any, queue: str) -> None:
    assert attributes(sqs, queue, *ENCRYPTION) == {"SqsManagedSseEnabled": "false"}


def test_a_queue_that_is_made_over_tls_is_encrypted(cloud: CloudProcess, account: str) -> None:
    own_tls = cloud.tls_client("sqs", account)
    url = own_tls.create_queue(QueueName="orders")["QueueUrl"]
    assert attributes(own_tls, url, *ENCRYPTION) == {"SqsManagedSseEnabled": "true"}
    plain = own_tls.create_queue(QueueName="plain", Attributes={"SqsManagedSseEnabled": "false"})["QueueUrl"]
    assert attributes(own_tls, plain, *ENCRYPTION) == {"SqsManagedSseEnabled": "false"}
    own_tls.send_message(QueueUrl=url, MessageBody="hello")
    assert own_tls.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_one_encryption_takes_the_place_of_the_other(sqs: Any, queue: str) -> None:
    def change(**given: str) -> dict[str, str]:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=given)
        return attributes(sqs, queue, *ENCRYPTION)

    own, none = {"SqsManagedSseEnabled": "true"}, {"SqsManagedSseEnabled": "false"}
    kms = {"KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": "300", **none}
    assert change(SqsManagedSseEnabled="true") == own
    assert change(KmsMasterKeyId="alias/aws/sqs") == kms
    assert change(KmsDataKeyReusePeriodSeconds="60") == {**kms, "KmsDataKeyReusePeriodSeconds": "60"}
    assert change(SqsManagedSseEnabled="true") == own
    assert change(KmsDataKeyReusePeriodSeconds="900") == own
    assert change(KmsMasterKeyId="", SqsManagedSseEnabled="false") == none
    with refused("InvalidAttributeValue", "one type of server-side encryption"):
        change(KmsMasterKeyId="alias/aws/sqs", SqsManagedSseEnabled="true")
    for name, value in (
        ("KmsDataKeyReusePeriodSeconds", "59"),
        ("KmsDataKeyReusePeriodSeconds", "86401"),
        ("SqsManagedSseEnabled", "yes"),
    ):
        with refused("InvalidAttributeValue", name):
            change(**{name: value})


def test_a_queue_with_another_key_is_another_queue(sqs: Any) -> None:
    given = {"KmsMasterKeyId": "alias/aws/sqs"}
    for _ in range(2):
        sqs.create_queue(QueueName="q", Attributes=given)
    with refused("QueueNameExists", "KmsMasterKeyId"):
        sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": "alias/other"})
    with refused("QueueNameExists", "Kms"):
        sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": ""})


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        '{"maxReceiveCount": 3}',
        '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:x"}',
        '{"deadLetterTargetArn": "nonsense", "maxReceiveCount": 3}',
        '{"deadLetterTargetArn": "arn:aws:sns:us-east-1:123456789012:x", "maxReceiveCount": 3}',
        '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:", "maxReceiveCount": 3}',
        '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:x", "maxReceiveCount": 3}',
        '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:x", "maxReceiveCount": "x"}',
    ],
)
def test_redrive_policies_that_mean_nothing_are_refused(sqs: Any, queue: str, policy: str) -> None:
    with refused("InvalidAttributeValue", "RedrivePolicy"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


@pytest.mark.parametrize("receives", [0, 1001, -1])
def test_the_receives_of_a_redrive_policy_are_one_to_a_thousand(sqs: Any, queue: str, receives: int) -> None:
    dead = arn(sqs, sqs.create_queue(QueueName="dead")["QueueUrl"])
    for good in (1, 1000, "5"):
        policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": good})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
        assert attributes(sqs, queue, "RedrivePolicy")["RedrivePolicy"] == policy
    with refused("InvalidAttributeValue", "1 to 1000"):
        policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": receives})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_documents_are_taken_away_with_an_empty_value(sqs: Any, queue: str) -> None:
    allow = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": allow})
    assert attributes(sqs, queue, "RedriveAllowPolicy") == {"RedriveAllowPolicy": allow}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": "", "RedrivePolicy": "", "Policy": ""})
    assert attributes(sqs, queue, "RedriveAllowPolicy", "RedrivePolicy", "Policy") == {}


@pytest.mark.parametrize(
    "policy",
    [
        "[]",
        '{"redrivePermission": "some"}',
        '{"redrivePermission": "byQueue"}',
        '{"redrivePermission": "allowAll", "sourceQueueArns": ["arn:aws:sqs:us-east-1:123456789012:x"]}',
        json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:1:x"] * 11}),
    ],
)
def test_redrive_allow_policies_that_mean_nothing_are_refused(sqs: Any, queue: str, policy: str) -> None:
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": policy})


def test_changing_attributes_shows_in_the_time_of_the_last_change(
    timed: Any, timed_queue: str, advance: Callable[[float], Any]
) -> None:
    advance(100)
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"DelaySeconds": "1"})
    have = attributes(timed, timed_queue)
    assert int(have["LastModifiedTimestamp"]) - int(have["CreatedTimestamp"]) >= 100


def test_counts_tell_visible_in_flight_and_delayed_apart(sqs: Any, queue: str) -> None:
    send(sqs, queue, "a", "b", "c")
    send(sqs, queue, "d", DelaySeconds=100)
    sqs.receive_message(QueueUrl=queue)
    have = attributes(sqs, queue)
    assert have["ApproximateNumberOfMessages"] == "2"
    assert have["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert have["ApproximateNumberOfMessagesDelayed"] == "1"
