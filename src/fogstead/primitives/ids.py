"""Identifiers and randomness, passed in, so that a run can be repeated from a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

_POOL_BYTES = 4096
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Ids:
    """Random bytes in pooled reads, and the identifiers AWS makes of them."""

    __slots__ = ("_at", "_pool", "_source")

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._pool = b""
        self._at = 0

    @classmethod
    def seeded(cls, seed: int) -> Ids:
        """Repeatable, for tests; never for secrets."""
        return cls(random.Random(seed).randbytes)  # noqa: S311 - repeatable on purpose

    def take(self, size: int) -> bytes:
        """`size` random bytes, at most 4096."""
        if size > _POOL_BYTES:
            raise ValueError(f"at most {_POOL_BYTES} random bytes at once")
        if self._at + size > len(self._pool):
            self._pool, self._at = self._source(_POOL_BYTES), 0
        start = self._at
        self._at = start + size
        return self._pool[start : start + size]

    def uuid(self) -> str:
        """A random UUID (version 4), as AWS prints request and message ids."""
        text = self.take(16).hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"

    def hex(self, size: int) -> str:
        """`size` random bytes as hexadecimal digits."""
        return self.take(size).hex()
