"""How many parameters of each tier a Region has, kept so that nothing has to be counted."""

from __future__ import annotations

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack
from fogstead.services.ssm.service import ParameterLimitExceeded, parameters_max

_COUNTS = pack("ssm-count")


def _row(tx: Transaction, tier: str) -> Key:
    return tx.home.prefix + _COUNTS + pack(tier)


def of(tx: Transaction, tier: str) -> int:
    """How many there are."""
    return int.from_bytes(tx.keys.get(_row(tx, tier)) or b"", "big")


def is_full(tx: Transaction, tier: str) -> bool:
    """Whether the quota is reached."""
    return of(tx, tier) >= tx.cloud.quotas.limit(tx.home.account, parameters_max[tier])


def add(tx: Transaction, tier: str) -> None:
    """One more; ParameterLimitExceeded when there are as many as may be."""
    if is_full(tx, tier):
        raise ParameterLimitExceeded
    _put(tx, tier, of(tx, tier) + 1)


def remove(tx: Transaction, tier: str) -> None:
    """One less."""
    _put(tx, tier, of(tx, tier) - 1)


def _put(tx: Transaction, tier: str, count: int) -> None:
    tx.keys.put(_row(tx, tier), count.to_bytes(8, "big"))
