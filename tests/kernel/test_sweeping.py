"""Blobs live as long as a row refers to them: whatever is under way, and whenever the process is killed."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial import HOME, OTHER_ACCOUNT, REGION, Trial
from trial_services.mediastore_data.items import Digest

from fogstead.kernel import sweeping
from fogstead.kernel.bodies import Outgoing, Piece, as_incoming, receive
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.blobs import INLINE_BYTES_MAX, BlobError, BlobLost
from fogstead.primitives.blobs.folders import Zone
from fogstead.primitives.store import SYSTEM, Home
from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from fogstead.primitives.store.packing import pack

DATA = random.Random(2).randbytes(INLINE_BYTES_MAX + 1)
DOOMED = SYSTEM.prefix + pack("blob-doomed")
ROWS = SYSTEM.prefix + pack("blob")


async def arrive(trial: Trial) -> str:
    """A blob that was written and that no commit refers to yet."""
    return (await receive(trial.cloud, as_incoming(DATA), Digest())).blob


async def refer(trial: Trial, blob: str, *owners: bytes, home: Home = HOME) -> None:
    def work(tx: Transaction) -> None:
        for owner in owners:
            tx.refer(blob, owner)

    await trial.transact(work, home=home)


async def release(trial: Trial, *blobs: str, owner: bytes = b"me") -> None:
    await trial.transact(lambda tx: [tx.release(blob, owner) for blob in blobs])


async def keep(trial: Trial, *owners: bytes) -> str:
    """A blob that is referred to and settled."""
    blob = await arrive(trial)
    await refer(trial, blob, *(owners or (b"me",)))
    trial.cloud.sweeper.settled(blob)
    return blob


async def whole(trial: Trial, blob: str) -> bool:
    """Whether it can be read."""
    try:
        return b"".join([piece async for piece in trial.blobs.read(blob, len(DATA))]) == DATA
    except BlobLost:
        return False


def reading(trial: Trial, blob: str) -> Outgoing:
    """Somebody who reads it, and holds it until `aclose`."""
    outgoing = Outgoing(trial.cloud, [Piece(len(DATA), blob)], 0, len(DATA))
    outgoing.hold()
    return outgoing


async def gone(trial: Trial, *blobs: str) -> None:
    """Wait until these are removed and forgotten."""
    await trial.until(lambda: not set(blobs) & set(trial.blobs.files()))
    await doomed(trial, 0)


async def doomed(trial: Trial, count: int) -> None:
    """Wait until so many rows of doomed blobs are left."""
    async with asyncio.timeout(5):
        while len(await trial.rows(DOOMED, SYSTEM)) != count:  # noqa: ASYNC110 - the sweep is the program's own
            await asyncio.sleep(0.001)


class Stopped:
    """A place in the sweep where it waits until a test has done something else."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.at: list[str] = []

    async def __call__(self, name: str) -> None:
        self.at.append(name)
        self.reached.set()
        await self.open.wait()


# --------------------------------------------------------------------------- rows and blobs
async def test_a_blob_goes_with_its_last_row(blob_trial: Trial) -> None:
    blob = await keep(blob_trial, b"one", b"two")
    await release(blob_trial, blob, owner=b"one")
    await blob_trial.settled()
    assert await whole(blob_trial, blob)
    await release(blob_trial, blob, owner=b"two")
    await gone(blob_trial, blob)
    assert await blob_trial.rows(ROWS, SYSTEM) == []


async def test_owners_in_different_homes_share_a_blob(blob_trial: Trial) -> None:
    other = Home(OTHER_ACCOUNT, REGION)
    blob = await keep(blob_trial, b"one")
    await refer(blob_trial, blob, b"two", home=other)
    await release(blob_trial, blob, owner=b"one")
    await blob_trial.settled()
    assert await whole(blob_trial, blob)
    await blob_trial.transact(lambda tx: tx.release(blob, b"two"), home=other)
    await gone(blob_trial, blob)


