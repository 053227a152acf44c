"""Receiving messages, deleting them, and bringing them back sooner or later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.kernel.waiting import Again
from fogstead.services.sqs import batches, encryption, fifo, messages, standard
from fogstead.services.sqs.messages import Handle, Wanted
from fogstead.services.sqs.queues import Queue
from fogstead.services.sqs.sends import throttle
from fogstead.services.sqs.service import InvalidParameterValue, OverLimit, sqs
from fogstead.services.sqs.standard import Taken

if TYPE_CHECKING:
    from fogstead.shapes.sqs import (
        ChangeMessageVisibilityBatchRequest,
        ChangeMessageVisibilityBatchResult,
        ChangeMessageVisibilityRequest,
        DeleteMessageBatchRequest,
        DeleteMessageBatchResult,
        DeleteMessageRequest,
        ReceiveMessageRequest,
        ReceiveMessageResult,
    )

MESSAGES_MAX = 10
WAIT_MAX = 20
VISIBILITY_MAX = 43_200
_LOOK_SECONDS = 1
_FULL_MILLIS = 1_000


@sqs.operation(on=Queue, at="QueueUrl", data_event=True)
def receive_message(tx: Transaction, req: ReceiveMessageRequest) -> ReceiveMessageResult | Again:
    """Up to ten messages; when there are none, waits for one up to WaitTimeSeconds (long polling)."""
    queue: Queue = tx.resource
    settings = queue.attributes
    limit = _within(req, "MaxNumberOfMessages", 1, 1, MESSAGES_MAX, "Must be between 1 and 10, if provided")
    visibility = _within(
        req, "VisibilityTimeout", settings.visibility, 0, VISIBILITY_MAX, "Must be >= 0 and <= 43200, if provided"
    )
    wait = _within(req, "WaitTimeSeconds", settings.wait, 0, WAIT_MAX, "Must be >= 0 and <= 20, if provided")
    throttle(tx, "receive")
    taken = _take(tx, queue, limit, visibility, req.get("ReceiveRequestAttemptId"))
    if taken.found:
        encryption.unseal(tx, queue, [one.message for one in taken.found])
        tx.tell_at(queue.arrivals, tx.now + visibility * 1000)
        wanted = Wanted.of(req)
        return {"Messages": [messages.shown(one.message, one.handle.encode(), wanted) for one in taken.found]}
    return _wait(tx, queue, wait, taken)


def _wait(tx: Transaction, queue: Queue, wait: int, taken: Taken) -> ReceiveMessageResult | Again:
    """Look again later, or say that there is nothing.

    With too many messages in flight, a short poll of a standard queue is an error, and everybody else finds nothing.
    Source: Developer Guide, "Amazon SQS queue quotas".
    """
    if taken.unfinished and tx.patience(wait or _LOOK_SECONDS):
        return tx.again(queue.arrivals, at=tx.now)
    if taken.full and not wait and not queue.is_fifo:
        raise OverLimit(f"Too many messages in flight for queue {queue.name}")
    if taken.full and tx.patience(wait):
        return tx.again(queue.arrivals, at=tx.now + _FULL_MILLIS)
    following = (fifo if queue.is_fifo else standard).next_visible(tx, queue) if wait else None
    return tx.again(queue.arrivals, at=following) if tx.patience(wait) else {}


def _take(tx: Transaction, queue: Queue, limit: int, visibility: int, attempt: str | None) -> Taken:
    if queue.is_fifo:
        return fifo.receive(tx, queue, limit, visibility, attempt)
    if attempt is not None:
        raise InvalidParameterValue(
            f"Value {attempt[:128]} for parameter ReceiveRequestAttemptId is invalid. Reason: The request include "
            "parameter that is not valid for this queue type."
        )
    return standard.receive(tx, queue, limit, visibility)


def _within(given: Mapping[str, Any], name: str, default: int, low: int, high: int, reason: str) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not low <= value <= high:
        raise InvalidParameterValue(f"Value {value} for parameter {name} is invalid. Reason: {reason}.")
    return int(value)


@sqs.operation(on=Queue, at="QueueUrl", data_event=True)
def delete_message(tx: Transaction, req: DeleteMessageRequest) -> None:
    """The receive that the handle came from has been dealt with."""
    _delete(tx, req)


@sqs.operation(on=Queue, at="QueueUrl", action="sqs:DeleteMessage", data_event=True)
def delete_message_batch(tx: Transaction, req: DeleteMessageBatchRequest) -> DeleteMessageBatchResult:
    """Up to ten at once."""
    batches.check(req["Entries"])
    return batches.run(tx, req["Entries"], lambda entry: _delete(tx, entry))  # type: ignore[return-value]


def _delete(tx: Transaction, entry: Mapping[str, Any]) -> dict[str, Any]:
    queue: Queue = tx.resource
    handle = Handle.decode(entry["ReceiptHandle"], queue.identity)
    (fifo if queue.is_fifo else standard).delete(tx, queue, handle)
    return {}


@sqs.operation(on=Queue, at="QueueUrl", data_event=True)
def change_message_visibility(tx: Transaction, req: ChangeMessageVisibilityRequest) -> None:
    """Counted from now; zero brings the message back at once."""
    _change(tx, req)


@sqs.operation(on=Queue, at="QueueUrl", action="sqs:ChangeMessageVisibility", data_event=True)
def change_message_visibility_batch(
    tx: Transaction, req: ChangeMessageVisibilityBatchRequest
) -> ChangeMessageVisibilityBatchResult:
    """Up to ten at once."""
    batches.check(req["Entries"])
    return batches.run(tx, req["Entries"], lambda entry: _change(tx, entry))  # type: ignore[return-value]


def _change(tx: Transaction, entry: Mapping[str, Any]) -> dict[str, Any]:
    queue: Queue = tx.resource
    seconds = _within(
        entry, "VisibilityTimeout", 0, 0, VISIBILITY_MAX, "VisibilityTimeout must be an integer between 0 and 43200"
    )
    handle = Handle.decode(entry["ReceiptHandle"], queue.identity)
    (fifo if queue.is_fifo else standard).change_visibility(tx, queue, handle, seconds)
    return {}
