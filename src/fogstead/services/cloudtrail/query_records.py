"""Queries as they lie in the store: by id, and by their event data store, newest first, for a week."""

from __future__ import annotations

from typing import Any, Final

from fogstead.kernel.catalog import job
from fogstead.kernel.resource import Resource
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store.packing import pack
from fogstead.services.cloudtrail.event_data_stores import EventDataStore
from fogstead.services.cloudtrail.service import QueryIdNotFound, cloudtrail

KEPT_MILLIS: Final = 7 * 86_400_000
UNDER_WAY: Final = frozenset({"QUEUED", "RUNNING"})
RESULTS = pack("result")
OF_STORE = pack("query")


class Query(Resource, service=cloudtrail, arn="eventdatastore/{store}", key=("id",), missing=QueryIdNotFound):
    """A statement that was put to an event data store, and what came of it. Who may use the store may see it."""

    id: str
    store: str
    others: tuple[str, ...] = ()
    text: str = ""
    status: str = "QUEUED"
    error: str = ""
    columns: tuple[str, ...] = ()
    row_count: int = 0
    scanned: int = 0
    bytes_scanned: int = 0
    run_millis: int = 0
    ended_at: Millis = 0

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.status in UNDER_WAY


def note(tx: Transaction, query: Query) -> None:
    """Let a new query be found by its store, newest first, and forgotten in a week."""
    store = tx.get(EventDataStore, query.store)
    tx.keys.put(tx.shard(store) + OF_STORE + pack(-query.created_at, query.id), b"")
    tx.schedule("cloudtrail.forget-query", {"id": query.id}, at=tx.now + KEPT_MILLIS, name=query.id)


@job("cloudtrail.forget-query")
def forget_query(tx: Transaction, arguments: dict[str, Any]) -> None:
    """With its results."""
    query = tx.find(Query, arguments["id"])
    if query is None:
        return
    store = tx.find(EventDataStore, query.store)
    if store is not None:
        tx.keys.delete(tx.shard(store) + OF_STORE + pack(-query.created_at, query.id))
    tx.delete(query)
