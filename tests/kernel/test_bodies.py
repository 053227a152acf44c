"""Bodies that are kept before the transaction that refers to them, and read after the one that found them."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial import HOME, OTHER_ROOT, USER, Trial
from trial_blobs import TrialBlobs
from trial_services.mediastore_data.items import Digest
from trial_services.mediastore_data.service import InternalServerError

from fogstead.kernel.bodies import Incoming, Outgoing, Piece, Received, as_incoming, receive, take_small
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, InternalFailure, ServiceUnavailable, ValidationError
from fogstead.kernel.invocation import Origin
from fogstead.primitives.blobs import INLINE_BYTES_MAX, BlobError, BlobLost
from fogstead.primitives.store.adversary import AdversaryStore, Trouble

BIG = random.Random(1).randbytes(300_000)
SMALL = BIG[:INLINE_BYTES_MAX]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Source:
    """A stream that counts what is taken of it, and may fail at its end."""

    def __init__(self, *pieces: bytes, fails: Exception | None = None) -> None:
        self.taken = 0
        self._pieces = pieces
        self._fails = fails

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(0)
            self.taken += 1
            yield piece
        if self._fails is not None:
            raise self._fails


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces; some may be empty."""
    borders = [0, *sorted(at), len(data)]
    return [data[low:high] for low, high in pairwise(borders)]


async def put(trial: Trial, body: Any, path: str = "a", **given: Any) -> Any:
    return await trial.item("PutObject", Path=path, Body=body, **given)


async def get(trial: Trial, path: str = "a", **given: Any) -> bytes:
    body: Outgoing = (await trial.item("GetObject", Path=path, **given))["Body"]
    try:
        return b"".join([piece async for piece in body])
    finally:
        await body.aclose()


# --------------------------------------------------------------------------- what comes in
def test_a_body_is_bytes_a_stream_or_nothing() -> None:
    source = Source(b"a")
    assert as_incoming(None) == Incoming(data=b"", size=0)
    assert as_incoming(b"abc") == Incoming(data=b"abc", size=3)
    assert as_incoming(source) == Incoming(stream=source)
    whole = Incoming(data=b"x", trailers={"a": "b"})
    assert as_incoming(whole) is whole
    with pytest.raises(AssertionError, match="a body is bytes or a stream"):
        as_incoming("text")


@pytest.mark.parametrize(("size", "small"), [(0, True), (1, True), (len(SMALL), True), (len(SMALL) + 1, False)])
def test_a_small_body_that_is_there_is_taken_at_once(size: int, small: bool) -> None:
    hashes = Digest()
    received = take_small(as_incoming(BIG[:size]), hashes)
    assert (received is not None) is small
    if received is None:
        assert hashes.asked == []
    else:
        assert (received.size, received.data, received.blob) == (size, BIG[:size], "")
        assert hashes.asked == [f"expect {size}", "update", f"check {size}"]
        assert hashes.text == digest(BIG[:size])


def test_a_stream_is_never_taken_at_once() -> None:
    assert take_small(Incoming(stream=Source(b"a"), size=1), Digest()) is None


