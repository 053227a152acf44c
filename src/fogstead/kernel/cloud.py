"""The kernel put together: one cloud in one process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, TypeVar

from fogstead.kernel.asked_actions import AskedActions
from fogstead.kernel.asking import Answers, Asking
from fogstead.kernel.audit_log import AuditLog
from fogstead.kernel.authority import Authority
from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import Catalog, job
from fogstead.kernel.clock_log import MOVES, SEEN, ClockLog
from fogstead.kernel.data_keys import DataKeys
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.explanation import Denials, Explanation
from fogstead.kernel.identities import Identities
from fogstead.kernel.identity import CredentialSource, RootKeys
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.jobs import Job, JobKind, JobRunner
from fogstead.kernel.last_uses import LastUses
from fogstead.kernel.meter import Meter
from fogstead.kernel.metrics import CallCounts
from fogstead.kernel.observation import Observations
from fogstead.kernel.outbox import Event, Outbox, Reaction
from fogstead.kernel.pipeline import Pipeline
from fogstead.kernel.ports import PORTS
from fogstead.kernel.prices import NO_PRICES, PriceBook
from fogstead.kernel.quotas import QuotaTable
from fogstead.kernel.sweeping import Sweeper
from fogstead.kernel.throttling import Throttle
from fogstead.kernel.transaction import Transaction, apply
from fogstead.kernel.waiting import Again, Hub
from fogstead.model.service import service_name
from fogstead.primitives.blobs import Blobs
from fogstead.primitives.clock import Clock, Millis
from fogstead.primitives.ids import Ids
from fogstead.primitives.store import SYSTEM, Home, Keys, Store, end_of, run
from fogstead.primitives.store.packing import pack
from fogstead.primitives.telemetry.memory import MemorySegments
from fogstead.primitives.vault import Vault, forgetful

log = logging.getLogger(__name__)

T = TypeVar("T")
Effects = list[Callable[[], None]]
AuthMode = Literal["enforce", "audit", "off"]

_SECRET = SYSTEM.prefix + pack("page-key")
_RESETTING = SYSTEM.prefix + pack("resetting")
_KEPT = (MOVES, SEEN, PORTS, _SECRET, _RESETTING, SYSTEM.prefix + pack("number"))
_REAPED_EACH_TIME = 5_000


class Cloud:
    """Everything an operation may need, bound to one store, one clock and one source of randomness."""

    def __init__(
        self,
        store: Store,
        *,
        blobs: Blobs | None = None,
        vault: Vault | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        catalog: Catalog | None = None,
        credentials: CredentialSource | None = None,
        authority: Authority | None = None,
        audit: AuditLog | None = None,
        prices: PriceBook = NO_PRICES,
        auth: AuthMode = "enforce",
        throttles: bool = False,
        checks_outputs: bool = False,
    ) -> None:
        self.store = store
        self._blobs = blobs
        self.vault = vault or forgetful()
        self.clock = clock or Clock()
        self.ids = ids or Ids()
        self.catalog = catalog or Catalog()
        self.credentials = credentials or RootKeys()
        self._authority = authority
        self.identities = Identities(self)
        self.last_uses = LastUses(self)
        self.audit = audit or AuditLog(MemorySegments())
        self.auth = auth
        self.checks_outputs = checks_outputs
        self.quotas = QuotaTable()
        self.throttle = Throttle(enabled=throttles)
        self.denials = Denials()
        self.asked_actions = AskedActions()
        self.data_keys = DataKeys()
        self.counts = CallCounts()
        self.meter = Meter(store)
        self.prices = prices
        self.observations = Observations()
        self.clock_log = ClockLog(store)
        self.hub = Hub(self.clock)
        self.jobs = JobRunner(self, store)
        self.outbox = Outbox(self, store)
        self.sweeper = Sweeper(self)
        self.pipeline = Pipeline(self)
        self.page_key = b""
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        """Read what the store knows of the cloud itself, and take up work left undone."""
        fresh = self.ids.take(32)
        await self._finish_reset()
        self.page_key = await run(self.store, SYSTEM, lambda keys: _read_secret(keys, fresh))
        self.clock = await self.clock_log.read(self.clock.true_now)
        self.clock_log.watch(self.clock)
        await run(self.store, SYSTEM, self.audit.selection.read, read_only=True)
        self.hub = Hub(self.clock)
        await self.outbox.start()
        self.jobs.start()
        if self._blobs is not None:
            self.sweeper.start()

    @cached_property
    def authority(self) -> Authority:
        """Who keeps users, roles and keys; imported when the first of them is asked for."""
        return self._authority or self.catalog.authority()

    @property
    def blobs(self) -> Blobs:
        """Where bytes are kept that are too many for a row."""
        assert self._blobs is not None, "this cloud was made without blobs"
        return self._blobs

    async def transact(
        self,
        home: Home,
        work: Callable[..., T],
        *arguments: Any,
        origin: Origin | None = None,
        invocation: Invocation | None = None,
        call: Call | None = None,
        read_only: bool = False,
    ) -> T:
        """Run `work(tx, *arguments)` in one transaction; its effects follow the commit though nobody waits any more.

        What it asks (`tx.ask`) is asked as `call`.
        """
        came_from = origin or (call.origin if call is not None else Origin(request_id=self.ids.uuid()))
        answers = invocation.answers if invocation is not None else Answers()
        while True:
            try:
                return await self._transact(
                    home,
                    lambda keys, effects: work(
                        Transaction(self, keys, home, came_from, effects, invocation, answers), *arguments
                    ),
                    read_only=read_only,
                )
            except Asking as asking:
                assert call is not None, "this transaction has nobody to ask for it"
                await answers.find(asking, call)

    async def _transact(self, home: Home, work: Callable[[Keys, Effects], T], *, read_only: bool) -> T:
        effects: Effects = []

        def attempt(keys: Keys) -> T:
            effects.clear()
            return work(keys, effects)

        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def settled(result: T, error: BaseException | None) -> None:
            if error is None:
                apply(effects)
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.store.submit(home, attempt, settled, read_only=read_only)
        result = await future
        assert not isinstance(result, Again), "only operations wait"
        return result

    async def run_job(self, kind: JobKind, due: Job, work: Callable[[Transaction], None]) -> None:
        """Run a job that is one transaction; what it asks is asked as the service that declared it."""
        await self.transact(due.home, work, call=self._call(kind.name, due.home))

    async def run_async_job(self, kind: JobKind, due: Job) -> None:
        """Run a job that waits, as the service that declared it."""
        await kind.run(self._call(kind.name, due.home), due.arguments)

    async def run_reaction(self, reaction: Reaction, home: Home, event: Event) -> None:
        """Give a subscriber an event, as the service that declared it."""
        await reaction.run(self._call(reaction.name, home, event.depth), event.payload)

    def _call(self, name: str, home: Home, depth: int = 0) -> Call:
        origin = Origin(request_id=self.ids.uuid(), depth=depth)
        return Call(self, home, origin, service_name(name.partition(".")[0]))

    def denied(self, invocation: Invocation, explanation: Explanation, said: Mapping[str, str]) -> None:
        """A decision against the caller: refused, or in `audit` mode only said in the log."""
        invocation.denied = explanation
        request_id = invocation.origin.request_id
        self.denials.keep(request_id, explanation)
        if self.auth == "enforce":
            raise AccessDenied(explanation.reason, **said)
        log.warning("%s would be denied: %s", request_id, explanation.reason)

    async def advance(self, target: Millis) -> int:
        """Move cloud time forward to `target`, running what falls due on the way; gives the number of steps."""
        return await self.jobs.advance(target)

    async def keep_clock_move(self) -> None:
        """Write the clock's last move to its log; without it a restart would turn time back."""
        await self.clock_log.keep(*self.clock.settle())

    async def keep_clock_stand(self, began: Millis) -> None:
        """Write how far a move that began at a true time has come, before what happens there is kept."""
        await self.clock_log.keep(began, max(self.clock.offset, self.clock.now() - self.clock.true_now()))

    async def reset(self) -> None:
        """Forget everything but the clock, the ports and the cloud's own secrets."""
        await self.outbox.settle()
        await self.meter.forget()
        await run(self.store, SYSTEM, lambda keys: keys.put(_RESETTING, b""))
        await self._finish_reset()
        self.audit.clear()
        self.data_keys.clear()
        self.hub.wake_all()
        if self._blobs is not None:
            await self.sweeper.sweep(0)

    async def _finish_reset(self) -> None:
        """Wipe step by step; a reset that a kill has cut short goes on at the next start."""
        more = await run(self.store, SYSTEM, lambda keys: keys.get(_RESETTING) is not None, read_only=True)
        while more:
            more = await run(self.store, SYSTEM, _wipe)

    async def close(self) -> None:
        """Finish what is under way; the store stays open."""
        self.hub.close()
        await self.jobs.close()
        await self.outbox.close()
        await self.pipeline.close()
        await self.last_uses.close()
        await self.meter.close()
        await self.sweeper.close()
        await self.clock_log.close(self.clock)
        self.audit.close()


def _read_secret(keys: Keys, fresh: bytes) -> bytes:
    secret = keys.get(_SECRET)
    if secret is None:
        keys.put(_SECRET, fresh)
    return secret or fresh


def _wipe(keys: Keys) -> bool:
    """Delete a few thousand rows; True when there may be more. Kept keys split the whole range."""
    low = b""
    deleted = 0
    for kept in (*sorted(_KEPT), b"\xff"):
        deleted += keys.delete_range(low, kept, limit=_REAPED_EACH_TIME)
        low = end_of(kept)
    if not deleted:
        keys.delete(_RESETTING)
    return deleted > 0


@job("kernel.reap")
def reap(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Delete the rows of a resource that is gone, some at a time."""
    shard = arguments["shard"]
    tx.keys.lock(shard)
    if tx.keys.delete_range(shard, end_of(shard), limit=_REAPED_EACH_TIME) == _REAPED_EACH_TIME:
        tx.schedule("kernel.reap", arguments, at=tx.now)
