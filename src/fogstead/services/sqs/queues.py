"""Queues: made, found, listed, changed, deleted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.identity import is_account
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.tags import Tags, checked, tag_operations
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.waiting import WAITERS_MAX
from fogstead.primitives.store import Home, Key
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.sqs import attributes as queue_attributes
from fogstead.services.sqs.attributes import QueueAttributes
from fogstead.services.sqs.service import (
    InvalidAttributeValue,
    InvalidParameterValue,
    QueueDeletedRecently,
    QueueDoesNotExist,
    QueueNameExists,
    queues_listed_max,
    sqs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.shapes.sqs import (
        CreateQueueRequest,
        CreateQueueResult,
        DeleteQueueRequest,
        GetQueueUrlRequest,
        GetQueueUrlResult,
        ListDeadLetterSourceQueuesRequest,
        ListQueuesRequest,
        SetQueueAttributesRequest,
    )

DELETED_MILLIS = 60_000
EXPIRE_EVERY_MILLIS = 3_600_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_DELETED = pack("sqs-deleted")
_LEGACY_HOST = re.compile(r"(?:sqs|queue)\.([a-z]{2}(?:-[a-z]+)+-\d)\.|([a-z]{2}(?:-[a-z]+)+-\d)\.queue\.")


class Queue(Resource, service=sqs, arn="{name}", missing=QueueDoesNotExist):
    """Messages wait here until a consumer deletes them.

    `identity` never changes; the incarnation does when the queue is purged, which leaves its old rows to be reaped.
    """

    name: str
    attributes: QueueAttributes
    tags: Tags = {}
    identity: int = 0
    modified_at: int = 0
    purged_at: int = 0

    @property
    def resource_policy(self) -> str:
        return self.attributes.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def is_fifo(self) -> bool:
        """Whether messages keep their order."""
        return self.attributes.fifo

    @property
    def arrivals(self) -> Key:
        """The topic that tells of messages to be had."""
        return _topic(self.account, self.region, self.identity)

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """A queue URL names an account and a queue, on whatever host it is; SQS also takes bare names and ARNs."""
        return _locate(value, home)


@lru_cache(maxsize=4096)
def _topic(account: str, region: str, identity: int) -> Key:
    return home_of(account, region).data + pack_int(identity)


@lru_cache(maxsize=4096)
def _locate(value: str, home: Home) -> Located:
    if value.startswith("arn:"):
        return Queue.locate_arn_in(value, home)
    parts = [unquote(part) for part in urlsplit(value).path.split("/") if part]
    account = parts[-2] if len(parts) >= 2 and is_account(parts[-2]) else home.account
    region = _region_in(value) or home.region
    return Queue.at(home_of(account, region), parts[-1] if parts else "")


def _region_in(url: str) -> str:
    match = _LEGACY_HOST.search(url)
    return (match[1] or match[2]) if match else ""


def queue_url(tx: Transaction, located: Located) -> str:
    """The URL follows the host the caller used, so it can always be reached."""
    return f"{tx.origin.base_url}/{located.home.account}/{located.key[0]}"


def _with_owner(given: Mapping[str, Any], home: Home) -> Located:
    owner = given.get("QueueOwnerAWSAccountId") or home.account
    return Queue.at(home_of(owner, home.region), given["QueueName"])


@sqs.operation(creates=Queue, at="QueueName")
def create_queue(tx: Transaction, req: CreateQueueRequest) -> CreateQueueResult:
    """Creating a queue twice is harmless unless an attribute that was given differs."""
    name, given = req["QueueName"], req.get("Attributes", {})
    # Queues that are made over plain HTTP begin without encryption. Source: AWS Compute Blog, "Announcing server-side
    # encryption with Amazon SQS-managed encryption keys (SSE-SQS) by default".
    wanted = queue_attributes.changed(QueueAttributes(managed_sse=tx.origin.secure), given, creating=True)
    _check_name(name, wanted)
    located = Queue.at(tx.home, name)
    queue = tx.find(Queue, name)
    if queue is None:
        _refuse_recently_deleted(tx, name)
        _check_redrive(tx, name, wanted)
        tags = checked(req.get("tags", {}), InvalidParameterValue)
        queue = tx.create(Queue(name=name, attributes=wanted, tags=tags, modified_at=tx.now))
        tx.replace(queue, identity=queue.incarnation)
        tx.schedule("sqs.expire", {"name": name}, at=tx.now + EXPIRE_EVERY_MILLIS, name=name)
    else:
        _refuse_other_attributes(queue, given)
    return {"QueueUrl": queue_url(tx, located)}


def _check_name(name: str, wanted: QueueAttributes) -> None:
    if wanted.fifo or name.endswith(".fifo"):
        if not (wanted.fifo and name.endswith(".fifo") and len(name) <= 80 and _NAME.match(name[:-5])):
            raise InvalidParameterValue(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
                "with .fifo suffix and be 1 to 80 in length."
            )
    elif _NAME.match(name) is None:
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
        )


def _refuse_recently_deleted(tx: Transaction, name: str) -> None:
    """AWS: a name is free again 60 seconds after its queue was deleted."""
    key = tx.home.prefix + _DELETED + pack(name)
    raw = tx.keys.get(key)
    if raw is not None:
        if int.from_bytes(raw, "big") + DELETED_MILLIS > tx.now:
            raise QueueDeletedRecently
        tx.keys.delete(key)


def _refuse_other_attributes(queue: Queue, given: Mapping[str, str]) -> None:
    wanted = queue_attributes.changed(queue.attributes, given, creating=True)
    if wanted == queue.attributes:
        return
    have, want = queue_attributes.shown(queue.attributes), queue_attributes.shown(wanted)
    different = next((name for name in {**have, **want} if want.get(name) != have.get(name)), "RedrivePolicy")
    raise QueueNameExists(f"A queue already exists with the same name and a different value for attribute {different}")


def _check_redrive(tx: Transaction, name: str, wanted: QueueAttributes) -> None:
    """A dead-letter queue is of the same account, Region and type, exists, and allows it."""
    if wanted.redrive is None:
        return
    dead_letters = dead_letters_of(tx, Queue(name=name, attributes=wanted))
    if dead_letters is None:
        raise InvalidAttributeValue(
            f"Value {wanted.redrive_text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not "
            "exist."
        )
    if dead_letters.is_fifo != wanted.fifo:
        raise InvalidAttributeValue(
            f"Value {wanted.redrive_text} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be "
            "same type of queue as the source."
        )
    if not _allows_redrive(dead_letters, Queue.at(tx.home, name).arn):
        raise InvalidAttributeValue(
            f"Value {wanted.redrive_text} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue does not "
            "allow this queue as a source; see its RedriveAllowPolicy."
        )


def dead_letters_of(tx: Transaction, queue: Queue) -> Queue | None:
    """Where a queue's messages go that were received too often, if that queue is there."""
    if queue.attributes.redrive is None:
        return None
    target = Queue.locate_arn(queue.attributes.redrive.target_arn)
    found: Queue | None = tx.at(target) if target.home == tx.home else None
    return found


