"""Messages of a FIFO queue, in order within their groups.

    g (group, number)           the message, in its group's order
    s (group)                   when the group can be had next, and its first message: the key of its entry in v
    v (available_at, number, group)  groups by when they can be had
    i (visible_at, number, group)    messages in flight, to count them
    t (visible_at, number)      marks a message sent with a delay
    d (scope), d-age            deduplication ids seen in the last five minutes; see `notes`
    a (attempt), a-age          what a receive attempt id was answered with, likewise

A group with a message in flight is locked, so those in flight came out of one receive and stand at its head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from fogstead.kernel.errors import MissingParameter
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack, pack_int, unpack
from fogstead.services.sqs import messages
from fogstead.services.sqs.messages import Handle, Message, checked_id
from fogstead.services.sqs.notes import Notes
from fogstead.services.sqs.queues import Queue, dead_letters_of
from fogstead.services.sqs.service import InvalidParameterValue, MessageNotInflight, in_flight_max
from fogstead.services.sqs.standard import CHECKED_EVERY, COUNTED_MAX, Counts, Received, Taken, check_total

DEDUPLICATION_MILLIS = 5 * 60_000
RECEIVED_TOGETHER_MAX = 10
LOOKED_AT_MAX = 300
EXPIRED_EACH_TIME = 300
_GROUPS_EACH_TIME = 16
_SWEPT_EACH_TIME = 3
_SWEPT_BY_JOB = 500
_SEQUENCE_BASE = 10**19
_MESSAGES, _STATES, _AVAILABLE, _IN_FLIGHT, _DELAYS = (pack(name) for name in "gsvit")
_SEEN, _ATTEMPTS = Notes("d"), Notes("a")


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """The message that a deduplication id was used for."""

    message_id: str
    sequence: str


# What a receive attempt was answered with: (group, number, receives) of each message.
Attempt = list[tuple[str, int, int]]

_encode = msgspec.msgpack.Encoder().encode
_decode_seen = msgspec.msgpack.Decoder(Seen).decode
_decode_attempt = msgspec.msgpack.Decoder(Attempt).decode


def prepare(queue: Queue, message: Message, deduplication_id: str | None) -> None:
    """Check what a FIFO queue asks of a message and settle its deduplication id."""
    if not message.group:
        raise MissingParameter("The request must contain the parameter MessageGroupId.")
    if deduplication_id is not None:
        message.deduplication_id = checked_id("MessageDeduplicationId", deduplication_id)
    elif queue.attributes.content_based_deduplication:
        assert message.body is not None
        message.deduplication_id = hashlib.sha256(message.body.encode("utf-8")).hexdigest()
    else:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def send(tx: Transaction, queue: Queue, message: Message) -> None:
    """Keep a message, unless its deduplication id was used in the last five minutes: then it becomes that message."""
    shard = tx.shard(queue)
    _SEEN.sweep(tx, shard, _SWEPT_EACH_TIME)
    by_group = queue.attributes.deduplicates_by_group
    scope = pack(message.group if by_group else "", message.deduplication_id)
    noted = _SEEN.find(tx, shard, scope)
    if noted is not None:
        seen = _decode_seen(noted)
        message.id, message.sequence = seen.message_id, seen.sequence
        return
    number = tx.keys.next_number()
    message.sequence = str(_SEQUENCE_BASE + number)
    note = _encode(Seen(message.id, message.sequence))
    _SEEN.keep(tx, shard, scope, note, until=tx.now + DEDUPLICATION_MILLIS)
    put(tx, queue, message, number, delay_seconds=queue.attributes.delay)


def put(tx: Transaction, queue: Queue, message: Message, number: int, *, delay_seconds: int = 0) -> None:
    """Write a message at the end of its group."""
    shard = tx.shard(queue)
    message.visible_at = tx.now + delay_seconds * 1000
    if delay_seconds:
        message.delayed = True
        tx.keys.put(shard + _DELAYS + pack_int(message.visible_at) + pack_int(number), b"")
    tx.keys.put(_message_key(shard, message.group, number), messages.to_bytes(message))
    if tx.keys.get(shard + _STATES + pack(message.group)) is None:
        _set_state(tx, shard, message.group, None, (message.visible_at, number))
    tx.tell_at(queue.arrivals, message.visible_at)


def _message_key(shard: Key, group: str, number: int) -> Key:
    return shard + _MESSAGES + pack(group) + pack_int(number)


def _available_key(shard: Key, group: str, state: tuple[Millis, int]) -> Key:
    return shard + _AVAILABLE + pack_int(state[0]) + pack_int(state[1]) + pack(group)


def _state(tx: Transaction, shard: Key, group: str) -> tuple[Millis, int] | None:
    raw = tx.keys.get(shard + _STATES + pack(group))
    return (int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:], "big")) if raw is not None else None


def _set_state(
    tx: Transaction, shard: Key, group: str, old: tuple[Millis, int] | None, new: tuple[Millis, int] | None
) -> None:
    if old == new:
        return
    if old is not None:
        tx.keys.delete(_available_key(shard, group, old))
    if new is None:
        tx.keys.delete(shard + _STATES + pack(group))
        return
    tx.keys.put(shard + _STATES + pack(group), new[0].to_bytes(8, "big") + new[1].to_bytes(8, "big"))
    tx.keys.put(_available_key(shard, group, new), b"")


def _refresh(tx: Transaction, shard: Key, group: str) -> None:
    """A group can be had when its head is visible and nothing of it is in flight."""
    head = _head(tx, shard, group)
    new = None
    if head:
        in_flight = [message.visible_at for _, message in head if message.receives and message.visible_at > tx.now]
        new = (max([head[0][1].visible_at, *in_flight]), head[0][0])
    _set_state(tx, shard, group, _state(tx, shard, group), new)


def _head(tx: Transaction, shard: Key, group: str) -> list[tuple[int, Message]]:
    low = shard + _MESSAGES + pack(group)
    rows = tx.keys.scan(low, end_of(low), limit=RECEIVED_TOGETHER_MAX)
    return [(_number(key), messages.from_bytes(raw)) for key, raw in rows]


def _number(key: Key) -> int:
    return int.from_bytes(key[-8:], "big") - (1 << 63)


def receive(tx: Transaction, queue: Queue, limit: int, visibility_seconds: int, attempt: str | None) -> Taken:
    """Take messages, as many as possible of one group, in order; a repeated attempt id gets the same ones."""
    shard = tx.shard(queue)
    if attempt is not None:
        checked_id("ReceiveRequestAttemptId", attempt)
        repeated = _repeat(tx, queue, shard, attempt, visibility_seconds)
        if repeated is not None:
            return Taken(repeated)
    found: list[Received] = []
    done: set[str] = set()
    looked_at, dead_letters = 0, dead_letters_of(tx, queue)
    for group, number in _available_groups(tx, shard):
        if not found and _is_full(tx, shard, number):
            return Taken(found, full=True)
        if group in done:
            continue  # taken a moment ago, and in sight again
        done.add(group)
        looked_at += _take_from(tx, queue, shard, group, found, limit, visibility_seconds, dead_letters)
        if len(found) >= limit or looked_at >= LOOKED_AT_MAX:
            break
    if attempt is not None and found:
        _keep_attempt(tx, shard, attempt, found)
    return Taken(found, unfinished=looked_at >= LOOKED_AT_MAX)


def _available_groups(tx: Transaction, shard: Key) -> Iterator[tuple[str, int]]:
    """Groups that can be had, each with the number of its first message."""
    base = shard + _AVAILABLE
    low, high = base, base + pack_int(tx.now + 1)
    while True:
        rows = tx.keys.scan(low, high, limit=_GROUPS_EACH_TIME)
        for key, _ in rows:
            yield str(unpack(key[len(base) + 18 :])[0]), _number(key[: len(base) + 18])
        if len(rows) < _GROUPS_EACH_TIME:
            return
        low = rows[-1][0] + b"\x00"


def _take_from(
    tx: Transaction,
    queue: Queue,
    shard: Key,
    group: str,
    found: list[Received],
    limit: int,
    seconds: int,
    dead_letters: Queue | None,
) -> int:
    """Add messages of a group to those found; gives how many were looked at."""
    redrive, settings = queue.attributes.redrive, queue.attributes
    looked_at, already = 0, len(found)
    while True:
        head, dropped = _head(tx, shard, group), 0
        for number, message in head:
            if message.visible_at > tx.now or len(found) >= limit:
                break
            if message.sent_at + settings.retention * 1000 <= tx.now:
                _remove(tx, shard, group, number, message)
                dropped += 1
            elif dead_letters is not None and redrive is not None and message.receives >= redrive.max_receives:
                to_dead_letters(tx, queue, dead_letters, number, message)
                dropped += 1
            else:
                found.append(_take(tx, queue, shard, number, message, seconds))
        looked_at += len(head)
        if len(found) > already or dropped < RECEIVED_TOGETHER_MAX or looked_at >= LOOKED_AT_MAX:
            break
    _refresh(tx, shard, group)
    return looked_at


def _take(tx: Transaction, queue: Queue, shard: Key, number: int, message: Message, seconds: int) -> Received:
    _drop_marks(tx, shard, number, message)
    message.receives += 1
    message.received_at = tx.now
    message.first_received_at = message.first_received_at or tx.now
    message.visible_at = tx.now + seconds * 1000
    tx.keys.put(_message_key(shard, message.group, number), messages.to_bytes(message))
    tx.keys.put(_in_flight_key(shard, message, number), b"")
    handle = Handle(queue.identity, queue.incarnation, 0, number, message.receives, message.group)
    return Received(message, handle)


def _in_flight_key(shard: Key, message: Message, number: int) -> Key:
    return shard + _IN_FLIGHT + pack_int(message.visible_at) + pack_int(number) + pack(message.group)


def _drop_marks(tx: Transaction, shard: Key, number: int, message: Message) -> None:
    if message.receives:
        tx.keys.delete(_in_flight_key(shard, message, number))
    if message.delayed:
        tx.keys.delete(shard + _DELAYS + pack_int(message.visible_at) + pack_int(number))
        message.delayed = False


def _remove(tx: Transaction, shard: Key, group: str, number: int, message: Message) -> None:
    _drop_marks(tx, shard, number, message)
    tx.keys.delete(_message_key(shard, group, number))


def _is_full(tx: Transaction, shard: Key, number: int) -> bool:
    """As for standard queues."""
    if number % CHECKED_EVERY:
        return False
    limit = tx.cloud.quotas.limit(tx.home.account, in_flight_max)
    low = shard + _IN_FLIGHT
    return tx.keys.count(low + pack_int(tx.now + 1), end_of(low), limit=limit) >= limit


def _keep_attempt(tx: Transaction, shard: Key, attempt: str, found: list[Received]) -> None:
    """Remember what an attempt was answered with, and forget a few that have expired."""
    _ATTEMPTS.sweep(tx, shard, _SWEPT_EACH_TIME)
    kept = [(one.message.group, one.handle.number, one.message.receives) for one in found]
    _ATTEMPTS.keep(tx, shard, pack(attempt), _encode(kept), until=tx.now + DEDUPLICATION_MILLIS)


def _repeat(tx: Transaction, queue: Queue, shard: Key, attempt: str, seconds: int) -> list[Received] | None:
    """The messages of an earlier attempt with the same id, while all of them are still in flight."""
    noted = _ATTEMPTS.find(tx, shard, pack(attempt))
    if noted is None:
        return None
    _ATTEMPTS.drop(tx, shard, pack(attempt))
    found: list[tuple[int, Message]] = []
    for group, number, receives in _decode_attempt(noted):
        row = tx.keys.get(_message_key(shard, group, number))
        message = messages.from_bytes(row) if row is not None else None
        if message is None or message.receives != receives or message.visible_at <= tx.now:
            return None
        found.append((number, message))
    taken = [_take(tx, queue, shard, number, message, seconds) for number, message in found]
    for group in {one.message.group for one in taken}:
        _refresh(tx, shard, group)
    if taken:
        _keep_attempt(tx, shard, attempt, taken)
    return taken or None


def _find(tx: Transaction, queue: Queue, handle: Handle) -> Message | None:
    if handle.incarnation != queue.incarnation:
        return None
    raw = tx.keys.get(_message_key(queue.shard, handle.group, handle.number))
    message = messages.from_bytes(raw) if raw is not None else None
    return message if message is not None and message.receives == handle.receives else None


def delete(tx: Transaction, queue: Queue, handle: Handle) -> None:
    """Remove the message and let the next of its group go; an expired handle is refused, as FIFO queues do."""
    shard, message = tx.shard(queue), _find(tx, queue, handle)
    if message is None:
        return
    if message.visible_at <= tx.now:
        raise InvalidParameterValue(
            f"Value {handle.encode()} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        )
    _remove(tx, shard, handle.group, handle.number, message)
    _refresh(tx, shard, handle.group)
    tx.tell(queue.arrivals)


def change_visibility(tx: Transaction, queue: Queue, handle: Handle, seconds: int) -> None:
    """Bring a message in flight back sooner or later; its group stays locked until then."""
    shard, message = tx.shard(queue), _find(tx, queue, handle)
    if message is None or message.visible_at <= tx.now:
        raise MessageNotInflight(
            f"Value {handle.encode()} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
            "available for visibility timeout change."
        )
    check_total(message, tx.now, seconds)
    tx.keys.delete(_in_flight_key(shard, message, handle.number))
    message.visible_at = tx.now + seconds * 1000
    tx.keys.put(_message_key(shard, handle.group, handle.number), messages.to_bytes(message))
    tx.keys.put(_in_flight_key(shard, message, handle.number), b"")
    _refresh(tx, shard, handle.group)
    tx.tell_at(queue.arrivals, message.visible_at)


def next_visible(tx: Transaction, queue: Queue) -> Millis | None:
    """When the next group can be had by itself."""
    prefix = queue.shard + _AVAILABLE
    rows = tx.keys.scan(prefix + pack_int(tx.now + 1), end_of(prefix), limit=1)
    return int.from_bytes(rows[0][0][len(prefix) + 1 : len(prefix) + 9], "big") - (1 << 63) if rows else None


def to_dead_letters(tx: Transaction, source: Queue, target: Queue, number: int, message: Message) -> None:
    """Received too often. Its id becomes its deduplication id, so that no two of one deduplication id meet there.

    Source: Developer Guide, "Learn how to configure a dead-letter queue redrive".
    """
    message.deduplication_id = message.id
    move(tx, source, target, number, message, source_arn=source.arn)


def move(tx: Transaction, source: Queue, target: Queue, number: int, message: Message, *, source_arn: str = "") -> None:
    """To another FIFO queue, at the end of the same group; there its retention begins anew."""
    shard = tx.shard(source)
    _remove(tx, shard, message.group, number, message)
    new_number = tx.keys.next_number()
    message.receives = 0
    message.sent_at = tx.now
    message.source_arn = source_arn
    message.sequence = str(_SEQUENCE_BASE + new_number)
    put(tx, target, message, new_number)


def oldest(tx: Transaction, queue: Queue, limit: int) -> list[tuple[Millis, int, Message]]:
    """Messages that can be had, group by group, for a task that moves them elsewhere."""
    out: list[tuple[Millis, int, Message]] = []
    for group, _ in _available_groups(tx, queue.shard):
        low = queue.shard + _MESSAGES + pack(group)
        for key, raw in tx.keys.scan(low, end_of(low), limit=limit - len(out)):
            message = messages.from_bytes(raw)
            if message.visible_at > tx.now:
                break
            out.append((message.visible_at, _number(key), message))
        if len(out) >= limit:
            break
    return out


def everything(tx: Transaction, queue: Queue, limit: int) -> list[Message]:
    """Messages in whatever state, group by group."""
    low = queue.shard + _MESSAGES
    return [messages.from_bytes(raw) for _, raw in tx.keys.scan(low, end_of(low), limit=limit)]


def refresh(tx: Transaction, queue: Queue, group: str) -> None:
    """Bring a group's place up to date after messages were taken out of it."""
    _refresh(tx, tx.shard(queue), group)


