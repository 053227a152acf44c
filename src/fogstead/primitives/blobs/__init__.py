"""Immutable byte streams beside the store: written once, read in ranges, deleted.

Write the bytes first, then commit a record that names the blob; delete the record first, then the blob. A crash between
the two leaves a blob that nobody names, and a sweep removes those that are old. The other order could lose data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import dataclass
from typing import Protocol

INLINE_BYTES_MAX = 16 * 1024
"""Up to here callers keep bytes in their own records, sealed by `seal`."""

CHUNK_BYTES = 256 * 1024
"""Plain bytes that are sealed together: the least that a range read opens."""


class BlobError(Exception):
    """The bytes could not be written or read now; trying again later may help."""


class BlobFull(BlobError):
    """There is no room left where the blobs live."""


class BlobLost(BlobError):
    """No zone has the bytes whole: they are missing, cut or tampered with."""


class BlobsRefused(Exception):
    """The folders cannot be used; the message is one sentence for the person who asked."""


class Observer(Protocol):
    """Sees all bytes of a write in order, on a thread: a running hash."""

    def update(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a record has to keep to read the blob again."""

    blob: str
    """32 hexadecimal digits, random."""
    size: int
    """Plain bytes."""


class Blobs(Protocol):
    """Where immutable bytes live. A name is known to nobody before `write` returns it.

    With a `secret`, of up to 64 bytes, bytes are sealed so that only the same secret opens them; it is kept nowhere.
    """

    async def write(
        self,
        pieces: AsyncIterable[bytes],
        observers: Sequence[Observer] = (),
        *,
        one_zone: bool = False,
        secret: bytes = b"",
    ) -> Written:
        """Keep the bytes in every zone that is present, or with `one_zone` in a single one.

        Raises BlobFull, BlobError, or what the source or an observer raised; then, as after a cancellation, nothing is
        left. The source is not closed.
        """

    def read(
        self, blob: str, size: int, start: int = 0, end: int | None = None, *, secret: bytes = b""
    ) -> AsyncGenerator[bytes, None]:
        """The plain bytes from `start` up to `end`, verified, in pieces; `size` is what `write` gave.

        An asynchronous generator: nothing is opened before the first piece is asked for, and a reader that stops early
        closes it (`aclose`). A blob that is deleted after the first piece is read to its end. Raises BlobLost when no
        zone has it whole or the secret is another one, BlobError when a fault kept it from being read,
        ValueError for a range outside of the blob.
        """

    async def delete(self, blob: str) -> None:
        """Remove it from every zone; no error when it is gone. Raises BlobError."""

    def seal(self, name: bytes, data: bytes, secret: bytes = b"") -> bytes:
        """Encrypt inline bytes so that only the same `name` opens them; a name may be used again."""

    def unseal(self, name: bytes, sealed: bytes, secret: bytes = b"") -> bytes:
        """What was sealed under `name`. Raises BlobLost when it was tampered with, or has another name or secret."""

    def shelves(self) -> Sequence[str]:
        """The parts that a sweep looks at one by one; always the same."""

    async def on_shelf(self, shelf: str) -> list[tuple[str, float]]:
        """(blob, seconds of true time since its last change) of what is finished on a shelf, over all zones."""

    async def close(self) -> None:
        """Wait for what is under way; nothing may be asked for afterwards."""
