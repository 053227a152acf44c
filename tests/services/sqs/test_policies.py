"""Who may do what with a queue: its policy, permissions by label, other accounts, nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from .helpers import arn, attributes, bodies, refused, send

OTHER = "888888888888"


@pytest.fixture
def other(client: Callable[..., Any]) -> Any:
    """Another account's root."""
    return client("sqs", account=OTHER)


def set_policy(sqs: Any, queue: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Resource": "*", **one} for one in statements]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(document)})


def allow(*actions: str, principal: Any = None, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal or {"AWS": OTHER}, "Action": [*actions], **more}


def test_another_account_may_nothing_and_learns_nothing(sqs: Any, queue: str, other: Any) -> None:
    for url in (queue, queue.replace("orders", "none")):
        for call in (other.receive_message, other.purge_queue, other.delete_queue, other.list_queue_tags):
            with refused("AccessDeniedException"):
                call(QueueUrl=url)


def test_a_policy_lets_another_account_do_what_it_names(sqs: Any, queue: str, other: Any, account: str) -> None:
    set_policy(sqs, queue, allow("sqs:SendMessage", "sqs:GetQueueUrl"))
    send(other, queue, "from afar")
    assert other.get_queue_url(QueueName="orders", QueueOwnerAWSAccountId=account)["QueueUrl"] == queue
    batch = [{"Id": "a", "MessageBody": "batch"}]
    assert other.send_message_batch(QueueUrl=queue, Entries=batch)["Successful"]
    with refused("AccessDeniedException"):
        other.receive_message(QueueUrl=queue)
    assert sorted(bodies(sqs, queue)) == ["batch", "from afar"]


def test_a_policy_for_one_queue_opens_no_other(sqs: Any, queue: str, other: Any) -> None:
    second = sqs.create_queue(QueueName="second")["QueueUrl"]
    set_policy(sqs, queue, allow("sqs:*", Resource=arn(sqs, queue)))
    set_policy(sqs, second, allow("sqs:*", Resource=arn(sqs, queue)))
    assert bodies(other, queue) == []
    with refused("AccessDeniedException"):
        bodies(other, second)


def test_a_denial_counts_more_than_a_permission_and_binds_the_owner(sqs: Any, queue: str, other: Any) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage"}
    set_policy(sqs, queue, allow("sqs:*"), deny)
    for one in (sqs, other):
        with refused("AccessDeniedException"):
            send(one, queue, "x")
    assert bodies(other, queue) == []


def test_conditions_are_looked_at(sqs: Any, queue: str, other: Any) -> None:
    far = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    near = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    set_policy(sqs, queue, allow("sqs:SendMessage", Condition=far))
    with refused("AccessDeniedException"):
        send(other, queue, "x")
    set_policy(sqs, queue, allow("sqs:SendMessage", Condition=near))
    send(other, queue, "x")


@pytest.mark.parametrize(
    "call",
    [
        lambda sqs, url: sqs.delete_queue(QueueUrl=url),
        lambda sqs, url: sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"}),
        lambda sqs, url: sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=[OTHER], Actions=["*"]),
        lambda sqs, url: sqs.remove_permission(QueueUrl=url, Label="l"),
    ],
)
def test_some_operations_are_never_another_accounts(sqs: Any, queue: str, other: Any, call: Any) -> None:
    set_policy(sqs, queue, allow("sqs:*"))
    with refused("AccessDeniedException"):
        call(other, queue)
    assert attributes(sqs, queue, "DelaySeconds") == {"DelaySeconds": "0"}


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": [{"Effect": "Maybe", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}',
        '{"Version": "2020-01-01", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}',
    ],
)
def test_policies_that_mean_nothing_are_refused(sqs: Any, queue: str, policy: str) -> None:
    with refused("InvalidAttributeValue", "Policy"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


def test_a_permission_is_a_statement_with_its_label(sqs: Any, queue: str, other: Any) -> None:
    sqs.add_permission(QueueUrl=queue, Label="senders", AWSAccountIds=[OTHER], Actions=["SendMessage"])
    document = json.loads(attributes(sqs, queue, "Policy")["Policy"])
    assert document["Statement"] == [
        {
            "Sid": "senders",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
            "Action": "SQS:SendMessage",
            "Resource": arn(sqs, queue),
        }
    ]
    send(other, queue, "x")
    with refused("AccessDeniedException"):
        bodies(other, queue)
    with refused("InvalidParameterValue", "Label"):
        sqs.add_permission(QueueUrl=queue, Label="senders", AWSAccountIds=[OTHER], Actions=["*"])
    sqs.remove_permission(QueueUrl=queue, Label="senders")
    assert "Policy" not in attributes(sqs, queue)
    with refused("AccessDeniedException"):
        send(other, queue, "x")


def test_permissions_that_sqs_would_not_take_are_refused(sqs: Any, queue: str) -> None:
    good = {"QueueUrl": queue, "Label": "l", "AWSAccountIds": [OTHER], "Actions": ["SendMessage"]}
    for bad, code in (
        ({"Label": "a b"}, "InvalidParameterValue"),
        ({"AWSAccountIds": ["12"]}, "InvalidParameterValue"),
        ({"Actions": ["CreateQueue"]}, "InvalidParameterValue"),
        ({"Actions": []}, "MissingParameter"),
        ({"AWSAccountIds": []}, "MissingParameter"),
        ({"Actions": ["SendMessage"] * 8}, "OverLimit"),
    ):
        with refused(code):
            sqs.add_permission(**{**good, **bad})
    with refused("InvalidParameterValue", "label"):
        sqs.remove_permission(QueueUrl=queue, Label="none")


def test_a_policy_has_at_most_twenty_statements(sqs: Any, queue: str) -> None:
    for i in range(20):
        sqs.add_permission(QueueUrl=queue, Label=f"l{i}", AWSAccountIds=[OTHER], Actions=["*"])
    with refused("OverLimit", "20"):
        sqs.add_permission(QueueUrl=queue, Label="l20", AWSAccountIds=[OTHER], Actions=["*"])


def test_unsigned_requests_are_refused(cloud: Any, queue: str) -> None:
    nobody = cloud.client("sqs", config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}))
    with refused("MissingAuthenticationTokenException"):
        nobody.receive_message(QueueUrl=queue)


def test_a_wrong_secret_is_refused(cloud: Any, account: str, sqs: Any, queue: str) -> None:
    wrong = boto3.client(
        "sqs",
        endpoint_url=cloud.endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="wrong",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}),
    )
    with refused("InvalidSignatureException"):
        send(wrong, queue, "x")
    assert bodies(sqs, queue) == []
