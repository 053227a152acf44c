"""Tasks that move the messages of a dead-letter queue back, some a second, by the cloud's clock."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.catalog import job
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.sqs import contents, fifo, standard
from fogstead.services.sqs.messages import Message
from fogstead.services.sqs.queues import Queue, owner_only, sends_dead_letters_to
from fogstead.services.sqs.service import (
    InvalidParameterValue,
    ResourceNotFound,
    UnsupportedOperation,
    sqs,
)

if TYPE_CHECKING:
    from fogstead.shapes.sqs import (
        CancelMessageMoveTaskRequest,
        CancelMessageMoveTaskResult,
        ListMessageMoveTasksRequest,
        ListMessageMoveTasksResult,
        StartMessageMoveTaskRequest,
        StartMessageMoveTaskResult,
    )

RATE_MAX = 500
LISTED_MAX = 10
KEPT_MAX = 10
_NO_DESTINATION = "AWS.SimpleQueueService.NonExistentQueue"
MOVED_EACH_TIME = 250


class MoveTask(Resource, service=sqs, arn="{queue}/{id}", missing=ResourceNotFound):
    """One task; only the newest ten of a queue are remembered."""

    queue: str
    id: str
    destination_arn: str = ""
    rate: int = 0
    status: str = "RUNNING"
    moved: int = 0
    to_move: int = 0
    failure: str = ""

    @property
    def handle(self) -> str:
        """What the user cancels it by."""
        named = {"taskId": self.id, "sourceArn": Queue.at(self.home, self.queue).arn}
        return base64.b64encode(json.dumps(named).encode("utf-8")).decode("ascii")


def _handled_queue(given: Mapping[str, Any], home: Home) -> Located:
    """The queue that a task's handle names."""
    return Queue.locate(_read_handle(given["TaskHandle"])[1], home)


