"""Notes that are good for a while: what a FIFO queue remembers of ids it has seen.

name (key)                   when the note expires, and what it says
name-age (expires_at, key)   the same by age, so that expired ones are found
"""

from __future__ import annotations

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack, pack_int

_TIME_BYTES = 8


class Notes:
    """One kind of notes among the rows of a queue."""

    def __init__(self, name: str) -> None:
        self._notes = pack(name)
        self._by_age = pack(f"{name}-age")

    def find(self, tx: Transaction, shard: Key, key: Key) -> bytes | None:
        """What was noted under a key, unless it has expired."""
        raw = tx.keys.get(shard + self._notes + key)
        return raw[_TIME_BYTES:] if raw is not None and _expires_at(raw) > tx.now else None

    def keep(self, tx: Transaction, shard: Key, key: Key, note: bytes, *, until: Millis) -> None:
        """Note something under a key; what was noted there before is forgotten."""
        self.drop(tx, shard, key)
        tx.keys.put(shard + self._notes + key, until.to_bytes(_TIME_BYTES, "big") + note)
        tx.keys.put(shard + self._by_age + pack_int(until) + key, b"")

    def drop(self, tx: Transaction, shard: Key, key: Key) -> None:
        """Forget what was noted under a key."""
        raw = tx.keys.get(shard + self._notes + key)
        if raw is not None:
            tx.keys.delete(shard + self._notes + key)
            tx.keys.delete(shard + self._by_age + pack_int(_expires_at(raw)) + key)

    def sweep(self, tx: Transaction, shard: Key, limit: int) -> int:
        """Remove up to `limit` that have expired; gives how many."""
        low = shard + self._by_age
        rows = tx.keys.scan(low, low + pack_int(tx.now + 1), limit=limit)
        for key, _ in rows:
            tx.keys.delete(key)
            tx.keys.delete(shard + self._notes + key[len(low) + len(pack_int(0)) :])
        return len(rows)


def _expires_at(raw: bytes) -> Millis:
    return int.from_bytes(raw[:_TIME_BYTES], "big")
