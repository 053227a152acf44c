"""The Query protocol that SQS was born with: forms signed by hand, XML answers as AWS's examples show them."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogstead.kernel.catalog import Catalog

from .helpers import arn, bodies, send, with_dead_letters

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


class Query:
    """Signs and sends forms for one account."""

    def __init__(self, cloud: Any, account: str) -> None:
        self._endpoint = cloud.endpoint
        self._credentials = Credentials(account, "test")

    def __call__(self, action: str, url: str = "", **given: str) -> ET.Element:
        """The answer's root; AssertionError unless it is a success in SQS's form."""
        status, root = self.ask(action, url, **given)
        assert status == 200, ET.tostring(root)
        assert root.tag == f"{NAMESPACE}{action}Response"
        assert root.find(f"{NAMESPACE}ResponseMetadata/{NAMESPACE}RequestId") is not None
        return root

    def ask(self, action: str, url: str = "", *, method: str = "POST", **given: str) -> tuple[int, ET.Element]:
        """(status, root of the answer)."""
        form = urlencode(
            {"Action": action, "Version": "2012-11-05", **{k.replace("_", "."): v for k, v in given.items()}}
        )
        target = url or f"{self._endpoint}/"
        if method == "GET":
            request = AWSRequest("GET", f"{target}?{form.replace('+', '%20')}")
        else:
            request = AWSRequest("POST", target, data=form)
            request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        SigV4Auth(self._credentials, "sqs", "us-east-1").add_auth(request)
        return _send(request)

    def presigned(self, url: str, **given: str) -> tuple[int, ET.Element]:
        request = AWSRequest("GET", f"{url}?{urlencode(given)}")
        SigV4QueryAuth(self._credentials, "sqs", "us-east-1").add_auth(request)
        return _send(request)


def _send(request: Any) -> tuple[int, ET.Element]:
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(
        prepared.method, f"{parts.path}?{parts.query}".rstrip("?"), prepared.body, dict(prepared.headers.items())
    )
    answer = connection.getresponse()
    raw = answer.read()
    assert answer.headers["content-type"].startswith("text/xml")
    connection.close()
    return answer.status, ET.fromstring(raw)


def texts(root: ET.Element, path: str) -> list[str]:
    """The texts at a path, written without the namespace."""
    return [one.text or "" for one in root.findall("/".join(f"{NAMESPACE}{step}" for step in path.split("/")))]


def error(root: ET.Element) -> tuple[str, str]:
    """(type, code) of an error answer."""
    assert root.tag == f"{NAMESPACE}ErrorResponse"
    assert texts(root, "RequestId")
    assert texts(root, "Error/Message")
    return texts(root, "Error/Type")[0], texts(root, "Error/Code")[0]


@pytest.fixture
def query(cloud: Any, account: str) -> Query:
    return Query(cloud, account)


def test_queues_are_made_found_and_listed(query: Query) -> None:
    made = query("CreateQueue", QueueName="q1", Attribute_1_Name="DelaySeconds", Attribute_1_Value="5",
                 Tag_1_Key="team", Tag_1_Value="blue")  # fmt: skip
    url = texts(made, "CreateQueueResult/QueueUrl")
    assert texts(query("GetQueueUrl", QueueName="q1"), "GetQueueUrlResult/QueueUrl") == url
    query("CreateQueue", QueueName="q2")
    assert len(texts(query("ListQueues"), "ListQueuesResult/QueueUrl")) == 2
    assert texts(query("ListQueues", QueueNamePrefix="q1"), "ListQueuesResult/QueueUrl") == url
    token = texts(query("ListQueues", MaxResults="1"), "ListQueuesResult/NextToken")
    assert len(texts(query("ListQueues", MaxResults="1", NextToken=token[0]), "ListQueuesResult/QueueUrl")) == 1
    tags = query("ListQueueTags", url[0])
    assert texts(tags, "ListQueueTagsResult/Tag/Key") == ["team"]
    assert texts(tags, "ListQueueTagsResult/Tag/Value") == ["blue"]


def test_attributes_stand_in_numbered_pairs(query: Query, queue: str) -> None:
    query("SetQueueAttributes", queue, Attribute_1_Name="DelaySeconds", Attribute_1_Value="7",
          Attribute_2_Name="VisibilityTimeout", Attribute_2_Value="60")  # fmt: skip
    got = query("GetQueueAttributes", queue, AttributeName_1="DelaySeconds", AttributeName_2="VisibilityTimeout")
    pairs = dict(
        zip(
            texts(got, "GetQueueAttributesResult/Attribute/Name"),
            texts(got, "GetQueueAttributesResult/Attribute/Value"),
            strict=True,
        )
    )
    assert pairs == {"DelaySeconds": "7", "VisibilityTimeout": "60"}


def test_a_message_goes_its_whole_way_through_forms(query: Query, queue: str) -> None:
    sent = query(
        "SendMessage", queue, MessageBody="This is a test message & more <x>",
        MessageAttribute_1_Name="my_attribute", MessageAttribute_1_Value_StringValue="value",
        MessageAttribute_1_Value_DataType="String",
    )  # fmt: skip
    assert texts(sent, "SendMessageResult/MD5OfMessageBody")
    assert texts(sent, "SendMessageResult/MD5OfMessageAttributes")
    got = query("ReceiveMessage", queue, MaxNumberOfMessages="5", VisibilityTimeout="15", AttributeName_1="All",
                MessageAttributeName_1="All")  # fmt: skip
    base = "ReceiveMessageResult/Message"
    assert texts(got, f"{base}/MessageId") == texts(sent, "SendMessageResult/MessageId")
    assert texts(got, f"{base}/Body") == ["This is a test message & more <x>"]
    assert texts(got, f"{base}/MD5OfBody") == texts(sent, "SendMessageResult/MD5OfMessageBody")
    assert "SentTimestamp" in texts(got, f"{base}/Attribute/Name")
    assert len(texts(got, f"{base}/Attribute/Value")) == len(texts(got, f"{base}/Attribute/Name"))
    assert texts(got, f"{base}/MessageAttribute/Name") == ["my_attribute"]
    assert texts(got, f"{base}/MessageAttribute/Value/StringValue") == ["value"]
    assert texts(got, f"{base}/MessageAttribute/Value/DataType") == ["String"]
    handle = texts(got, f"{base}/ReceiptHandle")[0]
    query("ChangeMessageVisibility", queue, ReceiptHandle=handle, VisibilityTimeout="60")
    query("DeleteMessage", queue, ReceiptHandle=handle)
    assert texts(query("ReceiveMessage", queue), f"{base}/Body") == []


def test_batches_stand_in_numbered_entries(query: Query, queue: str) -> None:
    prefix = "SendMessageBatchRequestEntry"
    sent = query("SendMessageBatch", queue, **{
        f"{prefix}.1.Id": "a", f"{prefix}.1.MessageBody": "one", f"{prefix}.2.Id": "b", f"{prefix}.2.MessageBody": "\x00",  # noqa: E501
    })  # fmt: skip
    assert texts(sent, "SendMessageBatchResult/SendMessageBatchResultEntry/Id") == ["a"]
    failed = "SendMessageBatchResult/BatchResultErrorEntry"
    assert texts(sent, f"{failed}/Id") == ["b"]
    assert texts(sent, f"{failed}/Code") == ["InvalidMessageContents"]
    assert texts(sent, f"{failed}/SenderFault") == ["true"]
    handle = texts(query("ReceiveMessage", queue), "ReceiveMessageResult/Message/ReceiptHandle")[0]
    prefix = "ChangeMessageVisibilityBatchRequestEntry"
    changed = query("ChangeMessageVisibilityBatch", queue, **{
        f"{prefix}.1.Id": "a", f"{prefix}.1.ReceiptHandle": handle, f"{prefix}.1.VisibilityTimeout": "45",
    })  # fmt: skip
    path = "ChangeMessageVisibilityBatchResult/ChangeMessageVisibilityBatchResultEntry/Id"
    assert texts(changed, path) == ["a"]
    prefix = "DeleteMessageBatchRequestEntry"
    gone = query("DeleteMessageBatch", queue, **{f"{prefix}.1.Id": "a", f"{prefix}.1.ReceiptHandle": handle})
    assert texts(gone, "DeleteMessageBatchResult/DeleteMessageBatchResultEntry/Id") == ["a"]


def test_permissions_tags_and_purges_are_forms_too(query: Query, sqs: Any, queue: str) -> None:
    query("AddPermission", queue, Label="l", AWSAccountId_1="888888888888", ActionName_1="SendMessage")
    query("RemovePermission", queue, Label="l")
    query("TagQueue", queue, Tag_1_Key="a", Tag_1_Value="1", Tag_2_Key="b", Tag_2_Value="2")
    query("UntagQueue", queue, TagKey_1="a")
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2"}
    send(sqs, queue, "x")
    query("PurgeQueue", queue)
    assert bodies(sqs, queue) == []
    query("DeleteQueue", queue)


def test_dead_letter_sources_and_move_tasks_are_listed(query: Query, sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, 1)
    listed = query("ListDeadLetterSourceQueues", dead)
    assert texts(listed, "ListDeadLetterSourceQueuesResult/QueueUrl") == [queue]
    started = query("StartMessageMoveTask", SourceArn=arn(sqs, dead))
    assert texts(started, "StartMessageMoveTaskResult/TaskHandle")
    tasks = query("ListMessageMoveTasks", SourceArn=arn(sqs, dead))
    assert texts(tasks, "ListMessageMoveTasksResult/ListMessageMoveTasksResultEntry/Status")


def test_the_queue_may_be_named_or_written_to(query: Query, queue: str) -> None:
    query("SendMessage", QueueUrl=queue, MessageBody="named")
    query("SendMessage", queue, MessageBody="written to")
    assert len(texts(query("ReceiveMessage", queue, MaxNumberOfMessages="10"), "ReceiveMessageResult/Message")) == 2


def test_a_get_request_does_the_same(query: Query, sqs: Any, queue: str) -> None:
    status, root = query.ask("SendMessage", queue, method="GET", MessageBody="by GET é+&")
    assert (status, root.tag) == (200, f"{NAMESPACE}SendMessageResponse")
    status, root = query.presigned(queue, Action="SendMessage", Version="2012-11-05", MessageBody="presigned")
    assert status == 200
    assert sorted(bodies(sqs, queue)) == ["by GET é+&", "presigned"]


ERRORS = [
    ("GetQueueUrl", {"QueueName": "none"}, 400, "AWS.SimpleQueueService.NonExistentQueue"),
    ("CreateQueue", {"QueueName": "orders", "Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "3"}, 400,
     "QueueAlreadyExists"),
    ("CreateQueue", {"QueueName": "a b"}, 400, "InvalidParameterValue"),
    ("CreateQueue", {}, 400, "MissingParameter"),
    ("SetQueueAttributes", {"Attribute.1.Name": "Nonsense", "Attribute.1.Value": "3"}, 400, "InvalidAttributeName"),
    ("SetQueueAttributes", {"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "x"}, 400,
     "InvalidAttributeValue"),
    ("SendMessage", {"MessageBody": "\x0b"}, 400, "InvalidMessageContents"),
    ("SendMessage", {}, 400, "MissingParameter"),
    ("DeleteMessage", {"ReceiptHandle": "garbage"}, 400, "ReceiptHandleIsInvalid"),
    ("SendMessageBatch", {"SendMessageBatchRequestEntry.1.Id": "a b", "SendMessageBatchRequestEntry.1.MessageBody": "x"},  # noqa: E501
     400, "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("SendMessageBatch", {f"SendMessageBatchRequestEntry.{i}.{k}": v for i in (1, 2)
                          for k, v in (("Id", "a"), ("MessageBody", "x"))}, 400,
     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ("SendMessageBatch", {f"SendMessageBatchRequestEntry.{i}.{k}": v for i in range(1, 12)
                          for k, v in (("Id", str(i)), ("MessageBody", "x"))}, 400,
     "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ("Nonsense", {}, 400, "InvalidAction"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "given", "status", "code"), ERRORS, ids=[f"{one[0]}-{one[3]}" for one in ERRORS])
def test_errors_have_the_codes_old_clients_look_for(
    query: Query, queue: str, action: str, given: dict[str, str], status: int, code: str
) -> None:
    got, root = query.ask(action, "" if action in ("GetQueueUrl", "CreateQueue") else queue, **given)
    assert (got, *error(root)) == (status, "Sender", code)


def test_errors_that_need_a_state_have_their_codes_too(query: Query, sqs: Any, queue: str) -> None:
    send(sqs, queue, "x")
    handle = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"][0]["ReceiptHandle"]
    status, root = query.ask("ChangeMessageVisibility", queue, ReceiptHandle=handle, VisibilityTimeout="5")
    assert (status, error(root)[1]) == (400, "AWS.SimpleQueueService.MessageNotInflight")
    query("PurgeQueue", queue)
    status, root = query.ask("PurgeQueue", queue)
    assert (status, error(root)[1]) == (403, "AWS.SimpleQueueService.PurgeQueueInProgress")
    query("DeleteQueue", queue)
    status, root = query.ask("CreateQueue", QueueName="orders")
    assert (status, error(root)[1]) == (400, "AWS.SimpleQueueService.QueueDeletedRecently")
    status, root = query.ask("SendMessageBatch", queue, **{"SendMessageBatchRequestEntry.1.Id": "a",
                                                           "SendMessageBatchRequestEntry.1.MessageBody": "x"})  # fmt: skip  # noqa: E501
    assert error(root)[1] == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize(
    ("name", "legacy"),
    [
        ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        ("QueueNameExists", "QueueAlreadyExists"),
        ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"),
        ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
        ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
        ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
        ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
        ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
        ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
        ("OverLimit", "OverLimit"),
        ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
        ("InvalidMessageContents", "InvalidMessageContents"),
        ("InvalidAttributeName", "InvalidAttributeName"),
    ],
)
def test_json_clients_are_told_the_old_code_beside_the_new(sqs: Any, name: str, legacy: str) -> None:
    """botocore reads the exception's class from the new name and the code from `x-amzn-query-error`."""
    service = Catalog().service("sqs")
    known = service.model.query_errors.get(name)
    assert (known[0] if known else name) == legacy
    assert hasattr(sqs.exceptions, name)
