"""What a queue holds, as a whole: counted, purged, expired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.services.sqs import attributes as queue_attributes
from fogstead.services.sqs import fifo, standard
from fogstead.services.sqs.messages import Message
from fogstead.services.sqs.queues import EXPIRE_EVERY_MILLIS, Queue
from fogstead.services.sqs.service import PurgeQueueInProgress, sqs

if TYPE_CHECKING:
    from fogstead.shapes.sqs import GetQueueAttributesRequest, GetQueueAttributesResult, PurgeQueueRequest

PURGE_MILLIS = 60_000


@sqs.operation(on=Queue, at="QueueUrl", scan=True)
def get_queue_attributes(tx: Transaction, req: GetQueueAttributesRequest) -> GetQueueAttributesResult:
    """What was set, and what can be counted."""
    names = req.get("AttributeNames", [])
    queue_attributes.check_names(names)
    if not names:
        return {}
    queue: Queue = tx.resource
    have = {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(queue.created_at // 1000),
        "LastModifiedTimestamp": str(queue.modified_at // 1000),
        **queue_attributes.shown(queue.attributes),
    }
    if any(name == "All" or name.startswith("ApproximateNumber") for name in names):
        have.update(_counts(tx, queue))
    return {"Attributes": have if "All" in names else {name: have[name] for name in names if name in have}}


def _counts(tx: Transaction, queue: Queue) -> dict[str, str]:
    counted = count(tx, queue)
    return {
        "ApproximateNumberOfMessages": str(counted.visible),
        "ApproximateNumberOfMessagesNotVisible": str(counted.in_flight),
        "ApproximateNumberOfMessagesDelayed": str(counted.delayed),
    }


def count(tx: Transaction, queue: Queue) -> standard.Counts:
    """How many messages are in which state."""
    return fifo.count(tx, queue) if queue.is_fifo else standard.count(tx, queue)


def peek(tx: Transaction, queue: Queue, limit: int, *, invisible: bool, delayed: bool) -> list[Message]:
    """Messages as they lie, without touching them."""
    alive = tx.now - queue.attributes.retention * 1000
    found = fifo.everything(tx, queue, limit) if queue.is_fifo else standard.everything(tx, queue, limit)
    return [
        message
        for message in found
        if message.sent_at > alive and (message.visible_at <= tx.now or (delayed if message.delayed else invisible))
    ]


@sqs.operation(on=Queue, at="QueueUrl")
def purge_queue(tx: Transaction, req: PurgeQueueRequest) -> None:  # noqa: ARG001
    """All messages at once, however many: the queue starts a new life and the rows of the old one are reaped."""
    queue: Queue = tx.resource
    if queue.purged_at and queue.purged_at + PURGE_MILLIS > tx.now:
        raise PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
    tx.schedule("kernel.reap", {"shard": queue.shard}, at=tx.now)
    tx.replace(queue, incarnation=tx.keys.next_number(), purged_at=tx.now)


@job("sqs.expire", every=EXPIRE_EVERY_MILLIS)
def expire_messages(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Remove messages that have been kept for their retention period, some at a time.

    Messages in flight, and delayed ones, go when they come in sight again.
    """
    _expire(tx, arguments["name"], b"")


def _expire(tx: Transaction, name: str, after: bytes) -> None:
    queue = tx.find(Queue, name)
    if queue is not None:
        following = (fifo if queue.is_fifo else standard).expire(tx, queue, after)
        if following is not None:
            tx.schedule("sqs.expire-more", {"name": name, "after": following}, at=tx.now, name=name)


@job("sqs.expire-more")
def expire_more(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Go on where the last step stopped."""
    _expire(tx, arguments["name"], arguments["after"])
