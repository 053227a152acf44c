"""Valid input for SQS."""

from __future__ import annotations

import json
from typing import Any

from laws.examples import Examples, fresh

_QUIET = {"VisibilityTimeout": "43200"}


class SqsExamples(Examples):
    """Queues, each with what the operation needs in it. Visibility is long, so that no reading changes by itself."""

    service = "sqs"

    def make(self, resource: str) -> dict[str, Any]:
        assert resource == "Queue"
        return self._queue()

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        self.does("DeleteQueue", {"QueueUrl": pointers["QueueUrl"]})

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        if operation == "CreateQueue":
            return {"QueueName": fresh("orders"), "Attributes": _QUIET}
        if operation == "ListQueues":
            return {}
        here = pointers or self._queue()
        specific = getattr(self, f"_for_{operation}", None)
        given: dict[str, Any] = specific(here) if specific is not None else {"QueueUrl": here["QueueUrl"]}
        return given

    def _queue(self, **attributes: str) -> dict[str, Any]:
        name = fresh("orders")
        url = self.does("CreateQueue", {"QueueName": name, "Attributes": {**_QUIET, **attributes}})["QueueUrl"]
        return self._pointers(name, url)

    def _pointers(self, name: str, url: str) -> dict[str, Any]:
        arn = f"arn:aws:sqs:{self.caller.region}:{self.caller.account}:{name}"
        return {"QueueUrl": url, "QueueName": name, "SourceArn": arn, "Arn": arn}

    def _source_of(self, here: dict[str, Any]) -> dict[str, Any]:
        redrive = {"deadLetterTargetArn": here["Arn"], "maxReceiveCount": 1}
        return self._queue(RedrivePolicy=json.dumps(redrive))

    # ------------------------------------------------------------- by operation
    def _for_GetQueueUrl(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueName": here["QueueName"], "QueueOwnerAWSAccountId": self.caller.account}

    def _for_GetQueueAttributes(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "AttributeNames": ["All"]}

    def _for_SetQueueAttributes(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "Attributes": {"DelaySeconds": "3"}}

    def _for_TagQueue(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "Tags": {"team": "blue", "stage": "test"}}

    def _for_UntagQueue(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "TagKeys": ["team"]}

    def _for_AddPermission(self, here: dict[str, Any]) -> dict[str, Any]:
        granted = {"AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
        return {"QueueUrl": here["QueueUrl"], "Label": fresh("label"), **granted}

    def _for_RemovePermission(self, here: dict[str, Any]) -> dict[str, Any]:
        given = self._for_AddPermission(here)
        self.caller.call(self.service, "AddPermission", given)
        return {"QueueUrl": here["QueueUrl"], "Label": given["Label"]}

    def _for_SendMessage(self, here: dict[str, Any]) -> dict[str, Any]:
        attributes = {"City": {"DataType": "String", "StringValue": "Zürich"}}
        return {"QueueUrl": here["QueueUrl"], "MessageBody": "hello", "MessageAttributes": attributes}

    def _for_SendMessageBatch(self, here: dict[str, Any]) -> dict[str, Any]:
        entries = [{"Id": str(number), "MessageBody": f"hello {number}"} for number in range(2)]
        return {"QueueUrl": here["QueueUrl"], "Entries": entries}

    def _for_ReceiveMessage(self, here: dict[str, Any]) -> dict[str, Any]:
        self._send(here)
        wanted = {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]}
        return {"QueueUrl": here["QueueUrl"], "WaitTimeSeconds": 0, **wanted}

    def _for_DeleteMessage(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "ReceiptHandle": self._handle(here)}

    def _for_DeleteMessageBatch(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": here["QueueUrl"], "Entries": [{"Id": "one", "ReceiptHandle": self._handle(here)}]}

    def _for_ChangeMessageVisibility(self, here: dict[str, Any]) -> dict[str, Any]:
        return {**self._for_DeleteMessage(here), "VisibilityTimeout": 43_000}

    def _for_ChangeMessageVisibilityBatch(self, here: dict[str, Any]) -> dict[str, Any]:
        entries = [{"Id": "one", "ReceiptHandle": self._handle(here), "VisibilityTimeout": 43_000}]
        return {"QueueUrl": here["QueueUrl"], "Entries": entries}

    def _for_StartMessageMoveTask(self, here: dict[str, Any]) -> dict[str, Any]:
        self._source_of(here)
        return {"SourceArn": here["Arn"], "DestinationArn": self._queue()["Arn"], "MaxNumberOfMessagesPerSecond": 1}

    def _for_ListMessageMoveTasks(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"SourceArn": here["Arn"], "MaxResults": 10}

    def _for_CancelMessageMoveTask(self, here: dict[str, Any]) -> dict[str, Any]:
        """A task with more to move than it moves in a second, so that it runs when it is cancelled."""
        entries = [{"Id": str(number), "MessageBody": "dead"} for number in range(10)]
        for _ in range(3):
            self.does("SendMessageBatch", {"QueueUrl": here["QueueUrl"], "Entries": entries})
        return self.does("StartMessageMoveTask", self._for_StartMessageMoveTask(here))

    def _send(self, here: dict[str, Any]) -> None:
        self.caller.call(self.service, "SendMessage", self._for_SendMessage(here))

    def _handle(self, here: dict[str, Any]) -> str:
        self._send(here)
        received = self.caller.call(self.service, "ReceiveMessage", {"QueueUrl": here["QueueUrl"]}).output
        messages = received.get("Messages") or [{"ReceiptHandle": "AAAA"}]
        return str(messages[0]["ReceiptHandle"])

    # ------------------------------------------------------------- for single laws
    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        if operation == "ListQueues":
            return {}, [self._queue()["QueueUrl"] for _ in range(count)]
        here = self._queue()
        return {"QueueUrl": here["QueueUrl"]}, [self._source_of(here)["QueueUrl"] for _ in range(count)]

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "ListQueues":
            self._queue()
        else:
            arn = self.does("GetQueueAttributes", {**given, "AttributeNames": ["QueueArn"]})["Attributes"]["QueueArn"]
            self._source_of({"Arn": arn})

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        name, dead = fresh("rich") + ".fifo", fresh("dead") + ".fifo"
        self.does("CreateQueue", {"QueueName": dead, "Attributes": {"FifoQueue": "true"}})
        arn = f"arn:aws:sqs:{self.caller.region}:{self.caller.account}"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": f"{arn}:{name}"}
        attributes = {
            "DelaySeconds": "7",
            "MaximumMessageSize": "2048",
            "MessageRetentionPeriod": "86400",
            "ReceiveMessageWaitTimeSeconds": "11",
            "VisibilityTimeout": "77",
            "FifoQueue": "true",
            "ContentBasedDeduplication": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "SqsManagedSseEnabled": "false",
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{arn}:{dead}", "maxReceiveCount": 3}),
            "RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
        }
        given = {"QueueName": name, "Attributes": attributes, "tags": {"team": "blue", "stage": "é"}}
        return given, self._pointers(name, f"{self.caller.cloud.endpoint}/{self.caller.account}/{name}")
