"""Messages sealed at rest: under the cloud's own key, or under data keys of KMS that senders and receivers need.

What a sender wrote is sealed, body and attributes; ids, times and what SQS itself keeps are not. A message stays as it
was sent, also when its queue's encryption changes or it moves to another queue. Sources: SQS Developer Guide,
"Encryption at rest in Amazon SQS" and "Amazon SQS Key management".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from fogstead.kernel import data_keys
from fogstead.kernel.data_keys import Place, SealedKey
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.sqs.messages import Message, Seal
from fogstead.services.sqs.queues import Queue
from fogstead.services.sqs.service import (
    KmsAccessDenied,
    KmsDisabled,
    KmsInvalidKeyUsage,
    KmsInvalidState,
    KmsNotFound,
)

T = TypeVar("T")
_PURPOSE: Final = "sqs message"
_ARN_CONTEXT: Final = "aws:sqs:arn"
_REFUSALS: Final = {
    AccessDenied.code: KmsAccessDenied,
    "DisabledException": KmsDisabled,
    "InvalidArnException": KmsNotFound,
    "InvalidKeyUsageException": KmsInvalidKeyUsage,
    "KMSInvalidStateException": KmsInvalidState,
    "NotFoundException": KmsNotFound,
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, str, dict[str, Any] | None]).decode


class Sealing(NamedTuple):
    """What messages are sealed under that are sent now."""

    seal: Seal
    secret: bytes = b""


def sealing_of(tx: Transaction, queue: Queue) -> Sealing | None:
    """For the caller's messages to a queue; None where they are not sealed. A refusal of KMS in SQS's own words.

    The same data key serves a sender for the queue's reuse period. SQS opens a new one at once, so a sender needs both
    permissions.
    """
    settings = queue.attributes
    if not settings.kms_key_id:
        return Sealing(Seal(queue.identity)) if settings.managed_sse else None
    context = {_ARN_CONTEXT: queue.arn}
    home, key_id = _home(tx, queue), _named(queue)
    key = tx.cloud.data_keys.reused(
        _place(tx, queue, "new", key_id),
        tx.now,
        tx.now + settings.kms_reuse * 1000,
        lambda: _asked(lambda: data_keys.new(tx, key_id, context, home, verified=True)),
    )
    return Sealing(Seal(queue.identity, queue.arn, key.key_arn, key.sealed), key.plain)


def seal(tx: Transaction, sealing: Sealing | None, message: Message) -> None:
    """Seal what the sender wrote; the message in memory stays readable, for the sender is told of it."""
    if sealing is not None:
        contents = _encode((message.body, message.md5, message.attributes))
        message.seal = sealing.seal
        message.sealed = tx.cloud.vault.seal(_PURPOSE, contents, _about(sealing.seal), sealing.secret)


def unseal(tx: Transaction, queue: Queue, received: Sequence[Message]) -> None:
    """Open the messages that the caller receives from a queue. A refusal of KMS in SQS's own words."""
    sealed = [message for message in received if message.seal is not None]
    if not sealed:
        return
    secrets = _secrets(tx, queue, {message.seal for message in sealed if message.seal is not None})
    for message in sealed:
        assert message.seal is not None
        secret = secrets.get(message.seal.data_key, b"")
        _open(tx, message, secret)


def unseal_own(tx: Transaction, message: Message) -> bool:
    """Open a message that no key of KMS is needed for; whether it is open."""
    if message.seal is not None:
        if message.seal.data_key:
            return False
        _open(tx, message, b"")
    return True


def _open(tx: Transaction, message: Message, secret: bytes) -> None:
    assert message.seal is not None
    contents = tx.cloud.vault.open(_PURPOSE, message.sealed, _about(message.seal), secret)
    message.body, message.md5, message.attributes = _decode(contents)


def _secrets(tx: Transaction, queue: Queue, seals: set[Seal]) -> dict[bytes, bytes]:
    """The data keys of seals by their sealed form; KMS is asked once for all that are not known."""
    known: dict[bytes, bytes] = {}
    missing: list[Seal] = []
    for one in sorted((one for one in seals if one.data_key), key=lambda one: one.data_key):
        key = tx.cloud.data_keys.find(_place(tx, queue, "opened", one.data_key), tx.now)
        if key is not None:
            known[one.data_key] = key.plain
        else:
            missing.append(one)
    if missing:
        wanted = [SealedKey(one.data_key, one.key_arn, {_ARN_CONTEXT: one.queue_arn}) for one in missing]
        until = tx.now + queue.attributes.kms_reuse * 1000
        for key in _asked(lambda: data_keys.opened(tx, wanted, _home(tx, queue))):
            tx.cloud.data_keys.keep(_place(tx, queue, "opened", key.sealed), key, until)
            known[key.sealed] = key.plain
    return known


def _about(seal: Seal) -> bytes:
    return seal.queue.to_bytes(8, "big")


def _place(tx: Transaction, queue: Queue, what: str, which: str | bytes) -> Place:
    """What is remembered for a queue is forgotten with it, and when its attributes change."""
    return (queue.arrivals, what, which, data_keys.requester(tx))


def _home(tx: Transaction, queue: Queue) -> Home:
    return home_of(tx.caller.account or queue.account, queue.region)


def _named(queue: Queue) -> str:
    """The key's ARN, or its alias's, of the queue's own account unless it says otherwise."""
    key_id = queue.attributes.kms_key_id
    if key_id.startswith("arn:"):
        return key_id
    place = f"arn:aws:kms:{queue.region}:{queue.account}:"
    return place + (key_id if key_id.startswith("alias/") else f"key/{key_id}")


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except ServiceError as error:
        known = _REFUSALS.get(error.code)
        if known is None:
            raise
        raise known(error.message) from None
