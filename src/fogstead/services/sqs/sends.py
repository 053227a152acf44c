"""Sending messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.throttling import Rate
from fogstead.kernel.transaction import Transaction
from fogstead.services.sqs import batches, encryption, fifo, messages, standard
from fogstead.services.sqs.attributes import MESSAGE_BYTES_MAX
from fogstead.services.sqs.encryption import Sealing
from fogstead.services.sqs.messages import Message
from fogstead.services.sqs.queues import Queue
from fogstead.services.sqs.service import BatchRequestTooLong, InvalidParameterValue, RequestThrottled, sqs

if TYPE_CHECKING:
    from fogstead.shapes.sqs import (
        SendMessageBatchRequest,
        SendMessageBatchResult,
        SendMessageRequest,
        SendMessageResult,
    )

DELAY_MAX = 900
FIFO_RATE = Rate(per_second=300, burst=300)
HIGH_THROUGHPUT_RATE = Rate(per_second=9_000, burst=9_000)


@sqs.operation(on=Queue, at="QueueUrl", data_event=True)
def send_message(tx: Transaction, req: SendMessageRequest) -> SendMessageResult:
    """The message is kept when this is answered."""
    throttle(tx, "send")
    result: SendMessageResult = messages.sent(_send(tx, req, encryption.sealing_of(tx, tx.resource)))
    return result


@sqs.operation(on=Queue, at="QueueUrl", action="sqs:SendMessage", data_event=True)
def send_message_batch(tx: Transaction, req: SendMessageBatchRequest) -> SendMessageBatchResult:
    """Up to ten messages, together at most 1 MiB."""
    entries = req["Entries"]
    batches.check(entries)
    size = sum(size_of(entry) for entry in entries)
    if size > MESSAGE_BYTES_MAX:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes. You have sent {size} bytes."
        )
    throttle(tx, "send")
    sealing = encryption.sealing_of(tx, tx.resource)
    return batches.run(tx, entries, lambda entry: messages.sent(_send(tx, entry, sealing)))  # type: ignore[return-value]


def throttle(tx: Transaction, what: str) -> None:
    """FIFO queues take 300 calls of a kind a second, many more with high throughput; counted when asked to."""
    queue: Queue = tx.resource
    if queue.is_fifo:
        high = queue.attributes.throughput_limit == "perMessageGroupId"
        tx.throttle(f"sqs:{what}:{queue.identity}", HIGH_THROUGHPUT_RATE if high else FIFO_RATE, RequestThrottled)


def size_of(entry: Mapping[str, Any]) -> int:
    """A message's bytes, sent or received, whether or not it is a good one."""
    attributes = entry.get("MessageAttributes") or {}
    return _bytes(entry.get("MessageBody", entry.get("Body"))) + sum(
        _bytes(name) + _bytes(value.get("DataType", "")) + _bytes(value.get("StringValue") or value.get("BinaryValue"))
        for name, value in attributes.items()
    )


def _bytes(value: str | bytes | None) -> int:
    return len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value or b"")


def _send(tx: Transaction, entry: Mapping[str, Any], sealing: Sealing | None) -> Message:
    queue: Queue = tx.resource
    message = messages.read(entry, queue.attributes, tx.new_id(), tx.caller.user_id, tx.now)
    deduplication_id, delay = entry.get("MessageDeduplicationId"), entry.get("DelaySeconds")
    if queue.is_fifo:
        if delay:
            raise InvalidParameterValue(
                f"Value {delay} for parameter DelaySeconds is invalid. Reason: The request include parameter that is "
                "not valid for this queue type."
            )
        fifo.prepare(queue, message, deduplication_id)
        encryption.seal(tx, sealing, message)
        fifo.send(tx, queue, message)
        return message
    if deduplication_id is not None:
        raise InvalidParameterValue(
            f"Value {deduplication_id[:128]} for parameter MessageDeduplicationId is invalid. Reason: The request "
            "include parameter that is not valid for this queue type."
        )
    if delay is not None and not 0 <= delay <= DELAY_MAX:
        raise InvalidParameterValue(
            f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and "
            f"<= {DELAY_MAX}."
        )
    encryption.seal(tx, sealing, message)
    standard.send(tx, queue, message, queue.attributes.delay if delay is None else delay)
    return message
