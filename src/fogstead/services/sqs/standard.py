"""Messages of a standard queue, in the order they become visible.

    m (visible_at, number)   the message; the key moves when its visibility does
    b (number)               a body too long to move with it
    f (number)               where a message went when its visibility was changed after it was received
    t (visible_at, number)   marks a message that was sent with a delay

A receipt handle names the key that a receive gave the message. A later receive gives another, so an old handle finds
nothing.

A MessageGroupId makes a standard queue a fair queue on AWS: groups with many messages in flight are served after the
others while there is a backlog. Here the group is kept and shown, and messages go out in the order they come in sight,
whoever sent them; SQS promises no order that this would break.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.sqs import messages
from fogstead.services.sqs.messages import Handle, Message
from fogstead.services.sqs.queues import Queue, dead_letters_of
from fogstead.services.sqs.service import InvalidParameterValue, MessageNotInflight, in_flight_max

VISIBILITY_MAX_MILLIS = 43_200_000
EXPIRED_EACH_TIME = 1_000
COUNTED_MAX = 10_000_000
LOOKED_AT_MAX = 500
CHECKED_EVERY = 64

_MESSAGES, _BODIES, _FORWARDS, _DELAYS = (pack(name) for name in ("m", "b", "f", "t"))


class Counts(NamedTuple):
    """How many messages are in which state."""

    visible: int
    in_flight: int
    delayed: int


class Received(NamedTuple):
    """A message with its handle."""

    message: Message
    handle: Handle


class Taken(NamedTuple):
    """What a receive came to."""

    found: list[Received]
    unfinished: bool = False
    """So many had to be dropped that the look ended before the queue did."""
    full: bool = False
    """There are messages, but too many are in flight already."""


def _key(shard: Key, visible_at: Millis, number: int) -> Key:
    return shard + _MESSAGES + pack_int(visible_at) + pack_int(number)


def _parts(key: Key) -> tuple[Millis, int]:
    """(visible_at, number) of a message's key."""
    bias = 1 << 63
    return int.from_bytes(key[-17:-9], "big") - bias, int.from_bytes(key[-8:], "big") - bias


def send(tx: Transaction, queue: Queue, message: Message, delay_seconds: int) -> None:
    """Keep a message; it can be had after its delay."""
    shard = tx.shard(queue)
    visible_at = tx.now + delay_seconds * 1000
    number = tx.keys.next_number()
    if delay_seconds:
        message.delayed = True
        tx.keys.put(shard + _DELAYS + pack_int(visible_at) + pack_int(number), b"")
    put(tx, shard, message, visible_at, number)
    tx.tell_at(queue.arrivals, visible_at)


def put(tx: Transaction, shard: Key, message: Message, visible_at: Millis, number: int) -> None:
    """Write a message's row, and its contents apart when they are long."""
    if not message.is_long:
        tx.keys.put(_key(shard, visible_at, number), messages.to_bytes(message))
        return
    apart = messages.take_apart(message)
    tx.keys.put(shard + _BODIES + pack_int(number), apart)
    tx.keys.put(_key(shard, visible_at, number), messages.to_bytes(message))
    messages.put_together(message, apart)


def _with_body(tx: Transaction, shard: Key, message: Message, number: int) -> Message:
    if message.is_long:
        apart = tx.keys.get(shard + _BODIES + pack_int(number))
        assert apart is not None, "a body is kept as long as its message"
        messages.put_together(message, apart)
    return message


def receive(tx: Transaction, queue: Queue, limit: int, visibility_seconds: int) -> Taken:
    """Take up to `limit` visible messages out of sight, dropping those that have expired."""
    shard, settings, looked_at = tx.shard(queue), queue.attributes, 0
    found: list[Received] = []
    for visible_at, number, message in _visible(tx, queue, shard, limit):
        looked_at += 1
        if message.sent_at + settings.retention * 1000 <= tx.now:
            remove(tx, shard, visible_at, number, message)
            continue
        if settings.redrive is not None and message.receives >= settings.redrive.max_receives:
            dead_letters = dead_letters_of(tx, queue)
            if dead_letters is not None:
                to_dead_letters(tx, queue, dead_letters, visible_at, number, message)
                continue
        if not found and _is_full(tx, shard, number):
            return Taken(found, full=True)
        if not visibility_seconds and any(one.handle.number == number for one in found):
            continue  # taken a moment ago, and in sight again
        found.append(_take(tx, queue, shard, visible_at, number, message, visibility_seconds))
        if len(found) >= limit:
            break
    return Taken(found, unfinished=looked_at >= LOOKED_AT_MAX)