@pytest.mark.parametrize("order", ["release first", "refer first"])
async def test_a_blob_that_changes_hands_in_one_commit_stays(blob_trial: Trial, order: str) -> None:
    blob = await keep(blob_trial, b"old")

    def work(tx: Transaction) -> None:
        if order == "refer first":
            tx.refer(blob, b"new")
        tx.release(blob, b"old")
        if order == "release first":
            tx.refer(blob, b"new")

    await blob_trial.transact(work)
    await blob_trial.settled()
    assert await blob_trial.rows(DOOMED, SYSTEM) == []
    assert await whole(blob_trial, blob)


async def test_an_owner_may_say_twice_that_it_needs_a_blob_and_lets_it_go_once(blob_trial: Trial) -> None:
    blob = await keep(blob_trial, b"me", b"me")
    await release(blob_trial, blob)
    await gone(blob_trial, blob)


async def test_names_that_begin_alike_are_different_blobs(quick_blob_trial: Trial) -> None:
    """Rows are looked for by a prefix."""
    blob, longer = "ab" * 16, "ab" * 16 + "0"
    await refer(quick_blob_trial, longer, b"me")
    assert not await quick_blob_trial.transact(lambda tx: sweeping.referred(tx.keys, blob))
    assert await quick_blob_trial.transact(lambda tx: sweeping.referred(tx.keys, longer))


async def test_a_commit_that_fails_dooms_nothing(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)

    def work(tx: Transaction) -> None:
        tx.release(blob, b"me")
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        await blob_trial.transact(work)
    await blob_trial.cloud.sweeper.sweep(0)
    assert await whole(blob_trial, blob)


async def test_an_attempt_that_is_taken_back_dooms_nothing(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)
    error = blob_trial.cloud.catalog.service("mediastore-data").errors["InternalServerError"]

    def part(tx: Transaction) -> None:
        tx.release(blob, b"me")
        raise error

    outcome = await blob_trial.transact(lambda tx: tx.attempt(part, tx))
    assert isinstance(outcome.error, error)
    await blob_trial.cloud.sweeper.sweep(0)
    assert await whole(blob_trial, blob)


async def test_many_doomed_blobs_go_one_page_after_another(blob_trial: Trial) -> None:
    names = [f"{number:032x}" for number in range(600)]
    held = reading(blob_trial, names[0])
    await release(blob_trial, *names)
    await blob_trial.until(lambda: len(blob_trial.blobs.deleted) == 599)
    await doomed(blob_trial, 1)
    await held.aclose()
    await blob_trial.until(lambda: len(blob_trial.blobs.deleted) == 600)


# --------------------------------------------------------------------------- orphans and their age
async def test_an_orphan_goes_when_it_is_older_by_true_time(blob_trial: Trial) -> None:
    needed, orphan = await keep(blob_trial), await arrive(blob_trial)
    blob_trial.cloud.sweeper.settled(orphan)
    assert await blob_trial.cloud.sweeper.sweep(3600) == 0
    await blob_trial.cloud.advance(blob_trial.cloud.clock.now() + 7_200_000)
    assert await blob_trial.cloud.sweeper.sweep(3600) == 0
    blob_trial.blobs.seconds_ahead = 3601
    assert await blob_trial.cloud.sweeper.sweep(3600) == 1
    assert blob_trial.blobs.files() == [needed]