def _read_handle(handle: str) -> tuple[str, str]:
    try:
        named = json.loads(base64.b64decode(handle, validate=True))
        return str(named["taskId"]), str(named["sourceArn"])
    except (ValueError, KeyError, TypeError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None


@sqs.operation(on=Queue, at="SourceArn")
def start_message_move_task(tx: Transaction, req: StartMessageMoveTaskRequest) -> StartMessageMoveTaskResult:
    """From a dead-letter queue to a given queue, or each message to the queue it came from."""
    owner_only(tx)
    queue: Queue = tx.resource
    rate = req.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= RATE_MAX:
        raise InvalidParameterValue(
            f"Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: must be between 1 and {RATE_MAX}."
        )
    if not any(sends_dead_letters_to(source, queue.arn) for source in tx.all(Queue)):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    destination = req.get("DestinationArn", "")
    if destination:
        _check_destination(tx, queue, destination)
    if any(task.status == "RUNNING" for task in _tasks(tx, queue)):
        raise UnsupportedOperation(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    _forget_old(tx, queue)
    task = tx.create(
        MoveTask(
            queue=queue.name,
            id=tx.new_id(),
            destination_arn=destination,
            rate=rate or 0,
            to_move=contents.count(tx, queue).visible,
        )
    )
    tx.schedule("sqs.move", {"queue": queue.name, "id": task.id}, at=tx.now)
    return {"TaskHandle": task.handle}


def _check_destination(tx: Transaction, queue: Queue, destination: str) -> None:
    target = Queue.locate_arn(destination)
    found: Queue | None = tx.at(target) if target.home == tx.home else None
    if found is None:
        raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
    if found.arn == queue.arn:
        raise InvalidParameterValue("Source queue and destination queue cannot be the same.")
    if found.is_fifo != queue.is_fifo:
        raise InvalidParameterValue("Source queue and destination queue must be of the same type.")


def _tasks(tx: Transaction, queue: Queue) -> list[MoveTask]:
    """Of one queue, newest first."""
    found = [task for task in tx.all(MoveTask, prefix=queue.name) if task.queue == queue.name]
    return sorted(found, key=lambda task: (task.created_at, task.incarnation), reverse=True)


def _forget_old(tx: Transaction, queue: Queue) -> None:
    for task in _tasks(tx, queue)[KEPT_MAX - 1 :]:
        tx.delete(task)


@sqs.operation(on=Queue, at="SourceArn")
def list_message_move_tasks(tx: Transaction, req: ListMessageMoveTasksRequest) -> ListMessageMoveTasksResult:
    """The most recent ones; the handle of a task is shown while it runs."""
    owner_only(tx)
    limit = req.get("MaxResults", 1)
    if not 1 <= limit <= LISTED_MAX:
        raise InvalidParameterValue(
            f"Value {limit} for parameter MaxResults is invalid. Reason: must be between 1 and {LISTED_MAX}."
        )
    return {"Results": [_shown(task, tx.resource) for task in _tasks(tx, tx.resource)[:limit]]}


def _shown(task: MoveTask, queue: Queue) -> Any:
    out: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": queue.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.created_at,
    }
    if task.status == "RUNNING":
        out["TaskHandle"] = task.handle
    optional = {
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "FailureReason": task.failure,
    }
    return {**out, **{name: value for name, value in optional.items() if value}}


@sqs.operation(on=Queue, locate=_handled_queue, at="TaskHandle")
def cancel_message_move_task(tx: Transaction, req: CancelMessageMoveTaskRequest) -> CancelMessageMoveTaskResult:
    """What was moved stays moved."""
    owner_only(tx)
    task_id, _ = _read_handle(req["TaskHandle"])
    task = tx.find(MoveTask, tx.resource.name, task_id)
    if task is None:
        raise ResourceNotFound("Task does not exist.")
    if task.status != "RUNNING":
        raise UnsupportedOperation("Only active tasks can be cancelled.")
    tx.replace(task, status="CANCELLED")
    return {"ApproximateNumberOfMessagesMoved": task.moved}


@job("sqs.move")
def move_some(tx: Transaction, arguments: dict[str, Any]) -> None:
    """As much of a task as one second, or one transaction, is good for."""
    queue = tx.find(Queue, arguments["queue"])
    task = tx.find(MoveTask, arguments["queue"], arguments["id"])
    if task is None or task.status != "RUNNING":
        return
    if queue is None:
        tx.replace(task, status="FAILED", failure=_NO_DESTINATION)
        return
    rate = task.rate or RATE_MAX
    limit = min(rate, MOVED_EACH_TIME)
    moved, failure = _move(tx, queue, task, limit)
    status = "FAILED" if failure else ("RUNNING" if moved == limit else "COMPLETED")
    tx.replace(task, moved=task.moved + moved, status=status, failure=failure)
    if status == "RUNNING":
        tx.schedule("sqs.move", arguments, at=tx.now + 1000 * limit // rate)


def _move(tx: Transaction, queue: Queue, task: MoveTask, limit: int) -> tuple[int, str]:
    """How many were moved, and why no more could be."""
    moved, failure, groups = 0, "", set()
    targets: dict[str, Queue | None] = {}
    for visible_at, number, message in (fifo if queue.is_fifo else standard).oldest(tx, queue, limit):
        arn = task.destination_arn or message.source_arn
        if arn not in targets:
            targets[arn] = _target(tx, arn)
        target = targets[arn]
        if target is None:
            failure = _NO_DESTINATION if task.destination_arn else "CouldNotDetermineMessageSource"
            break
        _renew(tx, message)
        if queue.is_fifo:
            fifo.move(tx, queue, target, number, message)
            groups.add(message.group)
        else:
            standard.move(tx, queue, target, visible_at, number, message)
        moved += 1
    for group in sorted(groups):
        fifo.refresh(tx, queue, group)
    return moved, failure


def _renew(tx: Transaction, message: Message) -> None:
    """A redriven message counts as a new one. Source: Developer Guide, "Configure a dead-letter queue redrive"."""
    message.id = tx.new_id()
    message.sent_at = tx.now
    message.first_received_at = 0


def _target(tx: Transaction, arn: str) -> Queue | None:
    target = Queue.locate_arn(arn) if arn else None
    return tx.at(target) if target is not None and target.home == tx.home else None
