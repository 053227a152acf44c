"""Time, passed in wherever it is needed, so that a test or an operator can own it.

Two clocks never mix. *True time* is the machine's and is never moved: signatures, TLS, leases, patience.
*Cloud time* is what users read and schedule by; it runs with true time plus an offset that only grows.
Both are whole milliseconds since the epoch.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence

Millis = int


def system_millis() -> Millis:
    """The machine's own wall clock."""
    return time.time_ns() // 1_000_000


class Clock:
    """True time and cloud time together, with the log of every move between them."""

    __slots__ = ("_frozen_at", "_moves", "_offset", "_true")

    def __init__(self, true: Callable[[], Millis] = system_millis, moves: Sequence[tuple[Millis, Millis]] = ()) -> None:
        self._true = true
        self._moves = list(moves)
        self._offset = self._moves[-1][1] if self._moves else 0
        self._frozen_at: Millis | None = None

    def true_now(self) -> Millis:
        """Milliseconds of true time."""
        return self._true()

    def now(self) -> Millis:
        """Milliseconds of cloud time."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._true() + self._offset

    @property
    def offset(self) -> Millis:
        """How far cloud time is ahead of true time."""
        return self._offset

    @property
    def moves(self) -> Sequence[tuple[Millis, Millis]]:
        """(true time, offset from then on) of every move, oldest first."""
        return self._moves

    def stand_at(self, cloud_time: Millis) -> None:
        """Hold cloud time still while a step of an advance runs its due work."""
        if cloud_time < self.now():
            raise ValueError("cloud time moves forward only")
        self._frozen_at = cloud_time

    def settle(self) -> tuple[Millis, Millis]:
        """Let time run on from where it stands; gives the move for the log."""
        true = self._true()
        if self._frozen_at is not None:
            self._offset = max(self._offset, self._frozen_at - true)
            self._frozen_at = None
            self._moves.append((true, self._offset))
        return (true, self._offset)

    def cloud_time_of(self, true_time: Millis) -> Millis:
        """The cloud time that was showing at a moment of true time."""
        at = bisect_right(self._moves, true_time, key=lambda move: move[0])
        return true_time + (self._moves[at - 1][1] if at else 0)
