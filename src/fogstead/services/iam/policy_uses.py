"""Where managed policies are used: a row for each attachment and each boundary, so that they are counted and listed
without looking at every user, group and role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.names import Named

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

Usage = Literal["attached", "boundary"]

_USES = pack("iam-policy-use")
_COUNTED_MAX = 100_000
_PAGE = 500


def note_use(tx: Transaction, arn: str, usage: Usage, entity: Named) -> None:
    """Somebody uses a policy."""
    tx.keys.put(_key(tx, arn, usage, entity), entity.unique_id.encode())


def drop_use(tx: Transaction, arn: str, usage: Usage, entity: Named) -> None:
    """Nobody of that id uses it any more."""
    tx.keys.delete(_key(tx, arn, usage, entity))


def count_uses(tx: Transaction, arn: str, usage: Usage) -> int:
    """How many use it."""
    prefix = _prefix(tx, arn, usage)
    return tx.keys.count(prefix, end_of(prefix), limit=_COUNTED_MAX)


def is_used(tx: Transaction, arn: str, usage: Usage) -> bool:
    """Whether anybody does."""
    prefix = _prefix(tx, arn, usage)
    return bool(tx.keys.scan(prefix, end_of(prefix), limit=1))


def users_of(tx: Transaction, arn: str, usage: Usage) -> Iterator[str]:
    """The ids of those who use it: groups, then roles, then users."""
    low, high = _prefix(tx, arn, usage), end_of(_prefix(tx, arn, usage))
    while True:
        rows = tx.keys.scan(low, high, limit=_PAGE)
        for _, value in rows:
            yield value.decode()
        if len(rows) < _PAGE:
            return
        low = rows[-1][0] + b"\0"


def _prefix(tx: Transaction, arn: str, usage: Usage) -> Key:
    return tx.home.prefix + _USES + pack(arn, usage)


def _key(tx: Transaction, arn: str, usage: Usage, entity: Named) -> Key:
    return _prefix(tx, arn, usage) + pack(type(entity).__name__, entity.unique_id)