def _allows_redrive(dead_letters: Queue, source_arn: str) -> bool:
    if not dead_letters.attributes.redrive_allow:
        return True
    allowed = msgspec.json.decode(dead_letters.attributes.redrive_allow)
    if allowed["redrivePermission"] == "byQueue":
        return source_arn in allowed["sourceQueueArns"]
    return bool(allowed["redrivePermission"] == "allowAll")


@sqs.operation(on=Queue, at="QueueName", locate=_with_owner)
def get_queue_url(tx: Transaction, req: GetQueueUrlRequest) -> GetQueueUrlResult:  # noqa: ARG001
    """The URL of a queue by name, of one's own account or another."""
    return {"QueueUrl": queue_url(tx, tx.resource.locator)}


@sqs.operation(lists=Queue)
def list_queues(tx: Transaction, req: ListQueuesRequest) -> Page:
    """By name, up to a thousand."""
    return _page(tx, req, prefix=req.get("QueueNamePrefix", ""))


def _page(tx: Transaction, req: Mapping[str, Any], **chosen: Any) -> Page:
    """Without MaxResults there is no token. Source: Developer Guide, "Amazon SQS list queue pagination"."""
    limit = req.get("MaxResults")
    if limit is not None and not 1 <= limit <= queues_listed_max:
        raise InvalidParameterValue(
            f"Value {limit} for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and "
            f"{queues_listed_max}."
        )
    page = tx.page(Queue, show=lambda queue: queue_url(tx, queue.locator), size_max=queues_listed_max, **chosen)
    return page if limit is not None else Page(page.items, None)


@sqs.operation(on=Queue, at="QueueUrl")
def list_dead_letter_source_queues(tx: Transaction, req: ListDeadLetterSourceQueuesRequest) -> Page:
    """The queues whose dead letters come here."""
    return _page(tx, req, keep=lambda queue: sends_dead_letters_to(queue, tx.resource.arn))


def sends_dead_letters_to(queue: Queue, arn: str) -> bool:
    """Whether a queue's redrive policy names this one."""
    return queue.attributes.redrive is not None and queue.attributes.redrive.target_arn == arn


def owner_only(tx: Transaction) -> None:
    """No policy gives these operations to other accounts. Source: API reference, each operation's own note."""
    if tx.cloud.auth == "enforce" and tx.caller.account != tx.home.account:
        raise AccessDenied("Cross-account permissions don't apply to this action.")


@sqs.operation(on=Queue, at="QueueUrl")
def set_queue_attributes(tx: Transaction, req: SetQueueAttributesRequest) -> None:
    """Takes effect at once."""
    owner_only(tx)
    queue: Queue = tx.resource
    wanted = queue_attributes.changed(queue.attributes, req["Attributes"])
    if "RedrivePolicy" in req["Attributes"]:
        _check_redrive(tx, queue.name, wanted)
    tx.replace(queue, attributes=wanted, modified_at=tx.now)
    tx.after_commit(lambda: tx.cloud.data_keys.forget(queue.arrivals))


@sqs.operation(on=Queue, at="QueueUrl")
def delete_queue(tx: Transaction, req: DeleteQueueRequest) -> None:  # noqa: ARG001
    """With all its messages; those who wait for one are told."""
    owner_only(tx)
    queue: Queue = tx.resource
    tx.delete(queue)
    tx.after_commit(lambda: tx.cloud.data_keys.forget(queue.arrivals))
    tx.unschedule("sqs.expire", queue.name)
    tx.unschedule("sqs.expire-more", queue.name)
    tx.keys.put(tx.home.prefix + _DELETED + pack(queue.name), tx.now.to_bytes(8, "big"))
    tx.schedule("sqs.forget-deleted", {"name": queue.name}, at=tx.now + DELETED_MILLIS, name=queue.name)
    tx.tell(queue.arrivals, count=WAITERS_MAX)


@job("sqs.forget-deleted")
def forget_deleted(tx: Transaction, arguments: dict[str, Any]) -> None:
    """The name of a deleted queue is free again."""
    tx.keys.delete(tx.home.prefix + _DELETED + pack(arguments["name"]))


tag_operations(
    sqs,
    Queue,
    at="QueueUrl",
    tag="TagQueue",
    untag="UntagQueue",
    listing="ListQueueTags",
    error=InvalidParameterValue,
    guard=owner_only,
)
