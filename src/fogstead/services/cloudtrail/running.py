"""Queries under way: each fills a database of its own with the events of its stores and puts the statement to it.

What is under way is known by its rows, so a restart finds it: whoever looks at a query that nobody runs has it run
again. DuckDB works on threads of its own, and is interrupted when the cloud ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack
from fogstead.primitives.tasks import Tasks
from fogstead.services.cloudtrail import billing, names, sql, statements
from fogstead.services.cloudtrail.event_data_stores import EventDataStore
from fogstead.services.cloudtrail.ingestion import Batch, batches, ingest, oldest_kept
from fogstead.services.cloudtrail.query_records import RESULTS, Query
from fogstead.services.cloudtrail.rows import lines_of

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Of the whole cloud; the others are queued."""
SECONDS_MAX: Final = 300
"""Of true time, to fill the tables and put the statement."""
SCANNED_BYTES_MAX: Final = 1 << 30
_LOOK_EVERY_SECONDS = 0.05
_END_SECONDS = 10
_BATCHES_EACH_TIME = 8
_ROWS_EACH_TIME = 1_000


class Answer(NamedTuple):
    """What a statement came to."""

    columns: list[str]
    rows: list[list[str]]


class Running:
    """The queries of one cloud that are under way, each with what stops it."""

    def __init__(self) -> None:
        self._stops: dict[str, threading.Event] = {}
        self._tasks = Tasks()
        self._turn = asyncio.Semaphore(AT_ONCE)

    def start(self, cloud: Cloud, query: Query) -> None:
        """Run a query unless it is under way already."""
        if query.id not in self._stops:
            self._stops[query.id] = threading.Event()
            self._tasks.start(self._run(cloud, query))

    def cancel(self, query_id: str) -> None:
        """Stop it, wherever it is."""
        stop = self._stops.get(query_id)
        if stop is not None:
            stop.set()

    async def _run(self, cloud: Cloud, query: Query) -> None:
        try:
            async with self._turn:
                await _answer(cloud, query, self._stops[query.id])
        except Exception:
            log.exception("query %s failed", query.id)
            await _end(cloud, query, "FAILED", error="The query failed: see the log.")
        finally:
            del self._stops[query.id]


_running: WeakKeyDictionary[Cloud, Running] = WeakKeyDictionary()


def running(cloud: Cloud) -> Running:
    """What is under way in a cloud."""
    return _running.setdefault(cloud, Running())


async def _answer(cloud: Cloud, query: Query, stop: threading.Event) -> None:
    began = cloud.clock.true_now()
    if not await cloud.transact(query.home, _set_running, query):
        return
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="fogstead-query-"))
    try:
        scanned = await _fill(cloud, query, folder)
        answer = await _in_thread(stop, _work, query, folder, stop)
    except sql.Refused as error:
        await _end(cloud, query, "FAILED", error=str(error))
    except TimeoutError:
        await _end(cloud, query, "TIMED_OUT", error=f"The query took longer than {SECONDS_MAX} seconds.")
    else:
        await _keep_rows(cloud, query, answer)
        taken = cloud.clock.true_now() - began
        await _end(cloud, query, "FINISHED", answer=answer, scanned=scanned, taken=taken)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _set_running(tx: Transaction, seen: Query) -> bool:
    query = tx.find(Query, seen.id)
    if query is None or not query.is_under_way:
        return False
    tx.replace(query, status="RUNNING")
    return True


# --------------------------------------------------------------------------- the events
async def _fill(cloud: Cloud, query: Query, folder: Path) -> tuple[int, int]:
    """A file for each store; how many events and bytes there are."""
    events = size = 0
    for store_id in (query.store, *query.others):
        store = await cloud.transact(query.home, _store, store_id, read_only=True)
        await ingest(cloud, store)
        since = names.iso(oldest_kept(store, cloud.clock.now()))
        behind: Key | None = None
        while found := await batches(cloud, store, behind, _BATCHES_EACH_TIME):
            behind = found[-1][0]
            events += sum(batch.count for _, batch in found)
            size += sum(batch.plain_bytes for _, batch in found)
            if size > SCANNED_BYTES_MAX:
                raise sql.Refused(f"The query would scan more than {SCANNED_BYTES_MAX >> 30} GiB of events.")
            await asyncio.to_thread(_append, _file(folder, store_id), [batch for _, batch in found], since)
    return events, size


