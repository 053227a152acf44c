"""When keys and roles were last used. Rows of their own: to note a use changes nothing about what is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from fogstead.kernel.authority import LastUse
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

_USES = pack("iam-last-use")
_decode = msgspec.msgpack.Decoder(LastUse).decode


def last_use(tx: Transaction, used: str) -> LastUse | None:
    """The last use of an access key's id or a role's ARN; None when it was never used."""
    return tx.cloud.last_uses.find(used) or _kept(tx, used)


def _kept(tx: Transaction, used: str) -> LastUse | None:
    row = tx.keys.get(_row(tx, used))
    return None if row is None else _decode(row)


def note_uses(tx: Transaction, uses: Mapping[str, LastUse]) -> None:
    """Keep the last uses, unless later ones are known."""
    for used, use in uses.items():
        known = _kept(tx, used)
        if known is None or known.at < use.at:
            tx.keys.put(_row(tx, used), msgspec.msgpack.encode(use))


def forget_uses(tx: Transaction, used: str) -> None:
    """Remove what is known of a key or role that goes."""
    tx.keys.delete(_row(tx, used))


def _row(tx: Transaction, used: str) -> Key:
    return tx.home.prefix + _USES + pack(used)
