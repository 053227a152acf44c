"""Listings by prefix and delimiter, over anything that can be read in order from a position on.

A prefix that keys share up to a delimiter is shown once, and its other keys are never read: the walk goes on behind it.

A position is a key's bytes and a tail that orders the rows of one key (its versions, its uploads), or is empty where
a key has one row. Keys are UTF-8, in which no byte is 0xFF: a prefix with that byte behind it is past all its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
Position = tuple[bytes, bytes]
Scan = Callable[[Position, int], Sequence[tuple[Position, T]]]
"""From a position, that row included, at most so many rows in order; fewer than that only when there are no more."""

FIRST: Position = (b"", b"")
_HIGH = b"\xff"
# Rows read at once while prefixes may be rolled up: at first, and after each leap. Doubled while no leap is needed.
_AT_FIRST = 32
_AFTER_A_LEAP = 4


class Page(NamedTuple, Generic[T]):
    """One page of a listing. `last` is its last key or common prefix, and `low` where the next page begins; both are
    None when this is the last page."""

    contents: list[T]
    prefixes: list[str]
    last: str | None
    low: Position | None

    @property
    def truncated(self) -> bool:
        """Whether there is more."""
        return self.low is not None


class _Entry(NamedTuple, Generic[T]):
    """A row, or a common prefix with no value; and the position behind it."""

    name: bytes
    value: T | None
    rolled_up: bool
    behind: Position


def end_of(prefix: str) -> Position:
    """Where the keys with a prefix end: behind all of them."""
    return prefix.encode() + _HIGH, b""


def after_row(position: Position) -> Position:
    """Behind one row."""
    key, tail = position
    return key, tail + b"\0"


def after_marker(marker: str, prefix: str = "", delimiter: str = "") -> Position:
    """Behind all rows of a key that a client names as Marker, StartAfter or KeyMarker.

    One that is a common prefix of the listing stands for all its keys, so that a NextMarker leads on.
    """
    key = marker.encode()
    if _rolled_up(key, prefix.encode(), delimiter.encode()) == key:
        return end_of(marker)
    return key, _HIGH


def listed(scan: Scan[T], *, prefix: str = "", delimiter: str = "", low: Position = FIRST, max_keys: int) -> Page[T]:
    """At most `max_keys` rows and common prefixes from a position on; an empty delimiter is none.

    A page of none is never truncated, as S3 has it.
    """
    contents: list[T] = []
    prefixes: list[str] = []
    last, behind = b"", low
    if max_keys <= 0:
        return Page(contents, prefixes, None, None)
    for entry in _entries(scan, prefix.encode(), delimiter.encode(), low, max_keys + 1):
        if len(contents) + len(prefixes) == max_keys:
            return Page(contents, prefixes, last.decode(), behind)
        if entry.rolled_up:
            prefixes.append(entry.name.decode())
        else:
            contents.append(entry.value)  # type: ignore[arg-type] # a row has a value
        last, behind = entry.name, entry.behind
    return Page(contents, prefixes, None, None)


def _entries(scan: Scan[T], prefix: bytes, delimiter: bytes, low: Position, wanted: int) -> Iterator[_Entry[T]]:
    low = max(low, (prefix, b""))
    limit = min(wanted, _AT_FIRST) if delimiter else wanted
    rolled: bytes | None = None
    while True:
        rows = scan(low, limit)
        for position, value in rows:
            key = position[0]
            if not key.startswith(prefix):
                return
            if rolled is not None and key.startswith(rolled):
                continue
            rolled = _rolled_up(key, prefix, delimiter)
            if rolled is None:
                yield _Entry(key, value, False, after_row(position))
            else:
                yield _Entry(rolled, None, True, (rolled + _HIGH, b""))
        if len(rows) < limit:
            return
        if rolled is not None:
            low, limit = (rolled + _HIGH, b""), min(wanted, _AFTER_A_LEAP)
        else:
            low, limit = after_row(rows[-1][0]), min(wanted, limit * 2)


def _rolled_up(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """The common prefix under which a listing shows the key, or None when it shows the key."""
    if not delimiter or not key.startswith(prefix):
        return None
    at = key.find(delimiter, len(prefix))
    return None if at < 0 else key[: at + len(delimiter)]
