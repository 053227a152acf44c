"""Memory that a thread uses over and over, so that bulk bytes cost no new pages."""

from __future__ import annotations

import threading


class Buffers(threading.local):
    """One buffer per thread. What stands in it is valid until the same thread asks again."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray())

    def room(self, size: int) -> memoryview:
        """At least `size` bytes to write into."""
        if len(self._buffer) < size:
            self._buffer = memoryview(bytearray(size))
        return self._buffer[:size]
