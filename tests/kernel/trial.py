"""A whole cloud in process, with a clock and a store that the test owns."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from trial_blobs import TrialBlobs
from trial_services.codecommit.reactions import FAILING, RUNS, SEEN
from trial_services.mediastore_data.items import ASKED
from trial_services.secretsmanager.secrets import GATE

from fogstead.kernel.authority import KeyFacts, NoAuthority
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.identity import Principal, root_of
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.jobs import PARKED
from fogstead.kernel.standing import NOTHING, Standing
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Clock
from fogstead.primitives.ids import Ids
from fogstead.primitives.store import SYSTEM, Home, Keys, Store, end_of, run
from fogstead.primitives.store.adversary import AdversaryStore
from fogstead.primitives.store.memory import MemoryStore
from fogstead.primitives.store.sqlite import SqliteStore

T = TypeVar("T")
ACCOUNT, OTHER_ACCOUNT = "111111111111", "222222222222"
REGION = "us-east-1"
HOME = Home(ACCOUNT, REGION)
START = 1_800_000_000_000
HOUR = 3_600_000
ROOT, OTHER_ROOT = root_of(ACCOUNT), root_of(OTHER_ACCOUNT)
_SEEDS = itertools.count(100)
USER = Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/alice", "AIDAALICE", name="alice")


class FakeTime:
    """True time that stands until a test moves it."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def secret_arn(name: str, account: str = ACCOUNT, region: str = REGION) -> str:
    """The ARN of a trial secret."""
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"


class TrialAuthority(NoAuthority):
    """Keeps keys and standings in dictionaries; whoever is not there has no policies."""

    def __init__(self) -> None:
        self.keys: dict[str, KeyFacts] = {}
        self.standings: dict[str, Standing | None] = {}
        self.asked: list[str] = []

    def access_key(self, tx: Transaction, access_key: str) -> KeyFacts | None:
        return self.keys.get(access_key)

    def standing(self, tx: Transaction, principal: Principal) -> Standing | None:
        self.asked.append(principal.arn)
        return self.standings.get(principal.arn, NOTHING)


class Trial:
    """Opened by the test runner around every `async def test`."""

    def __init__(self, kind: str, folder: Path, *, zones: int = 0) -> None:
        self.kind = kind
        self.zones = zones
        self.folder = folder
        self.time = FakeTime()
        self._blobs: TrialBlobs | None = None
        self.authority = TrialAuthority()
        self.options: dict[str, Any] = {"checks_outputs": True}
        self.store: Store
        self.cloud: Cloud

    async def __aenter__(self) -> Self:
        SEEN.clear()
        FAILING.clear()
        ASKED.clear()
        GATE.closed = None
        self.store = self._open_store()
        await self._open_cloud()
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.cloud.close()
        if self._blobs is not None:
            await self._blobs.close()
        await self.store.close()

    @property
    def blobs(self) -> TrialBlobs:
        """Those of a trial with zones."""
        assert self._blobs is not None
        return self._blobs

    def _open_store(self) -> Store:
        if self.kind == "sqlite":
            return SqliteStore(self.folder / "keys.db")
        return MemoryStore() if self.kind == "memory" else AdversaryStore(seed=7)

    async def _open_cloud(self) -> None:
        if self.zones:
            self._blobs = TrialBlobs(self.folder, self.zones, seed=next(_SEEDS))
        clock, catalog = Clock(true=self.time), Catalog(packages=("trial_services",))
        self.cloud = Cloud(
            self.store,
            blobs=self._blobs,
            clock=clock,
            ids=Ids.seeded(1),
            catalog=catalog,
            authority=self.authority,
            **self.options,
        )
        await self.cloud.start()

    async def restart(self, **options: Any) -> None:
        """Close the cloud and open it again on what it has kept."""
        await self.cloud.close()
        await self._reopen(options)

    async def kill(self, **options: Any) -> None:
        """The same without a chance to finish anything."""
        self.cloud.outbox._closing = self.cloud.jobs._closing = True
        mine = asyncio.current_task()
        doomed = [task for task in asyncio.all_tasks() if task is not mine]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        await self._reopen(options)

    async def _reopen(self, options: Mapping[str, Any]) -> None:
        self.options.update(options)
        if self._blobs is not None:
            await self._blobs.close()
        if self.kind == "sqlite":
            await self.store.close()
            self.store = self._open_store()
        await self._open_cloud()

    # ------------------------------------------------------------- calls
    def begin(
        self, service: str, operation: str, *, caller: Principal = ROOT, home: Home = HOME, depth: int = 0, **given: Any
    ) -> tuple[Invocation, asyncio.Future[Any]]:
        """Start a call; gives it and its answer to come."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def finished(result: Any, error: Exception | None) -> None:
            assert not future.done(), "a call is finished once"
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        declared = self.cloud.catalog.operation(service, operation)
        origin = Origin(request_id=self.cloud.ids.uuid(), source_ip="192.0.2.7", depth=depth)
        invocation = Invocation(declared, given, caller, home, origin, finished, self.cloud.clock.true_now())
        self.cloud.pipeline.start(invocation)
        return invocation, future

    async def ask(self, service: str, operation: str, **given: Any) -> Any:
        """One whole call."""
        return await self.begin(service, operation, **given)[1]

    async def secret(self, operation: str, **given: Any) -> Any:
        """One whole call of the secrets' service."""
        return await self.ask("secretsmanager", operation, **given)

    async def item(self, operation: str, **given: Any) -> Any:
        """One whole call of the items' service."""
        return await self.ask("mediastore-data", operation, **given)

    async def transact(self, work: Callable[..., T], *arguments: Any, home: Home = HOME) -> T:
        """A transaction outside of any call."""
        return await self.cloud.transact(home, work, *arguments)

    async def schedule(self, kind: str, name: str, at: int, *, unique: str = "") -> None:
        """Have a trial job run."""
        await self.transact(lambda tx: tx.schedule(kind, {"name": name}, at=at, name=unique))

    # ------------------------------------------------------------- what is kept
    async def rows(self, low: bytes, home: Home = HOME) -> list[tuple[bytes, bytes]]:
        """All rows below a prefix."""
        return await run(self.store, home, lambda keys: keys.scan(low, end_of(low), limit=9_000), read_only=True)

    async def runs(self, home: Home = HOME) -> list[tuple[str, int]]:
        """Which trial jobs ran, at what time."""
        noted = [value.decode().split("@") for _, value in await self.rows(home.prefix + RUNS, home)]
        return [(name, int(at)) for name, at in noted]

    async def parked_jobs(self) -> int:
        """How many jobs were given up."""
        return len(await self.rows(PARKED, SYSTEM))

    async def secret_names(self) -> list[str]:
        """Without pages and without the pipeline."""
        from trial_services.secretsmanager.secrets import Secret  # noqa: PLC0415 - beside its use

        def read(tx: Transaction) -> list[str]:
            return [secret.name for secret in tx.all(Secret)]

        return await self.transact(read)

    async def until(self, holds: Callable[[], Any], seconds: float = 5) -> None:
        """Wait for something that happens by itself."""
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - anything may make it hold
                await asyncio.sleep(0.002)

    async def settled(self) -> None:
        """Let everything that is ready run."""
        for _ in range(20):
            await asyncio.sleep(0.001 if self.kind == "adversary" else 0)


def put(keys: Keys, key: bytes, value: bytes = b"") -> None:
    """For lambdas."""
    keys.put(key, value)
