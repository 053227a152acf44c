"""One request and its answer, as the application sees them, whatever version of HTTP carries them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from fogstead.gateway.http1 import Head

Headers = list[tuple[str, str]]


class Disconnected(Exception):
    """The other side went away before everything was read or written."""


class BodyStream:
    """A body as it arrives, bounded: the sender is held back while much of it is unread."""

    HIGH_WATER = 512 * 1024

    def __init__(self, *, want: Callable[[], None], hold: Callable[[], None]) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._want = want
        self._hold = hold

    def feed(self, piece: bytes) -> None:
        """Bytes came in."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= self.HIGH_WATER:
            self._hold()
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """No more will come, because it is complete or because of `error`; the first end counts."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def read(self) -> bytes:
        """Some bytes, or none at the end; Disconnected when the body will never be whole."""
        while not self._pieces:
            if self._ended:
                if self._error is not None:
                    raise self._error
                return b""
            self._want()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        piece = self._pieces.popleft()
        self._size -= len(piece)
        if self._size < self.HIGH_WATER:
            self._want()
        return piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read():
            yield piece


class Duplex(Protocol):
    """Raw bytes both ways, after an Upgrade."""

    async def read(self) -> bytes:
        """Some bytes, or none when the other side has finished."""

    async def write(self, data: bytes) -> None:
        """Returns once there is room for more."""

    def close(self) -> None:
        """No more in either direction."""


class Exchange(Protocol):
    """A request under way. Exactly one of `answer`, `answer_stream` and `upgrade` ends it."""

    head: Head
    body: bytes
    stream: BodyStream | None
    on_gone: Callable[[], None] | None

    @property
    def peer(self) -> str:
        """The other side's address."""

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""

    def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Write the whole answer."""

    async def answer_stream(self, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """Write the answer as it is made, no faster than the other side takes it."""

    def upgrade(self, headers: Headers) -> Duplex:
        """Answer 101 and hand over the connection."""


class Application(Protocol):
    """What stands behind the front."""

    def plan(self, exchange: Exchange) -> int | None:
        """How many bytes of body to gather before `handle`, or None to have them as a stream."""

    def handle(self, exchange: Exchange) -> None:
        """Answer it, now or later."""
