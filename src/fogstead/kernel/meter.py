"""The meter: what services are paid for, counted as calls are finished, and read as usage.

Counts are sums in memory that go to the store every second, so a kill may lose a second of them. What is held over time
follows from state (`levels`), and is exact.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, get_args

from fogstead.kernel import levels, usage
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.levels import Payer
from fogstead.kernel.usage import NO_TAGS, Per, Series, TagSet, Used, tag_set
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, Keys, StorageError, Store, run

if TYPE_CHECKING:
    from fogstead.kernel.invocation import Invocation
    from fogstead.kernel.resource import Resource

log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 1.0
SERIES_MAX: Final = 20_000
_BATCH: Final = 500
_PAYERS_MAX: Final = 4_096
_FORGOTTEN_EACH_TIME: Final = 5_000

UNITS: Final[Mapping[str, str]] = {
    "request": "Requests",
    "event": "Events",
    "GB": "GB",
    "GB-month": "GB-Mo",
    "month": "Months",
    "hour": "Hrs",
    "100-ms": "100ms",
}
"""What a bill calls them, unless the price book has a better word."""


@dataclass(frozen=True, slots=True, eq=False)
class PriceLine:
    """One line on a bill: what of a service is counted, under AWS's usage type without the Region's prefix.

    `per` says what an amount is: calls or events; bytes (GB); bytes held (GB-month); things held (month, hour);
    milliseconds (100-ms). `operation` is what bills show for what no single call causes.
    """

    service: str
    usage_type: str
    per: Per
    operation: str = ""

    def __post_init__(self) -> None:
        if self.per not in get_args(Per):
            raise ValueError(f"price_line({self.usage_type!r}): per={self.per!r} is none of {', '.join(get_args(Per))}")


Bills = Callable[["Meter", Millis, "Invocation", Any, "ServiceError | None"], None]
"""What a finished call costs: `(meter, now, invocation, result, refusal)`, run once for each call."""


def each(line: PriceLine, *, only: Collection[str] = (), but: Collection[str] = ()) -> Bills:
    """Bills every call that was not the cloud's own fault as one on a line, to the account of the resource.

    `only` and `but` name operations.
    """

    def bills(meter: Meter, now: Millis, invocation: Invocation, _result: Any, refusal: ServiceError | None) -> None:
        name = invocation.operation.name
        if name in but or (only and name not in only) or not is_billed(invocation, refusal):
            return
        resource = invocation.resource
        if resource is not None:
            meter.count(now, line, 1, payer_of(resource), name)
        else:
            home = invocation.target_home
            meter.add(now, home.account, home.region or invocation.home.region, line, name, 1)

    return bills


def is_billed(invocation: Invocation, refusal: ServiceError | None) -> bool:
    """What the cloud itself fails to do, or does not do, costs nothing; nor do strangers who were turned away.

    Source: S3 User Guide, "Billing for Amazon S3 error responses"; taken to hold for the other services too.
    """
    if refusal is None:
        return True
    resource = invocation.resource
    stranger = resource is not None and invocation.caller.account != resource.owner_account
    return refusal.status < 500 and not (stranger and refusal.status == 403)


_payers: dict[int, tuple[Resource, Payer]] = {}
"""By the identity of the resource, which is kept alive here; records that are read again are the same objects."""


def payer_of(resource: Resource) -> Payer:
    """Who is billed for a resource."""
    known = _payers.get(id(resource))
    if known is not None and known[0] is resource:
        return known[1]
    if len(_payers) >= _PAYERS_MAX:
        _payers.clear()
    payer = Payer(resource.owner_account, resource.billed_region, resource.arn, tag_set(resource.resource_tags))
    _payers[id(resource)] = (resource, payer)
    return payer


class Meter:
    """Counts since the last flush, and the reading of everything before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: dict[tuple[int, str, str, PriceLine, str, TagSet], int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    # ------------------------------------------------------------- counting
    def add(
        self,
        now: Millis,
        account: str,
        region: str,
        line: PriceLine,
        operation: str,
        amount: int,
        tags: TagSet = NO_TAGS,
    ) -> None:
        """Count an amount on a line."""
        key = (now // usage.DAY_MILLIS, account, region, line, operation, tags)
        counts = self._counts
        if key in counts:
            counts[key] += amount
        else:
            self._begin(key, amount)

    def count(self, now: Millis, line: PriceLine, amount: int, payer: Payer, operation: str = "") -> None:
        """Count an amount that a resource's owner pays."""
        self.add(now, payer.account, payer.region, line, operation or line.operation, amount, payer.tags)

    def _begin(self, key: tuple[int, str, str, PriceLine, str, TagSet], amount: int) -> None:
        """A series more; when there are too many, those that follow lose their tags, and then nothing begins."""
        if len(self._counts) >= SERIES_MAX:
            key = (*key[:4], "", NO_TAGS)
            if key not in self._counts and len(self._counts) >= 2 * SERIES_MAX:
                log.error("too many series on the meter: %d of %s are not counted", amount, key[3].usage_type)
                return
        self._counts[key] = self._counts.get(key, 0) + amount
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._fire)

    # ------------------------------------------------------------- keeping
    def _fire(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._flush_or_wait())

    async def _flush_or_wait(self) -> None:
        try:
            await self.flush()
        except StorageError as error:
            log.warning("counts of the meter stay in memory: %s", error)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._fire)

    async def flush(self) -> None:
        """Write what was counted, some at a time; what could not be written stays."""
        async with self._writing:
            taken, self._counts = self._counts, {}
            while taken:
                batch = dict(islice(taken.items(), _BATCH))
                try:
                    await run(self._store, SYSTEM, lambda keys, batch=batch: _write(keys, batch))  # type: ignore[misc]
                except BaseException:
                    for key, amount in taken.items():
                        self._counts[key] = self._counts.get(key, 0) + amount
                    raise
                for key in batch:
                    del taken[key]

    async def forget(self) -> None:
        """What was counted and not written is of a cloud that has been reset."""
        async with self._writing:
            self._counts.clear()

    async def close(self) -> None:
        """Write for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task
        try:
            await self.flush()
        except StorageError as error:
            log.warning("the last counts of the meter are lost: %s", error)

    # ------------------------------------------------------------- reading
    async def read(self, account: str, months: Collection[int], now: Millis) -> dict[tuple[int, Series], int]:
        """Amounts by day and series of some months, up to this moment."""
        await self.flush()

        def work(keys: Keys) -> dict[tuple[int, Series], int]:
            return usage.totals(used for month in months for used in _read(keys, account, month, now))

        return await run(self._store, SYSTEM, work, read_only=True, scan=True)


def _read(keys: Keys, account: str, month: int, now: Millis) -> Any:
    yield from usage.read(keys, account, month)
    yield from levels.read(keys, account, month, now)


def _write(keys: Keys, batch: Mapping[tuple[int, str, str, PriceLine, str, TagSet], int]) -> None:
    for (day, account, region, line, operation, tags), amount in batch.items():
        series = Series(line.service, line.usage_type, line.per, region, operation, tags)
        usage.add(keys, account, Used(series, day, amount))
    latest = max(key[0] for key in batch)
    usage.forget(keys, latest * usage.DAY_MILLIS, _FORGOTTEN_EACH_TIME)