async def test_a_sweep_comes_round_by_itself(quick_blob_trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_EVERY_SECONDS", 0.001)
    await quick_blob_trial.restart()
    for _ in range(2):
        blob = await arrive(quick_blob_trial)
        quick_blob_trial.cloud.sweeper.settled(blob)
        await quick_blob_trial.settled()
        assert await whole(quick_blob_trial, blob)
        quick_blob_trial.blobs.seconds_ahead = sweeping.ORPHAN_SECONDS + 1
        await quick_blob_trial.until(lambda: quick_blob_trial.blobs.files() == [])
        quick_blob_trial.blobs.seconds_ahead = 0


async def test_a_sweep_that_fails_comes_round_again(quick_blob_trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_EVERY_SECONDS", 0.001)
    await quick_blob_trial.restart()

    async def fail(_shelf: str) -> None:
        raise BlobError("The disk was told to fail.")

    quick_blob_trial.blobs.after_look = fail
    blob = await arrive(quick_blob_trial)
    quick_blob_trial.cloud.sweeper.settled(blob)
    quick_blob_trial.blobs.seconds_ahead = sweeping.ORPHAN_SECONDS + 1
    await quick_blob_trial.until(lambda: len(quick_blob_trial.blobs.looked_at) > 2)
    assert await whole(quick_blob_trial, blob)
    quick_blob_trial.blobs.after_look = None
    await quick_blob_trial.until(lambda: quick_blob_trial.blobs.files() == [])


async def test_a_sweep_that_is_cut_short_goes_on_where_it_stopped(blob_trial: Trial) -> None:
    blobs = sorted([await arrive(blob_trial) for _ in range(6)])
    for blob in blobs:
        blob_trial.cloud.sweeper.settled(blob)
    shelves = blob_trial.blobs.shelves()

    async def fail_at_third(shelf: str) -> None:
        if shelf == shelves[2]:
            raise BlobError("The disk was told to fail.")

    blob_trial.blobs.after_look = fail_at_third
    with pytest.raises(BlobError):
        await blob_trial.cloud.sweeper.sweep(0)
    assert blob_trial.blobs.looked_at == shelves[:3]
    await blob_trial.restart()
    left = len(blob_trial.blobs.files())
    assert await blob_trial.cloud.sweeper.sweep(0) == left
    assert blob_trial.blobs.looked_at == shelves[2:]
    await blob_trial.cloud.sweeper.sweep(0)
    assert blob_trial.blobs.looked_at[len(shelves[2:]) :] == shelves, "a sweep that is done begins anew"


async def test_a_reset_leaves_no_blob(quick_blob_trial: Trial) -> None:
    await keep(quick_blob_trial)
    orphan = await arrive(quick_blob_trial)
    quick_blob_trial.cloud.sweeper.settled(orphan)
    await quick_blob_trial.cloud.reset()
    assert quick_blob_trial.blobs.files() == []
    assert await quick_blob_trial.rows(ROWS, SYSTEM) == []


# --------------------------------------------------------------------------- while a sweep runs
async def test_a_blob_that_has_arrived_is_not_swept(blob_trial: Trial) -> None:
    blob = await arrive(blob_trial)
    assert await blob_trial.cloud.sweeper.sweep(0) == 0
    await refer(blob_trial, blob, b"me")
    blob_trial.cloud.sweeper.settled(blob)
    assert await blob_trial.cloud.sweeper.sweep(0) == 0
    assert await whole(blob_trial, blob)


async def test_a_blob_that_settles_while_a_sweep_has_seen_it_stays(blob_trial: Trial) -> None:
    blob = await arrive(blob_trial)
    blob_trial.blobs.after_look = stopped = Stopped()
    sweep = asyncio.ensure_future(blob_trial.cloud.sweeper.sweep(0))
    await stopped.reached.wait()
    await refer(blob_trial, blob, b"me")
    blob_trial.cloud.sweeper.settled(blob)
    stopped.open.set()
    assert await sweep == 0
    assert await whole(blob_trial, blob)


async def test_a_blob_that_arrives_while_others_are_removed_stays(blob_trial: Trial) -> None:
    orphan = await arrive(blob_trial)
    blob_trial.cloud.sweeper.settled(orphan)
    blob_trial.blobs.before_delete = stopped = Stopped()
    sweep = asyncio.ensure_future(blob_trial.cloud.sweeper.sweep(0))
    await stopped.reached.wait()
    blob = await keep(blob_trial)
    stopped.open.set()
    assert await sweep == 1
    assert blob_trial.blobs.files() == [blob]


async def test_a_blob_that_is_being_written_while_a_sweep_looks_stays(
    quick_blob_trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is there after the sweep has asked what is being written, and before it reads the folder."""
    trial, loop = quick_blob_trial, asyncio.get_running_loop()
    looks, opened = asyncio.Event(), asyncio.Event()
    trial.blobs.on_one_shelf()  # as one upload in four thousand is, by chance
    orphan = await arrive(trial)
    trial.cloud.sweeper.settled(orphan)
    changes_on = Zone.changes_on

    def slow(zone: Zone, shelf: str) -> dict[str, float]:
        loop.call_soon_threadsafe(looks.set)
        asyncio.run_coroutine_threadsafe(opened.wait(), loop).result(5)
        return changes_on(zone, shelf)

    finish = asyncio.Event()

    async def source() -> Any:
        for _ in range(40):
            yield bytes(64 * 1024)
        await finish.wait()
        yield b"end"

    monkeypatch.setattr(Zone, "changes_on", slow)
    sweep = asyncio.ensure_future(trial.cloud.sweeper.sweep(0))
    await looks.wait()
    write = asyncio.ensure_future(receive(trial.cloud, as_incoming(source()), Digest()))
    await trial.until(lambda: len(trial.blobs.files()) == 2)
    opened.set()
    assert await sweep == 1
    finish.set()
    received = await write
    assert trial.blobs.files() == [received.blob]


async def test_a_blob_that_is_read_goes_when_it_has_been_read(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)
    one, two = reading(blob_trial, blob), reading(blob_trial, blob)
    await release(blob_trial, blob)
    await blob_trial.cloud.sweeper.sweep(0)
    assert await whole(blob_trial, blob)
    await one.aclose()
    await blob_trial.cloud.sweeper.sweep(0)
    assert await whole(blob_trial, blob)
    await two.aclose()
    await gone(blob_trial, blob)


async def test_a_blob_that_is_let_go_while_others_are_removed_goes_too(blob_trial: Trial) -> None:
    """The sweep has passed it over already; nobody would wake it again before the next one."""
    blobs = sorted([await keep(blob_trial), await keep(blob_trial)])
    reader = reading(blob_trial, blobs[0])
    blob_trial.blobs.before_delete = stopped = Stopped()
    await release(blob_trial, *blobs)
    await stopped.reached.wait()
    assert stopped.at == [blobs[1]]
    await reader.aclose()
    stopped.open.set()
    await gone(blob_trial, *blobs)


async def test_a_copy_of_what_is_doomed_but_held_keeps_the_blob(blob_trial: Trial) -> None:
    """A copy holds its source, which is deleted meanwhile, and refers to the same bytes when it commits."""
    blob = await keep(blob_trial, b"source")
    copier = reading(blob_trial, blob)
    await release(blob_trial, blob, owner=b"source")
    await blob_trial.settled()
    await refer(blob_trial, blob, b"copy")
    await copier.aclose()
    await blob_trial.cloud.sweeper.sweep(0)
    assert await whole(blob_trial, blob)
    await release(blob_trial, blob, owner=b"copy")
    await gone(blob_trial, blob)


async def test_a_copy_that_commits_while_doomed_blobs_are_removed_keeps_its_own(blob_trial: Trial) -> None:
    """The sweep has read which blobs nobody needs; one of them is needed again before its turn comes."""
    other, blob = sorted([await keep(blob_trial), await keep(blob_trial)])
    copier = reading(blob_trial, blob)
    blob_trial.blobs.before_delete = stopped = Stopped()
    await release(blob_trial, other, blob)
    await stopped.reached.wait()
    assert stopped.at == [other]
    await refer(blob_trial, blob, b"copy")
    await copier.aclose()
    stopped.open.set()
    await gone(blob_trial, other)
    assert await whole(blob_trial, blob)


async def test_a_copy_that_commits_while_orphans_are_removed_keeps_its_own(blob_trial: Trial) -> None:
    blob_trial.blobs.on_one_shelf()
    orphan, blob = await arrive(blob_trial), await keep(blob_trial)
    blob_trial.cloud.sweeper.settled(orphan)
    copier = reading(blob_trial, blob)
    await release(blob_trial, blob)
    await blob_trial.settled()
    blob_trial.blobs.before_delete = stopped = Stopped()
    sweep = asyncio.ensure_future(blob_trial.cloud.sweeper.sweep(0))
    await stopped.reached.wait()
    assert stopped.at == [orphan]
    await refer(blob_trial, blob, b"copy")
    await copier.aclose()
    stopped.open.set()
    await sweep
    assert await whole(blob_trial, blob)


async def test_a_copy_that_begins_and_a_delete_that_commits_with_the_look_at_the_rows_leave_the_blob(
    blob_trial: Trial,
) -> None:
    """All three are in one commit: the sweep has asked who holds the blob before the copy could say that it does."""
    blob = await keep(blob_trial)
    copiers: list[Outgoing] = []

    def begin(tx: Transaction) -> None:
        outgoing = Outgoing(tx.cloud, [Piece(len(DATA), blob)], 0, len(DATA))
        copiers[:] = [outgoing]
        tx.after_commit(outgoing.hold)

    under_way: list[asyncio.Future[Any]] = []

    async def both(_shelf: str) -> None:
        under_way.append(asyncio.ensure_future(blob_trial.transact(begin)))
        under_way.append(asyncio.ensure_future(release(blob_trial, blob)))
        await asyncio.sleep(0)

    blob_trial.blobs.after_look = both
    assert await blob_trial.cloud.sweeper.sweep(0) == 0
    await asyncio.gather(*under_way)
    assert await whole(blob_trial, blob)
    await refer(blob_trial, blob, b"copy")
    await copiers[0].aclose()
    assert await whole(blob_trial, blob)


# --------------------------------------------------------------------------- kills, stops and faults
async def test_a_kill_between_the_write_and_the_commit_leaves_an_orphan_that_is_swept_when_old(
    blob_trial: Trial,
) -> None:
    blob = await arrive(blob_trial)
    await blob_trial.kill()
    assert await blob_trial.cloud.sweeper.sweep(3600) == 0
    assert blob_trial.blobs.files() == [blob]
    blob_trial.blobs.seconds_ahead = 3601
    assert await blob_trial.cloud.sweeper.sweep(3600) == 1
    assert blob_trial.blobs.files() == []


async def test_a_kill_between_the_commit_and_the_removal_is_made_up_for_at_the_next_start(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)
    blob_trial.blobs.before_delete = stopped = Stopped()
    await release(blob_trial, blob)
    await stopped.reached.wait()
    await blob_trial.kill()
    await gone(blob_trial, blob)


async def test_a_kill_while_somebody_reads_ends_the_reading_and_the_blob(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)
    reading(blob_trial, blob)
    await release(blob_trial, blob)
    await blob_trial.settled()
    assert await whole(blob_trial, blob)
    await blob_trial.kill()
    await gone(blob_trial, blob)


async def test_a_kill_after_the_removal_and_before_it_is_noted_is_no_error(blob_trial: Trial) -> None:
    blob = await keep(blob_trial)
    other = reading(blob_trial, blob)
    await release(blob_trial, blob)
    await blob_trial.settled()
    await blob_trial.blobs.delete(blob)
    del other
    await blob_trial.kill()
    await gone(blob_trial, blob)


async def test_a_stop_waits_for_the_blob_under_way_and_leaves_the_others_to_the_next_start(blob_trial: Trial) -> None:
    blobs = sorted([await arrive(blob_trial) for _ in range(3)])
    for blob in blobs:
        await refer(blob_trial, blob, b"me")
        blob_trial.cloud.sweeper.settled(blob)
    blob_trial.blobs.before_delete = stopped = Stopped()
    await release(blob_trial, *blobs)
    await stopped.reached.wait()
    closing = asyncio.ensure_future(blob_trial.cloud.sweeper.close())
    await blob_trial.settled()
    assert not closing.done()
    stopped.open.set()
    await closing
    await blob_trial.restart()
    await gone(blob_trial, *blobs)


async def test_a_disk_that_fails_is_asked_again_at_the_next_occasion(blob_trial: Trial) -> None:
    blob, later = await keep(blob_trial), await keep(blob_trial)
    blob_trial.blobs.failing = True
    await release(blob_trial, blob)
    await blob_trial.settled()
    assert await whole(blob_trial, blob)
    assert len(await blob_trial.rows(DOOMED, SYSTEM)) == 1
    blob_trial.blobs.failing = False
    await release(blob_trial, later)
    await gone(blob_trial, blob, later)


async def test_a_new_blob_that_cannot_be_removed_is_left_to_the_sweep(blob_trial: Trial) -> None:
    blob = await arrive(blob_trial)
    blob_trial.blobs.failing = True
    await blob_trial.cloud.sweeper.discard(blob)
    assert await blob_trial.cloud.sweeper.sweep(0) == 0
    blob_trial.blobs.failing = False
    assert await blob_trial.cloud.sweeper.sweep(0) == 1


async def test_a_store_that_fails_while_blobs_are_removed_loses_none_that_is_needed(tmp_path: Path) -> None:
    async with Trial("adversary", tmp_path, zones=1) as trial:
        store = trial.store
        assert isinstance(store, AdversaryStore)
        needed, unneeded = await keep(trial), await keep(trial)
        trial.blobs.before_delete = stopped = Stopped()
        await release(trial, unneeded)
        await stopped.reached.wait()
        store.trouble = Trouble(conflicts=0, storage_errors=1)
        stopped.open.set()
        await trial.until(lambda: trial.blobs.files() == [needed])
        await trial.settled()
        store.trouble = Trouble(conflicts=0)
        assert len(await trial.rows(DOOMED, SYSTEM)) == 1
        await trial.restart()
        await gone(trial, unneeded)
        assert await whole(trial, needed)


# --------------------------------------------------------------------------- any order
ACTIONS = ["keep", "arrive", "settle", "refer", "release", "read", "stop reading", "sweep", "restart", "kill"]


class Model:
    """What has to be there after any number of actions."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.owners: dict[str, set[bytes]] = {}
        self.arrived: set[str] = set()
        self.readers: list[tuple[str, Outgoing]] = []

    @property
    def needed(self) -> set[str]:
        """Blobs that must be whole now."""
        kept = {blob for blob, owners in self.owners.items() if owners}
        return kept | self.arrived | {blob for blob, _ in self.readers}

    async def act(self, action: str, pick: int) -> None:
        trial, sweeper = self.trial, self.trial.cloud.sweeper
        blobs = sorted(self.needed)
        blob, owner = (blobs[pick % len(blobs)] if blobs else ""), b"%d" % (pick % 3)
        match action:
            case "keep":
                self.owners[await keep(trial, owner)] = {owner}
            case "arrive":
                self.arrived.add(await arrive(trial))
            case "settle" if blob in self.arrived:
                sweeper.settled(blob)
                self.arrived.discard(blob)
            case "refer" if blob:
                await refer(trial, blob, owner)
                self.owners.setdefault(blob, set()).add(owner)
            case "release" if blob in self.owners:
                await release(trial, blob, owner=owner)
                self.owners[blob].discard(owner)
            case "read" if blob:
                self.readers.append((blob, reading(trial, blob)))
            case "stop reading" if self.readers:
                await self.readers.pop(pick % len(self.readers))[1].aclose()
            case "sweep":
                await sweeper.sweep(0)
            case "restart" | "kill":
                await (trial.kill() if action == "kill" else trial.restart())
                self.arrived.clear()
                self.readers.clear()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 11)), max_size=25))
def test_in_any_order_what_is_needed_is_whole_and_nothing_else_is_left(actions: list[tuple[str, int]]) -> None:
    async def work(folder: Path) -> None:
        async with Trial("memory", folder, zones=1) as trial:
            model = Model(trial)
            for action, pick in actions:
                await model.act(action, pick)
                assert model.needed <= set(trial.blobs.files()), action
            for _, reader in model.readers:
                await reader.aclose()
            for blob in model.arrived:
                trial.cloud.sweeper.settled(blob)
            model.readers, model.arrived = [], set()
            await trial.cloud.sweeper.sweep(0)
            assert set(trial.blobs.files()) == model.needed
            for blob in model.needed:
                assert await whole(trial, blob)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(Path(folder)))
