"""Records as bytes: typed, frozen, with a version number in front, never pickled.

Fields are written in their order, so new ones go to the end with a default; a real change raises `version` and gives an
`upgrade` from the older bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

R = TypeVar("R")
_CACHED_MAX = 4096
_REMEMBERED_BYTES_MAX = 4096


class RecordCodec(Generic[R]):
    """Encodes and decodes one type. Records are frozen, so the same bytes give the same object.

    `remembers=False` is for records that are many and seldom read twice.
    """

    def __init__(
        self,
        record: type[R],
        version: int = 1,
        upgrade: Callable[[int, bytes], Any] | None = None,
        *,
        remembers: bool = True,
    ) -> None:
        self._version = bytes([version])
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(record)
        self._record = record
        self._upgrade = upgrade
        self._remembered_max = _REMEMBERED_BYTES_MAX if remembers else 0
        self._cached: dict[bytes, R] = {}

    def encode(self, record: R) -> bytes:
        """The bytes of a record."""
        return self._version + self._encoder.encode(record)

    def decode(self, raw: bytes) -> R:
        """The record of bytes that this or an older version wrote."""
        known = self._cached.get(raw) if self._cached else None
        if known is not None:
            return known
        if raw[:1] == self._version:
            record = self._decoder.decode(memoryview(raw)[1:])
        elif self._upgrade is not None and raw[:1] < self._version:
            record = self._upgrade(raw[0], raw[1:])
        else:
            raise ValueError(f"a {self._record.__name__} of version {raw[0]} cannot be read by this program")
        if len(raw) <= self._remembered_max:
            if len(self._cached) >= _CACHED_MAX:
                self._cached.clear()
            self._cached[raw] = record
        return record
