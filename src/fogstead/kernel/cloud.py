"""The kernel put together: one cloud in one process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypeVar

from fogstead.kernel.audit import AuditSink, RecentAudit
from fogstead.kernel.calls import Call, NoRoles, RoleSource
from fogstead.kernel.catalog import Catalog, job
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.identity import CredentialSource, RootKeys
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.jobs import Job, JobKind, JobRunner
from fogstead.kernel.metrics import CallCounts
from fogstead.kernel.observation import Observations
from fogstead.kernel.outbox import Outbox, Reaction
from fogstead.kernel.pipeline import Pipeline
from fogstead.kernel.quotas import QuotaTable
from fogstead.kernel.throttling import Throttle
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.waiting import Again, Hub
from fogstead.primitives.clock import Clock, Millis
from fogstead.primitives.ids import Ids
from fogstead.primitives.store import SYSTEM, Home, Keys, Store, end_of, run
from fogstead.primitives.store.packing import pack, pack_int

log = logging.getLogger(__name__)

T = TypeVar("T")
AuthMode = Literal["enforce", "audit", "off"]

_CLOCK = SYSTEM.prefix + pack("clock")
_SECRET = SYSTEM.prefix + pack("page-key")
_REAPED_EACH_TIME = 5_000
_MOVES_MAX = 100_000


class Cloud:
    """Everything an operation may need, bound to one store, one clock and one source of randomness."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        catalog: Catalog | None = None,
        credentials: CredentialSource | None = None,
        roles: RoleSource | None = None,
        audit: AuditSink | None = None,
        auth: AuthMode = "enforce",
        throttles: bool = False,
        checks_outputs: bool = False,
    ) -> None:
        self.store = store
        self.clock = clock or Clock()
        self.ids = ids or Ids()
        self.catalog = catalog or Catalog()
        self.credentials = credentials or RootKeys()
        self.roles = roles or NoRoles()
        self.audit = audit or RecentAudit()
        self.auth = auth
        self.checks_outputs = checks_outputs
        self.quotas = QuotaTable()
        self.throttle = Throttle(enabled=throttles)
        self.counts = CallCounts()
        self.observations = Observations()
        self.hub = Hub(self.clock)
        self.jobs = JobRunner(self, store)
        self.outbox = Outbox(self, store)
        self.pipeline = Pipeline(self)
        self.page_key = b""
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        """Read what the store knows of the cloud itself, and take up work left undone."""
        fresh = self.ids.take(32)
        self.page_key, moves = await run(self.store, SYSTEM, lambda keys: _read_own(keys, fresh))
        self.clock = Clock(self.clock.true_now, moves)
        self.hub = Hub(self.clock)
        await self.outbox.start()
        self.jobs.start()

    async def transact(
        self,
        home: Home,
        work: Callable[..., T],
        *arguments: Any,
        origin: Origin | None = None,
        read_only: bool = False,
    ) -> T:
        """Run `work(tx, *arguments)` in one transaction and apply its effects."""
        effects: list[Callable[[], None]] = []
        came_from = origin or Origin(request_id=self.ids.uuid())

        def attempt(keys: Keys) -> T:
            effects.clear()
            return work(Transaction(self, keys, home, came_from, effects), *arguments)

        result = await run(self.store, home, attempt, read_only=read_only)
        assert not isinstance(result, Again), "only operations wait"
        for effect in effects:
            effect()
        return result

    async def run_async_job(self, kind: JobKind, due: Job) -> None:
        """Run a job that waits, as the service that declared it."""
        await kind.run(self._call(kind.name, due.home), due.arguments)

    async def run_reaction(self, reaction: Reaction, home: Home, payload: dict[str, Any]) -> None:
        """Give a subscriber an event, as the service that declared it."""
        await reaction.run(self._call(reaction.name, home), payload)

    def _call(self, name: str, home: Home) -> Call:
        return Call(self, home, Origin(request_id=self.ids.uuid()), name.partition(".")[0].replace("_", "-"))

    def denied(self, invocation: Invocation, reason: str) -> None:
        """A decision against the caller: refused, or in `audit` mode only said in the log."""
        if self.auth == "enforce":
            _deny(reason)
        log.warning("%s would be denied: %s", invocation.origin.request_id, reason)

    async def advance(self, target: Millis) -> int:
        """Move cloud time forward to `target`, running what falls due on the way; gives the number of steps."""
        return await self.jobs.advance(target)

    async def keep_clock_move(self) -> None:
        """Write the clock's last move to its log; without it a restart would turn time back."""
        true, offset = self.clock.settle()
        await run(self.store, SYSTEM, lambda keys: keys.put(_CLOCK + pack_int(true), offset.to_bytes(8, "big")))

    async def reset(self) -> None:
        """Forget everything but the clock and the cloud's own secrets."""
        await self.outbox.settle()
        keep = (_CLOCK, _SECRET, SYSTEM.prefix + pack("number"))
        more = True
        while more:
            more = await run(self.store, SYSTEM, lambda keys: _wipe(keys, keep))
        self.hub.wake_all()

    async def close(self) -> None:
        """Finish what is under way; the store stays open."""
        self.hub.close()
        await self.jobs.close()
        await self.outbox.close()
        await self.pipeline.close()


def _deny(reason: str) -> NoReturn:
    raise AccessDenied(reason)


def _read_own(keys: Keys, fresh: bytes) -> tuple[bytes, list[tuple[Millis, Millis]]]:
    secret = keys.get(_SECRET)
    if secret is None:
        secret = fresh
        keys.put(_SECRET, secret)
    rows = keys.scan(_CLOCK, end_of(_CLOCK), limit=_MOVES_MAX)
    bias = 1 << 63
    moves = [
        (int.from_bytes(key[len(_CLOCK) + 1 :], "big") - bias, int.from_bytes(value, "big")) for key, value in rows
    ]
    return secret, moves


def _wipe(keys: Keys, keep: tuple[bytes, ...]) -> bool:
    """Delete a few thousand rows; True when there may be more. Kept keys split the whole range."""
    low = b""
    deleted = 0
    for kept in (*sorted(keep), b"\xff"):
        deleted += keys.delete_range(low, kept, limit=_REAPED_EACH_TIME)
        low = end_of(kept)
    return deleted > 0


@job("kernel.reap")
def reap(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Delete the rows of a resource that is gone, some at a time."""
    shard = arguments["shard"]
    tx.keys.lock(shard)
    if tx.keys.delete_range(shard, end_of(shard), limit=_REAPED_EACH_TIME) == _REAPED_EACH_TIME:
        tx.schedule("kernel.reap", arguments, at=tx.now)