def _visible(tx: Transaction, queue: Queue, shard: Key, wanted: int) -> Iterator[tuple[Millis, int, Message]]:
    """From the first that may not have expired; those before it are left to `expire`. Most looks want the first few."""
    base, scanned = shard + _MESSAGES, 0
    low = base + pack_int(tx.now - queue.attributes.retention * 1000 + 1)
    high = base + pack_int(tx.now + 1)
    while scanned < LOOKED_AT_MAX:
        rows = tx.keys.scan(low, high, limit=wanted)
        for key, raw in rows:
            yield *_parts(key), messages.from_bytes(raw)
        if len(rows) < wanted:
            return
        scanned += len(rows)
        wanted = 10
        low = rows[-1][0] + b"\x00"


def _take(
    tx: Transaction, queue: Queue, shard: Key, visible_at: Millis, number: int, message: Message, seconds: int
) -> Received:
    tx.keys.delete(_key(shard, visible_at, number))
    _drop_marks(tx, shard, visible_at, number, message)
    message.receives += 1
    message.received_at = tx.now
    message.first_received_at = message.first_received_at or tx.now
    again_at = tx.now + seconds * 1000
    # Written before its body is fetched, so that a long body stays in its own row.
    tx.keys.put(_key(shard, again_at, number), messages.to_bytes(message))
    handle = Handle(queue.identity, queue.incarnation, again_at, number, message.receives, "")
    return Received(_with_body(tx, shard, message, number), handle)


def _drop_marks(tx: Transaction, shard: Key, visible_at: Millis, number: int, message: Message) -> None:
    if message.moved:
        tx.keys.delete(shard + _FORWARDS + pack_int(number))
        message.moved = False
    if message.delayed:
        tx.keys.delete(shard + _DELAYS + pack_int(visible_at) + pack_int(number))
        message.delayed = False


def _is_full(tx: Transaction, shard: Key, number: int) -> bool:
    """Whether the quota in flight is used up; looked at now and then, for AWS itself says it is approximate."""
    if number % CHECKED_EVERY:
        return False
    limit = tx.cloud.quotas.limit(tx.home.account, in_flight_max)
    low = shard + _MESSAGES + pack_int(tx.now + 1)
    return tx.keys.count(low, end_of(shard + _MESSAGES), limit=limit) >= limit


def next_visible(tx: Transaction, queue: Queue) -> Millis | None:
    """When the next message comes in sight by itself."""
    prefix = queue.shard + _MESSAGES
    rows = tx.keys.scan(prefix + pack_int(tx.now + 1), end_of(prefix), limit=1)
    return _parts(rows[0][0])[0] if rows else None


def _find(tx: Transaction, queue: Queue, handle: Handle) -> tuple[Millis, Message] | None:
    """The message a handle names, if it is still this receive's."""
    if handle.incarnation != queue.incarnation:
        return None
    shard = queue.shard
    raw = tx.keys.get(_key(shard, handle.visible_at, handle.number))
    visible_at = handle.visible_at
    if raw is None:
        forward = tx.keys.get(shard + _FORWARDS + pack_int(handle.number))
        if forward is None:
            return None
        visible_at = int.from_bytes(forward, "big")
        raw = tx.keys.get(_key(shard, visible_at, handle.number))
    if raw is None:
        return None
    message = messages.from_bytes(raw)
    return (visible_at, message) if message.receives == handle.receives else None


def delete(tx: Transaction, queue: Queue, handle: Handle) -> None:
    """Remove the message; nothing happens when the handle is an old one, as SQS documents it."""
    shard, found = tx.shard(queue), _find(tx, queue, handle)
    if found is not None:
        remove(tx, shard, found[0], handle.number, found[1])


def remove(tx: Transaction, shard: Key, visible_at: Millis, number: int, message: Message) -> None:
    """Delete all rows of a message."""
    tx.keys.delete(_key(shard, visible_at, number))
    _drop_marks(tx, shard, visible_at, number, message)
    if message.is_long:
        tx.keys.delete(shard + _BODIES + pack_int(number))


