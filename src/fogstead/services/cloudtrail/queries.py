"""Queries: started, looked at, cancelled, and their results."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home, after, end_of
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.cloudtrail import sql, statements
from fogstead.services.cloudtrail.event_data_stores import EventDataStore, active
from fogstead.services.cloudtrail.query_records import OF_STORE, RESULTS, Query, note
from fogstead.services.cloudtrail.running import running
from fogstead.services.cloudtrail.service import (
    InactiveEventDataStore,
    InactiveQuery,
    InvalidDateRange,
    QueryIdNotFound,
    TooManyQueries,
    cloudtrail,
    queries_max,
)

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        CancelQueryRequest,
        CancelQueryResponse,
        DescribeQueryRequest,
        DescribeQueryResponse,
        GetQueryResultsRequest,
        GetQueryResultsResponse,
        ListQueriesRequest,
        StartQueryRequest,
        StartQueryResponse,
    )

_FOREIGN = ("EventDataStoreOwnerAccountId",)


# --------------------------------------------------------------------------- starting
def _store_in(given: Mapping[str, Any], home: Home) -> Located:
    return EventDataStore.at(home, statements.read(given["QueryStatement"]).ids[0])


@cloudtrail.operation(
    on=EventDataStore,
    at="QueryStatement",
    locate=_store_in,
    refuses=("DeliveryS3Uri", "QueryAlias", "QueryParameters", "EventDataStoreOwnerAccountId"),
)
async def start_query(call: Call, req: StartQueryRequest) -> StartQueryResponse:
    """Over everything that its stores have taken in by now."""
    sql.required()
    statement = statements.read(req["QueryStatement"])
    await asyncio.to_thread(sql.check, statement.sql, statement.ids)
    query = await call.transact(_queued, req["QueryStatement"], statement.ids[1:])
    running(call.cloud).start(call.cloud, query)
    return {"QueryId": query.id}


def _queued(tx: Transaction, text: str, others: tuple[str, ...]) -> Query:
    store = active(tx)
    for other_id in others:
        other = tx.get(EventDataStore, other_id)
        tx.authorise("cloudtrail:StartQuery", other, "", {})
        if other.status == "PENDING_DELETION":
            raise InactiveEventDataStore
    under_way = sum(1 for one in tx.all(Query) if one.is_under_way)
    if under_way >= tx.cloud.quotas.limit(tx.home.account, queries_max):
        raise TooManyQueries
    query = tx.create(Query(id=tx.new_id(), store=store.id, others=others, text=text))
    note(tx, query)
    return query


# --------------------------------------------------------------------------- looking
def _wanted(tx: Transaction) -> Query:
    """The query of this call, whose store must not be about to be deleted."""
    query: Query = tx.resource
    store = tx.find(EventDataStore, query.store)
    if store is None:
        raise QueryIdNotFound
    if store.status == "PENDING_DELETION":
        raise InactiveEventDataStore
    if query.is_under_way:  # a restart may have ended it
        tx.after_commit(lambda: running(tx.cloud).start(tx.cloud, query))
    return query


@cloudtrail.operation(
    on=Query, at="QueryId", refuses=("QueryAlias", "RefreshId", *_FOREIGN), ignores=("EventDataStore",)
)
def describe_query(tx: Transaction, req: DescribeQueryRequest) -> DescribeQueryResponse:  # noqa: ARG001
    """How far it is, and what it took."""
    query = _wanted(tx)
    statistics: Any = {
        "EventsMatched": query.row_count,
        "EventsScanned": query.scanned,
        "BytesScanned": query.bytes_scanned,
        "ExecutionTimeInMillis": query.run_millis,
        "CreationTime": query.created_at,
    }
    answer: DescribeQueryResponse = {
        "QueryId": query.id,
        "QueryString": query.text,
        "QueryStatus": query.status,
        "QueryStatistics": statistics,
    }
    if query.error:
        answer["ErrorMessage"] = query.error
    return answer


@cloudtrail.operation(on=Query, at="QueryId", refuses=_FOREIGN, ignores=("EventDataStore",))
def get_query_results(tx: Transaction, req: GetQueryResultsRequest) -> GetQueryResultsResponse:  # noqa: ARG001
    """Some rows at a time, once it has finished."""
    query = _wanted(tx)
    cut = tx.cut(size_default=1000, size_max=1000)
    low = query.shard + RESULTS
    rows = tx.keys.scan(after(cut.after) if cut.after else low, end_of(low), limit=cut.size + 1)
    page = [] if query.is_under_way else rows[: cut.size]
    answer: dict[str, Any] = {
        "QueryStatus": query.status,
        "QueryStatistics": {
            "ResultsCount": len(page),
            "TotalResultsCount": query.row_count,
            "BytesScanned": query.bytes_scanned,
        },
        "QueryResultRows": [_row(query, value) for _, value in page],
    }
    if page and len(rows) > cut.size:
        answer["NextToken"] = cut.token(page[-1][0])
    if query.error:
        answer["ErrorMessage"] = query.error
    shown: GetQueryResultsResponse = answer  # type: ignore[assignment]
    return shown


def _row(query: Query, raw: bytes) -> list[dict[str, str]]:
    values = msgspec.msgpack.decode(raw, type=list[str])
    return [{name: value} for name, value in zip(query.columns, values, strict=True)]


@cloudtrail.operation(on=EventDataStore, at="EventDataStore")
def list_queries(tx: Transaction, req: ListQueriesRequest) -> Page:
    """Of the last seven days, newest first."""
    store = active(tx)
    start, end = req.get("StartTime"), req.get("EndTime")
    if start is not None and end is not None and start > end:
        raise InvalidDateRange("Start time is after end time.")
    cut = tx.cut(size_default=1000, size_max=1000)
    base = store.shard + OF_STORE
    low = base if end is None else base + pack(-end - 999)
    high = end_of(base) if start is None else end_of(base + pack(-start))
    shown: list[Any] = []
    last = cut.after
    behind = max(low, after(cut.after)) if cut.after else low
    while rows := tx.keys.scan(behind, high, limit=1000):
        for row, _ in rows:
            query = tx.find(Query, str(unpack(row[len(base) :])[1]))
            if query is None or req.get("QueryStatus", query.status) != query.status:
                continue
            if len(shown) == cut.size:
                assert last is not None
                return Page(shown, cut.token(last))
            shown.append({"QueryId": query.id, "QueryStatus": query.status, "CreationTime": query.created_at})
            last = row
        behind = after(rows[-1][0])
    return Page(shown, None)


@cloudtrail.operation(on=Query, at="QueryId", refuses=_FOREIGN, ignores=("EventDataStore",))
def cancel_query(tx: Transaction, req: CancelQueryRequest) -> CancelQueryResponse:  # noqa: ARG001
    """A query that has ended cannot be cancelled."""
    query = _wanted(tx)
    if not query.is_under_way:
        raise InactiveQuery
    tx.replace(query, status="CANCELLED", ended_at=tx.now)
    tx.after_commit(lambda: running(tx.cloud).cancel(query.id))
    return {"QueryId": query.id, "QueryStatus": "CANCELLED"}
