"""boto3 as programs use it: resources, collections, paginators, with nothing but the environment set."""

from __future__ import annotations

import boto3
import botocore.exceptions
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("client_environment")]


def test_a_queue_is_an_object_with_messages() -> None:
    service = boto3.Session().resource("sqs")
    queue = service.create_queue(QueueName="orders", Attributes={"DelaySeconds": "0"})
    queue.send_message(MessageBody="hello", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
    (message,) = queue.receive_messages(WaitTimeSeconds=5, MessageAttributeNames=["All"])
    assert message.body == "hello"
    assert message.message_attributes["a"]["StringValue"] == "b"
    message.change_visibility(VisibilityTimeout=100)
    message.delete()
    queue.reload()
    assert queue.attributes["ApproximateNumberOfMessages"] == "0"
    assert service.get_queue_by_name(QueueName="orders").url == queue.url
    queue.delete()
    with pytest.raises(service.meta.client.exceptions.QueueDoesNotExist):
        service.get_queue_by_name(QueueName="orders")


def test_collections_go_through_all_pages() -> None:
    service = boto3.Session().resource("sqs")
    made = [service.create_queue(QueueName=f"orders-{number:02}").url for number in range(12)]
    assert [queue.url for queue in service.queues.page_size(5)] == made
    assert [queue.url for queue in service.queues.filter(QueueNamePrefix="orders-1")] == made[10:]
    assert [queue.url for queue in service.queues.limit(3)] == made[:3]


def test_dead_letter_sources_come_in_pages() -> None:
    service = boto3.Session().resource("sqs")
    dead = service.create_queue(QueueName="dead")
    policy = f'{{"deadLetterTargetArn":"{dead.attributes["QueueArn"]}","maxReceiveCount":3}}'
    made = [
        service.create_queue(QueueName=f"s{number}", Attributes={"RedrivePolicy": policy}).url for number in range(5)
    ]
    assert [queue.url for queue in dead.dead_letter_source_queues.all()] == made
    pages = list(
        service.meta.client.get_paginator("list_dead_letter_source_queues").paginate(
            QueueUrl=dead.url, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["queueUrls"]) for page in pages] == [2, 2, 1]


def test_a_paginator_can_be_taken_up_where_it_was_left() -> None:
    client = boto3.Session().client("sqs")
    made = [client.create_queue(QueueName=f"orders-{number}")["QueueUrl"] for number in range(7)]
    paginator = client.get_paginator("list_queues")
    first = paginator.paginate(PaginationConfig={"PageSize": 2, "MaxItems": 3}).build_full_result()
    assert first["QueueUrls"] == made[:3]
    rest = paginator.paginate(PaginationConfig={"PageSize": 2, "StartingToken": first["NextToken"]})
    assert rest.build_full_result()["QueueUrls"] == made[3:]


def test_errors_are_caught_by_their_names() -> None:
    client = boto3.Session().client("sqs")
    with pytest.raises(client.exceptions.QueueDoesNotExist) as missing:
        client.get_queue_url(QueueName="nobody")
    assert missing.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    client.create_queue(QueueName="orders")
    with pytest.raises(client.exceptions.QueueNameExists):
        client.create_queue(QueueName="orders", Attributes={"DelaySeconds": "7"})


def test_a_wrong_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    for service, call in (("sqs", "list_queues"), ("sts", "get_caller_identity")):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            getattr(boto3.Session().client(service), call)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
