"""Bodies on their way in and out.

A body that is to be kept is received before the transaction that refers to it: its bytes are hashed and written as a
blob while they come, and the transaction then runs with what was received. Small bodies stay in memory and go into the
service's own rows. On the way out a transaction answers with pieces of blobs, which are read after its commit.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from fogstead.primitives.blobs import INLINE_BYTES_MAX

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud


class Hashes(Protocol):
    """What a service takes of a body as it comes, and how it wants it kept."""

    one_zone: bool

    def update(self, data: bytes, /) -> object:
        """Some more bytes, in order; may be called on another thread."""

    def expect(self, size: int | None) -> None:
        """Refuse a body by the size its sender says, before it comes; None when that is not said."""

    def check(self, size: int, trailers: Mapping[str, str]) -> None:
        """Refuse a body that is not what its sender said it would be; `trailers` came after it."""


class Seal(Protocol):
    """What a body is sealed under beside the cloud's own key."""

    @property
    def secret(self) -> bytes:
        """Kept nowhere; empty when there is nothing beside the cloud's own key."""


@dataclass(slots=True)
class Incoming:
    """A body on its way in: `data` when it is there already, else a stream that is read once.

    `size` is what the sender says, without the framing of chunks. The trailers are known when all has been read; the
    names of those that will come are known before.
    """

    data: bytes | None = None
    stream: AsyncIterable[bytes] | None = None
    size: int | None = None
    trailers: Mapping[str, str] = field(default_factory=dict)
    announced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Received:
    """A body that was kept: its bytes when it is small, else the blob that holds it, and what that is sealed under."""

    size: int
    hashes: Hashes
    data: bytes = b""
    blob: str = ""
    seal: Any = None


class Piece(NamedTuple):
    """A part of what is answered: a blob, or a few bytes of its own."""

    size: int
    blob: str = ""
    data: bytes = b""
    secret: bytes = b""
    """What the blob is sealed under beside the cloud's own key."""


def as_incoming(body: object) -> Incoming:
    """A body as the gateway or another service gives it; nothing is an empty body."""
    if isinstance(body, Incoming):
        return body
    if body is None:
        return Incoming(data=b"", size=0)
    if isinstance(body, bytes):
        return Incoming(data=body, size=len(body))
    assert isinstance(body, AsyncIterable), "a body is bytes or a stream"
    return Incoming(stream=body)


def take_small(incoming: Incoming, hashes: Hashes) -> Received | None:
    """What was received, when it is there already and small; else None."""
    data = incoming.data
    if data is None or len(data) > INLINE_BYTES_MAX:
        return None
    hashes.expect(incoming.size)
    hashes.update(data)
    hashes.check(len(data), incoming.trailers)
    return Received(len(data), hashes, data)


async def receive(cloud: Cloud, incoming: Incoming, hashes: Hashes, seal: Seal | None = None) -> Received:
    """Keep a body of any size. Its blob is nobody's until a transaction refers to it, and is not swept meanwhile."""
    hashes.expect(incoming.size)
    pieces = _pieces_of(incoming)
    start: list[bytes] = []
    gathered = 0
    async for piece in pieces:
        start.append(piece)
        gathered += len(piece)
        if gathered > INLINE_BYTES_MAX:
            break
    else:
        return _small(b"".join(start), incoming, hashes)
    secret = seal.secret if seal is not None else b""
    written = await cloud.blobs.write(_chained(start, pieces), (hashes,), one_zone=hashes.one_zone, secret=secret)
    cloud.sweeper.arrived(written.blob)
    try:
        hashes.check(written.size, incoming.trailers)
    except BaseException:
        await cloud.sweeper.discard(written.blob)
        raise
    return Received(written.size, hashes, blob=written.blob, seal=seal)


def _small(data: bytes, incoming: Incoming, hashes: Hashes) -> Received:
    hashes.update(data)
    hashes.check(len(data), incoming.trailers)
    return Received(len(data), hashes, data)


async def _pieces_of(incoming: Incoming) -> AsyncIterator[bytes]:
    if incoming.data is not None:
        yield incoming.data
    elif incoming.stream is not None:
        async for piece in incoming.stream:
            yield piece


async def _chained(start: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while start:
        yield start.pop(0)
    async for piece in rest:
        yield piece


class Outgoing:
    """Bytes `start` to `end` of some pieces, read as they are taken."""

    def __init__(self, cloud: Cloud, pieces: Sequence[Piece], start: int, end: int) -> None:
        self._cloud = cloud
        self._cuts = _cut(pieces, start, end)
        self._held: list[str] = []

    def hold(self) -> None:
        """Keep the blobs from the sweep until `aclose`; called once the transaction that found them is kept."""
        self._held = [piece.blob for piece, _, _ in self._cuts if piece.blob]
        self._cloud.sweeper.hold(self._held)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece, start, end in self._cuts:
            if not piece.blob:
                yield piece.data[start:end]
                continue
            async with aclosing(
                self._cloud.blobs.read(piece.blob, piece.size, start, end, secret=piece.secret)
            ) as read:
                async for data in read:
                    yield data

    async def aclose(self) -> None:
        """Let the blobs go."""
        held, self._held = self._held, []
        self._cloud.sweeper.let_go(held)


def _cut(pieces: Sequence[Piece], start: int, end: int) -> list[tuple[Piece, int, int]]:
    """The pieces that hold some of the range, with what is wanted of each."""
    cuts, at = [], 0
    for piece in pieces:
        low, high = max(start - at, 0), min(end - at, piece.size)
        if low < high:
            cuts.append((piece, low, high))
        at += piece.size
        if at >= end:
            break
    return cuts
