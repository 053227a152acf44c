"""Filling event data stores: what they take is copied out of the audit and kept for their own time.

A store's events lie in batches among its rows: compressed lines of JSON, oldest first. Who copies says from where, so
of two that copy at once only one is kept.
"""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Home, Key, after, end_of
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.cloudtrail import billing
from fogstead.services.cloudtrail.event_data_stores import INGEST_EVERY_MILLIS, EventDataStore, same
from fogstead.services.cloudtrail.events import encode, event_of
from fogstead.services.cloudtrail.gathering import gather, selected
from fogstead.services.cloudtrail.spans import moved, reachable

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

ROUNDS_MAX: Final = 200
"""Of one turn; what is left waits for the next."""
MERGED_BYTES_MAX: Final = 64 * 1024
"""Up to here what is new is added to the newest batch."""
FORGOTTEN_EACH_TIME: Final = 100
DAY_MILLIS: Final = 86_400_000
BATCHES = pack("batch")


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Some events, oldest first: one or more gzip members of JSON lines."""

    count: int
    plain_bytes: int
    newest: Millis
    body: bytes


_decode = msgspec.msgpack.Decoder(Batch).decode
_encode = msgspec.msgpack.Encoder().encode


@job("cloudtrail.ingest", every=INGEST_EVERY_MILLIS)
async def come_round(call: Call, arguments: dict[str, Any]) -> None:
    """Take in what is new and forget what is too old."""
    store = await call.transact(_prepared, arguments["id"])
    if store is not None:
        await ingest(call.cloud, store)
        while await call.transact(_forget_old, store):
            pass


async def ingest(cloud: Cloud, seen: EventDataStore) -> None:
    """Take in all that the audit has for a store by now."""
    home = seen.home
    for _ in range(ROUNDS_MAX):
        store = await cloud.transact(home, _prepared, seen.id)
        if store is None or not store.spans:
            return
        span = store.spans[0]
        upto = span.upto or cloud.audit.last
        if span.after >= upto:
            return
        takes = selected(store.selectors, store.from_region)
        found = await asyncio.to_thread(gather, cloud.audit, store.account, takes, span.after, upto)
        batch = await asyncio.to_thread(_packed, found.records) if found.records else None
        await cloud.transact(home, _keep, store, found.reached, batch)


def _packed(records: list[AuditRecord]) -> Batch:
    lines = b"\n".join(encode(event_of(record)) for record in records) + b"\n"
    return Batch(len(records), len(lines), max(record.at for record in records), gzip.compress(lines, mtime=0))


def _prepared(tx: Transaction, store_id: str) -> EventDataStore | None:
    """The store, with what the audit's cap has removed counted."""
    store = tx.find(EventDataStore, store_id)
    if store is None:
        return None
    spans, removed = reachable(store.spans, tx.cloud.audit.first)
    return store if spans == store.spans else tx.replace(store, spans=spans, removed=store.removed + removed)


def _keep(tx: Transaction, seen: EventDataStore, reached: int, batch: Batch | None) -> None:
    store = same(tx, seen)
    if store is None or store.spans[:1] != seen.spans[:1]:
        return  # another one was faster, or the store was switched off in between: the next round sees to it
    tx.replace(store, spans=moved(store.spans, reached))
    if batch is None:
        return
    billing.count_ingested(tx, store, batch.plain_bytes)
    low = tx.shard(store) + BATCHES
    rows = tx.keys.scan(low, end_of(low), limit=1, reverse=True)
    last = _decode(rows[0][1]) if rows else None
    number = int(unpack(rows[0][0][len(low) :])[0]) if rows else 0
    if last is not None and len(last.body) <= MERGED_BYTES_MAX:
        batch = Batch(
            last.count + batch.count,
            last.plain_bytes + batch.plain_bytes,
            max(last.newest, batch.newest),
            last.body + batch.body,
        )
    else:
        number += 1
    tx.keys.put(low + pack(number), _encode(batch))


def _forget_old(tx: Transaction, seen: EventDataStore) -> bool:
    """Whether there may be more of it."""
    store = same(tx, seen)
    if store is None:
        return False
    low = tx.shard(store) + BATCHES
    rows = tx.keys.scan(low, end_of(low), limit=FORGOTTEN_EACH_TIME)
    old = [row for row, value in rows if _decode(value).newest < oldest_kept(store, tx.now)]
    for row in old:
        tx.keys.delete(row)
    return len(old) == FORGOTTEN_EACH_TIME


def oldest_kept(store: EventDataStore, now: Millis) -> Millis:
    """Events before it are not shown any more."""
    return now - store.kept_days * DAY_MILLIS


async def batches(cloud: Cloud, store: EventDataStore, behind: Key | None, count: int) -> list[tuple[Key, Batch]]:
    """Some of a store's batches, in their order."""
    home: Home = store.home
    rows = await cloud.transact(home, _batches, store, behind, count, read_only=True)
    return [(row, _decode(value)) for row, value in rows]


def _batches(tx: Transaction, store: EventDataStore, behind: Key | None, count: int) -> list[tuple[Key, bytes]]:
    low = store.shard + BATCHES
    return tx.keys.scan(low if behind is None else after(behind), end_of(low), limit=count)
