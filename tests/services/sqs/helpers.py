"""What every test of SQS says again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, text: str = "") -> Iterator[None]:
    """The call inside is refused with this code (the model's name of it) and a sentence that holds `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert code in (error.get("QueryErrorCode"), error["Code"]), error
    assert text in error["Message"]


def receive(sqs: Any, queue: str, count: int = 10, **more: Any) -> list[dict[str, Any]]:
    """One receive."""
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=count, **more).get("Messages", [])


def receive_one(sqs: Any, queue: str, **more: Any) -> dict[str, Any] | None:
    """One message, or None."""
    return next(iter(receive(sqs, queue, 1, **more)), None)


def bodies(sqs: Any, queue: str, count: int = 10, **more: Any) -> list[str]:
    """The bodies one receive gives."""
    return [message["Body"] for message in receive(sqs, queue, count, **more)]


def drain(sqs: Any, queue: str, **more: Any) -> list[str]:
    """All bodies, received and deleted until nothing comes."""
    out: list[str] = []
    while found := receive(sqs, queue, **more):
        out += [message["Body"] for message in found]
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return out


def send(sqs: Any, queue: str, *texts: str, **more: Any) -> None:
    """Sends each text; in a FIFO queue the text is its own deduplication id."""
    for text in texts:
        own = {"MessageGroupId": "g", "MessageDeduplicationId": text} if queue.endswith(".fifo") else {}
        sqs.send_message(QueueUrl=queue, MessageBody=text, **{**own, **more})


def send_many(sqs: Any, queue: str, texts: list[str], **more: Any) -> None:
    """Sends in batches of ten."""
    for at in range(0, len(texts), 10):
        entries = [{"Id": str(i), "MessageBody": text, **more} for i, text in enumerate(texts[at : at + 10])]
        answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        assert not answer["Failed"], answer


def attributes(sqs: Any, queue: str, *names: str) -> dict[str, str]:
    """A queue's attributes, all unless some are named."""
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names) or ["All"])
    return answer.get("Attributes", {})


def counts(sqs: Any, queue: str) -> tuple[int, int, int]:
    """(visible, in flight, delayed)."""
    have = attributes(sqs, queue, "All")
    names = ("", "NotVisible", "Delayed")
    return tuple(int(have[f"ApproximateNumberOfMessages{name}"]) for name in names)  # type: ignore[return-value]


def arn(sqs: Any, queue: str) -> str:
    """A queue's ARN."""
    return attributes(sqs, queue, "QueueArn")["QueueArn"]


def with_dead_letters(sqs: Any, receives: int, suffix: str = "") -> tuple[str, str]:
    """(queue, its dead-letter queue)."""
    fifo = {"FifoQueue": "true"} if suffix else {}
    dead = sqs.create_queue(QueueName=f"dead{suffix}", Attributes=fifo)["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": receives})
    queue = sqs.create_queue(QueueName=f"work{suffix}", Attributes={**fifo, "RedrivePolicy": policy})["QueueUrl"]
    return queue, dead