def count(tx: Transaction, queue: Queue) -> Counts:
    """Counted where they lie."""
    shard, later = queue.shard, pack_int(tx.now + 1)
    total = tx.keys.count(shard + _MESSAGES, end_of(shard + _MESSAGES), limit=COUNTED_MAX)
    flying = tx.keys.count(shard + _IN_FLIGHT + later, end_of(shard + _IN_FLIGHT), limit=COUNTED_MAX)
    delayed = tx.keys.count(shard + _DELAYS + later, end_of(shard + _DELAYS), limit=COUNTED_MAX)
    return Counts(max(0, total - flying - delayed), flying, delayed)


def expire(tx: Transaction, queue: Queue, after: Key) -> Key | None:
    """Remove what has expired of the next messages after a key; gives the key to go on after, if any."""
    shard, groups = tx.shard(queue), set()
    base = shard + _MESSAGES
    rows = tx.keys.scan(max(base, after), end_of(base), limit=EXPIRED_EACH_TIME)
    for key, raw in rows:
        message = messages.from_bytes(raw)
        if message.sent_at + queue.attributes.retention * 1000 <= tx.now and message.visible_at <= tx.now:
            _remove(tx, shard, message.group, _number(key), message)
            groups.add(message.group)
    for group in sorted(groups):
        _refresh(tx, shard, group)
    for notes in (_SEEN, _ATTEMPTS):
        notes.sweep(tx, shard, _SWEPT_BY_JOB)
    return rows[-1][0] + b"\x00" if len(rows) == EXPIRED_EACH_TIME else None