async def test_a_short_stream_stays_in_memory_and_a_longer_one_becomes_a_blob(blob_trial: Trial) -> None:
    for size, blobs in ((0, 0), (1, 0), (len(SMALL), 0), (len(SMALL) + 1, 1)):
        hashes = Digest()
        received = await receive(blob_trial.cloud, Incoming(stream=Source(*cut(BIG[:size], [size // 2]))), hashes)
        assert (received.size, hashes.text) == (size, digest(BIG[:size]))
        assert (received.data == BIG[:size], bool(received.blob)) == (not blobs, bool(blobs))
        assert blob_trial.blobs.files() == ([received.blob] if blobs else [])


async def test_bytes_that_are_too_many_for_a_row_become_a_blob(quick_blob_trial: Trial) -> None:
    received = await receive(quick_blob_trial.cloud, as_incoming(BIG), Digest())
    assert received.data == b""
    assert await bytes_of(quick_blob_trial, Piece(received.size, received.blob)) == BIG


async def bytes_of(trial: Trial, *pieces: Piece, start: int = 0, end: int | None = None) -> bytes:
    whole = sum(piece.size for piece in pieces)
    outgoing = Outgoing(trial.cloud, pieces, start, whole if end is None else end)
    return b"".join([piece async for piece in outgoing])


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(0, 3 * len(SMALL)),
    borders=st.lists(st.integers(0, 3 * len(SMALL)), max_size=6),
)
def test_a_stream_is_kept_and_hashed_the_same_wherever_it_is_cut(size: int, borders: list[int]) -> None:
    async def work(folder: Path) -> None:
        async with Trial("memory", folder, zones=1) as trial:
            data, hashes = BIG[:size], Digest()
            pieces = cut(data, [border for border in borders if border <= size])
            received = await receive(trial.cloud, Incoming(stream=Source(*pieces)), hashes)
            assert hashes.text == digest(data)
            assert await bytes_of(trial, Piece(received.size, received.blob, received.data)) == data

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(Path(folder)))


async def test_a_size_that_is_refused_costs_no_byte(blob_trial: Trial) -> None:
    source = Source(BIG)
    with pytest.raises(InternalServerError, match="refused before"):
        await receive(blob_trial.cloud, Incoming(stream=source, size=len(BIG)), Digest("refuse before"))
    assert source.taken == 0
    assert blob_trial.blobs.files() == []


@pytest.mark.parametrize("size", [10, len(BIG)])
async def test_a_body_that_is_not_what_was_said_leaves_nothing(blob_trial: Trial, size: int) -> None:
    hashes = Digest("refuse after")
    with pytest.raises(InternalServerError, match="refused after"):
        await receive(blob_trial.cloud, Incoming(stream=Source(BIG[:size])), hashes)
    assert hashes.asked[-1] == f"check {size}"
    assert blob_trial.blobs.files() == []


@pytest.mark.parametrize("size", [10, len(BIG)])
async def test_trailers_are_known_when_the_body_is_checked(quick_blob_trial: Trial, size: int) -> None:
    trailers: dict[str, str] = {}

    async def stream() -> AsyncIterator[bytes]:
        yield BIG[:size]
        trailers["x-amz-checksum-sha256"] = "abc"

    hashes = Digest()
    await receive(quick_blob_trial.cloud, Incoming(stream=stream(), trailers=trailers), hashes)
    assert hashes.trailers == {"x-amz-checksum-sha256": "abc"}


@pytest.mark.parametrize("size", [10, len(BIG)])
async def test_a_stream_that_breaks_leaves_nothing(blob_trial: Trial, size: int) -> None:
    source = Source(BIG[:size], fails=InternalServerError("broken"))
    with pytest.raises(InternalServerError, match="broken"):
        await receive(blob_trial.cloud, Incoming(stream=source), Digest())
    assert blob_trial.blobs.files() == []


async def test_a_body_lies_in_one_zone_where_its_service_wants_that(quick_blob_trial: Trial) -> None:
    for word, zones in (("one zone", 1), ("", 2)):
        received = await receive(quick_blob_trial.cloud, as_incoming(BIG), Digest(word))
        assert quick_blob_trial.blobs.zones_of(received.blob) == zones


# --------------------------------------------------------------------------- through the pipeline
@pytest.mark.parametrize("size", [0, 1, len(SMALL), len(SMALL) + 1, len(BIG)])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_was_put_is_got(blob_trial: Trial, size: int, streamed: bool) -> None:
    data = BIG[:size]
    made = await put(blob_trial, Source(*cut(data, [size // 3])) if streamed else data)
    assert made["ContentSHA256"] == digest(data)
    assert await get(blob_trial) == data
    assert len(blob_trial.blobs.files()) == (size > len(SMALL))


@pytest.mark.parametrize("given", [{"caller": USER}, {"Path": "no good?"}, {"CacheControl": "refuse before"}])
async def test_who_may_not_send_a_body_is_told_before_it_is_read(blob_trial: Trial, given: dict[str, Any]) -> None:
    source = Source(BIG)
    with pytest.raises((AccessDenied, ValidationError, InternalServerError)):
        await blob_trial.item("PutObject", **{"Path": "a", "Body": source, **given})
    assert source.taken == 0
    assert blob_trial.blobs.files() == []


@pytest.mark.parametrize("size", [10, len(BIG)])
@pytest.mark.parametrize(
    ("word", "error"),
    [("refuse after", InternalServerError), ("refuse", InternalServerError), ("crash", InternalFailure)],
)
async def test_a_call_that_fails_leaves_what_was_there_and_no_bytes_of_its_own(
    blob_trial: Trial, size: int, word: str, error: type[Exception]
) -> None:
    await put(blob_trial, BIG[:20_000])
    before = blob_trial.blobs.files()
    with pytest.raises(error):
        await put(blob_trial, Source(BIG[:size]), CacheControl=word)
    await blob_trial.until(lambda: blob_trial.blobs.files() == before)
    assert await get(blob_trial) == BIG[:20_000]


async def test_a_stream_that_breaks_is_the_calls_own_error(blob_trial: Trial) -> None:
    with pytest.raises(InternalServerError, match="broken"):
        await put(blob_trial, Source(BIG, fails=InternalServerError("broken")))
    with pytest.raises(InternalFailure):
        await put(blob_trial, Source(BIG, fails=RuntimeError("secret")))
    assert blob_trial.blobs.files() == []
    assert blob_trial.cloud.counts.total("mediastore-data", "PutObject") == 2


async def test_a_body_in_the_place_of_another_lets_that_go(blob_trial: Trial) -> None:
    await put(blob_trial, BIG)
    first = blob_trial.blobs.files()
    await put(blob_trial, BIG[1:])
    await blob_trial.until(lambda: blob_trial.blobs.deleted == first)
    assert await get(blob_trial) == BIG[1:]


async def test_after_a_storage_error_the_bytes_are_left_to_the_sweep(tmp_path: Path) -> None:
    """Nobody knows whether the commit was kept: bytes too many are better than bytes that are gone."""
    async with Trial("adversary", tmp_path, zones=1) as trial:
        store = trial.store
        assert isinstance(store, AdversaryStore)

        async def stream() -> AsyncIterator[bytes]:
            yield BIG
            store.trouble = Trouble(conflicts=0, storage_errors=1)

        with pytest.raises(ServiceUnavailable):
            await put(trial, stream())
        store.trouble = Trouble(conflicts=0)
        assert len(trial.blobs.files()) == 1
        assert await trial.cloud.sweeper.sweep(60) == 0
        trial.blobs.seconds_ahead = 61
        assert await trial.cloud.sweeper.sweep(60) == 1


async def test_a_disk_that_fails_is_service_unavailable(quick_blob_trial: Trial, monkeypatch: Any) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise BlobError("The disk was told to fail.")

    monkeypatch.setattr(quick_blob_trial.blobs, "write", fail)
    with pytest.raises(ServiceUnavailable) as caught:
        await put(quick_blob_trial, BIG)
    assert "disk" not in caught.value.message


# --------------------------------------------------------------------------- in an async def
def _call(trial: Trial) -> Call:
    return Call(trial.cloud, HOME, Origin(request_id="r"), "mediastore-data")


async def test_a_call_receives_a_body_and_keeps_it_when_something_refers_to_it(blob_trial: Trial) -> None:
    async with _call(blob_trial).receive(as_incoming(BIG), Digest()) as received:
        await blob_trial.transact(lambda tx: tx.refer(received.blob, b"me"))
    assert await blob_trial.cloud.sweeper.sweep(0) == 0
    assert await bytes_of(blob_trial, Piece(received.size, received.blob)) == BIG


async def test_a_call_that_is_refused_gives_the_bytes_up_at_once(blob_trial: Trial) -> None:
    with pytest.raises(InternalServerError):
        async with _call(blob_trial).receive(as_incoming(BIG), Digest()):
            raise InternalServerError
    assert blob_trial.blobs.files() == []


async def test_a_call_that_breaks_leaves_the_bytes_to_the_sweep(blob_trial: Trial) -> None:
    for broken in (RuntimeError, asyncio.CancelledError):
        with pytest.raises(broken):
            async with _call(blob_trial).receive(as_incoming(BIG), Digest()):
                raise broken
        assert len(blob_trial.blobs.files()) == 1
        assert await blob_trial.cloud.sweeper.sweep(0) == 1


async def test_a_small_body_of_a_call_is_nobodys_to_give_up(quick_blob_trial: Trial) -> None:
    hashes = Digest()

    async def refuse() -> None:
        async with _call(quick_blob_trial).receive(as_incoming(b"small"), hashes) as received:
            assert received == Received(5, hashes, b"small")
            raise InternalServerError

    with pytest.raises(InternalServerError):
        await refuse()
    assert quick_blob_trial.blobs.deleted == []


# --------------------------------------------------------------------------- what goes out
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_range_over_pieces_is_the_range_of_all_their_bytes(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 40_000), max_size=5))
    total = sum(sizes)
    start = data.draw(st.integers(0, total))
    end = data.draw(st.integers(start, total))

    async def work(folder: Path) -> None:
        async with Trial("memory", folder, zones=1) as trial:
            pieces, at = [], 0
            for size in sizes:
                received = await receive(trial.cloud, as_incoming(BIG[at : at + size]), Digest())
                pieces.append(Piece(size, received.blob, received.data))
                at += size
            assert await bytes_of(trial, *pieces, start=start, end=end) == BIG[start:end]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(work(Path(folder)))


async def test_only_the_blobs_of_the_range_are_held_and_let_go(quick_blob_trial: Trial) -> None:
    trial = quick_blob_trial
    one, two = [(await receive(trial.cloud, as_incoming(BIG), Digest())).blob for _ in range(2)]
    await trial.transact(lambda tx: [tx.refer(blob, b"me") for blob in (one, two)])
    outgoing = Outgoing(trial.cloud, [Piece(len(BIG), one), Piece(len(BIG), two)], 0, len(BIG))
    outgoing.hold()
    await trial.transact(lambda tx: [tx.release(blob, b"me") for blob in (one, two)])
    await trial.until(lambda: trial.blobs.files() == [one])
    await outgoing.aclose()
    await outgoing.aclose()
    await trial.until(lambda: trial.blobs.files() == [])


async def test_an_answer_is_read_to_its_end_though_its_item_is_gone(blob_trial: Trial) -> None:
    await put(blob_trial, BIG, "public/a")
    body = (await blob_trial.item("GetObject", Path="public/a", caller=OTHER_ROOT))["Body"]
    await blob_trial.item("DeleteObject", Path="public/a")
    await blob_trial.settled()
    assert b"".join([piece async for piece in body]) == BIG
    assert blob_trial.blobs.deleted == []
    await body.aclose()
    await blob_trial.until(lambda: blob_trial.blobs.files() == [])


async def test_a_reader_that_stops_early_stops_the_blobs_reader_too(quick_blob_trial: Trial) -> None:
    """It says itself when it is done; the collector may come late, and after the blobs are closed."""
    trial = quick_blob_trial
    received = await receive(trial.cloud, as_incoming(BIG * 8), Digest())
    closed = []
    read = trial.blobs.read

    async def watched(*arguments: Any, **named: Any) -> AsyncIterator[bytes]:
        try:
            async with aclosing(read(*arguments, **named)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            closed.append(True)

    trial.blobs.read = watched  # type: ignore[method-assign, assignment]
    outgoing = Outgoing(trial.cloud, [Piece(received.size, received.blob)], 0, received.size)
    async with aclosing(aiter(outgoing)) as pieces:  # type: ignore[type-var]
        assert await anext(pieces)
    assert closed == [True]


async def test_bytes_that_are_lost_are_no_answer(quick_blob_trial: Trial) -> None:
    await put(quick_blob_trial, BIG)
    (blob,) = quick_blob_trial.blobs.files()
    await quick_blob_trial.blobs.delete(blob)
    with pytest.raises(BlobLost):
        await get(quick_blob_trial)


def test_trial_blobs_pass_over_no_shelf_that_has_something(tmp_path: Path) -> None:
    async def work() -> None:
        blobs = TrialBlobs(tmp_path, 2)
        try:
            written = await blobs.write(Source(b"abc"))
            assert blobs.shelves() == [written.blob[:3]]
            assert [name for name, _ in await blobs.on_shelf(written.blob[:3])] == [written.blob]
        finally:
            await blobs.close()

    asyncio.run(work())
