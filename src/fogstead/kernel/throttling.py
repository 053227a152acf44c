"""Token buckets per account and class of operation."""

from __future__ import annotations

from dataclasses import dataclass

from fogstead.kernel.errors import ServiceError, Throttled

BUCKETS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second, and how many may come at once."""

    per_second: float
    burst: float


class Throttle:
    """Counts calls down; off until a cloud is told to throttle, because a test bench should not wait."""

    def __init__(self, *, enabled: bool = False) -> None:
        self.enabled = enabled
        self._buckets: dict[tuple[str, str], tuple[float, int]] = {}

    def take(self, account: str, bucket: str, rate: Rate, now: int, error: type[ServiceError] = Throttled) -> None:
        """One call; `error` when the bucket is empty. `now` is true time in milliseconds."""
        if not self.enabled:
            return
        left, since = self._buckets.get((account, bucket), (rate.burst, now))
        left = min(rate.burst, left + max(0, now - since) / 1000 * rate.per_second)
        if left < 1:
            raise error
        if len(self._buckets) >= BUCKETS_MAX:
            self._buckets.clear()
        self._buckets[account, bucket] = (left - 1, now)