def change_visibility(tx: Transaction, queue: Queue, handle: Handle, seconds: int) -> None:
    """Bring a message in flight back sooner or later; MessageNotInflight when it is none."""
    shard, found = tx.shard(queue), _find(tx, queue, handle)
    if found is None or found[0] <= tx.now:
        raise MessageNotInflight(
            f"Value {handle.encode()} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
            "available for visibility timeout change."
        )
    old, message = found
    check_total(message, tx.now, seconds)
    visible_at = tx.now + seconds * 1000
    tx.keys.delete(_key(shard, old, handle.number))
    message.moved = True
    tx.keys.put(shard + _FORWARDS + pack_int(handle.number), visible_at.to_bytes(8, "big"))
    tx.keys.put(_key(shard, visible_at, handle.number), messages.to_bytes(message))
    tx.tell_at(queue.arrivals, visible_at)


def check_total(message: Message, now: Millis, seconds: int) -> None:
    """A message may be in flight for twelve hours from its receive, however often that is extended."""
    if now + seconds * 1000 > message.received_at + VISIBILITY_MAX_MILLIS:
        raise InvalidParameterValue(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
            "message is beyond the limit [43200 seconds]"
        )


def to_dead_letters(
    tx: Transaction, source: Queue, target: Queue, visible_at: Millis, number: int, message: Message
) -> None:
    """Received too often. It keeps its id and when it was sent, so its retention goes on counting."""
    move(tx, source, target, visible_at, number, message, source_arn=source.arn)


def move(
    tx: Transaction,
    source: Queue,
    target: Queue,
    visible_at: Millis,
    number: int,
    message: Message,
    *,
    source_arn: str = "",
) -> None:
    """To another queue, where it has not been received yet."""
    shard = tx.shard(source)
    _with_body(tx, shard, message, number)
    tx.keys.delete(_key(shard, visible_at, number))
    _drop_marks(tx, shard, visible_at, number, message)
    if message.is_long:
        tx.keys.delete(shard + _BODIES + pack_int(number))
    message.receives = 0
    message.source_arn = source_arn
    put(tx, tx.shard(target), message, tx.now, tx.keys.next_number())
    tx.tell(target.arrivals)


def oldest(tx: Transaction, queue: Queue, limit: int) -> list[tuple[Millis, int, Message]]:
    """Visible messages, for a task that moves them elsewhere."""
    low = queue.shard + _MESSAGES
    rows = tx.keys.scan(low, low + pack_int(tx.now + 1), limit=limit)
    return [(*_parts(key), messages.from_bytes(raw)) for key, raw in rows]


def everything(tx: Transaction, queue: Queue, limit: int) -> list[Message]:
    """Messages in whatever state, with their bodies."""
    low = queue.shard + _MESSAGES
    out = []
    for key, raw in tx.keys.scan(low, end_of(low), limit=limit):
        visible_at, number = _parts(key)
        message = _with_body(tx, queue.shard, messages.from_bytes(raw), number)
        message.visible_at = visible_at
        out.append(message)
    return out


def count(tx: Transaction, queue: Queue) -> Counts:
    """Counted where they lie; what has certainly expired counts no more."""
    base = queue.shard + _MESSAGES
    alive = base + pack_int(tx.now - queue.attributes.retention * 1000 + 1)
    later = pack_int(tx.now + 1)
    delays = queue.shard + _DELAYS
    hidden = tx.keys.count(base + later, end_of(base), limit=COUNTED_MAX)
    delayed = tx.keys.count(delays + later, end_of(delays), limit=COUNTED_MAX)
    visible = tx.keys.count(alive, base + later, limit=COUNTED_MAX)
    return Counts(visible, max(0, hidden - delayed), delayed)


def expire(tx: Transaction, queue: Queue, after: Key) -> Key | None:
    """Remove what has expired of the next messages in sight after a key; gives the key to go on after, if any."""
    shard = tx.shard(queue)
    base = shard + _MESSAGES
    rows = tx.keys.scan(max(base, after), base + pack_int(tx.now + 1), limit=EXPIRED_EACH_TIME)
    for key, raw in rows:
        message = messages.from_bytes(raw)
        if message.sent_at + queue.attributes.retention * 1000 <= tx.now:
            remove(tx, shard, *_parts(key), message)
    return rows[-1][0] + b"\x00" if len(rows) == EXPIRED_EACH_TIME else None