def _store(tx: Transaction, store_id: str) -> EventDataStore:
    try:
        return tx.get(EventDataStore, store_id)
    except ServiceError as error:
        raise sql.Refused(error.message) from None


def _append(file: Path, found: list[Batch], since: str) -> None:
    with file.open("ab") as out:
        for batch in found:
            out.writelines(lines_of(batch, since))


def _file(folder: Path, store_id: str) -> Path:
    return folder / f"{store_id}.ndjson"


# --------------------------------------------------------------------------- the statement
def _work(query: Query, folder: Path, stop: threading.Event) -> Answer:
    """On a thread of its own: fill the tables and put the statement."""
    import duckdb  # noqa: PLC0415 - optional, and slow to import

    statement = statements.read(query.text)
    files = {store_id: _file(folder, store_id) for store_id in statement.ids}
    done, late = threading.Event(), threading.Event()
    with contextlib.closing(sql.connected()) as database:
        threading.Thread(target=_watch, args=(database, stop, done, late), daemon=True).start()
        try:
            sql.fill(database, {store_id: file if file.exists() else None for store_id, file in files.items()})
            return Answer(*sql.results(database, statement.sql))
        except duckdb.Error as error:
            if late.is_set():
                raise TimeoutError from None
            raise sql.Refused(sql.sentence(error)) from None
        finally:
            done.set()


def _watch(database: Any, stop: threading.Event, done: threading.Event, late: threading.Event) -> None:
    """Interrupt what is stopped or takes too long; again and again, for it may be between two statements."""
    looks = 0
    while not done.wait(_LOOK_EVERY_SECONDS):
        looks += 1
        if looks * _LOOK_EVERY_SECONDS > SECONDS_MAX:
            late.set()
        if stop.is_set() or late.is_set():
            with contextlib.suppress(Exception):  # it is being closed
                database.interrupt()


async def _in_thread(stop: threading.Event, work: Any, *arguments: Any) -> Any:
    """Not one of the loop's own threads: those are waited for at the end, and this may take minutes."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        outcome: tuple[Any, BaseException | None]
        try:
            outcome = (work(*arguments), None)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            outcome = (None, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, *outcome)

    thread = threading.Thread(target=run, name="cloudtrail-query", daemon=True)
    thread.start()
    try:
        return await future
    except asyncio.CancelledError:
        stop.set()
        thread.join(_END_SECONDS)  # the program ends, and must not with DuckDB at work
        raise


# --------------------------------------------------------------------------- the result
async def _keep_rows(cloud: Cloud, query: Query, answer: Answer) -> None:
    for start in range(0, len(answer.rows), _ROWS_EACH_TIME):
        await cloud.transact(query.home, _put_rows, query, start, answer.rows[start : start + _ROWS_EACH_TIME])


def _put_rows(tx: Transaction, seen: Query, start: int, rows: list[list[str]]) -> None:
    query = tx.find(Query, seen.id)
    if query is None or not query.is_under_way:
        return
    shard = tx.shard(query)
    for number, row in enumerate(rows, start):
        tx.keys.put(shard + RESULTS + pack(number), msgspec.msgpack.encode(row))


async def _end(
    cloud: Cloud,
    query: Query,
    status: str,
    *,
    error: str = "",
    answer: Answer | None = None,
    scanned: tuple[int, int] = (0, 0),
    taken: int = 0,
) -> None:
    changes: dict[str, Any] = {"status": status, "error": error, "run_millis": taken}
    if answer is not None:
        changes |= {"columns": tuple(answer.columns), "row_count": len(answer.rows)}
        changes |= {"scanned": scanned[0], "bytes_scanned": scanned[1]}
    await cloud.transact(query.home, _set_ended, query, changes)


def _set_ended(tx: Transaction, seen: Query, changes: dict[str, Any]) -> None:
    query = tx.find(Query, seen.id)
    if query is None or not query.is_under_way:
        return
    ended = tx.replace(query, ended_at=tx.now, **changes)
    store = tx.find(EventDataStore, query.store)
    if store is not None and ended.bytes_scanned:
        billing.count_scanned(tx, store, ended.bytes_scanned)
