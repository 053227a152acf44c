"""Aliases: names that point at keys. How they lie; what is done with them is in `naming.py`."""

from __future__ import annotations

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.primitives.store.packing import pack
from fogstead.services.kms.conditions import ALIAS_ROWS, alias_names
from fogstead.services.kms.keys import Key
from fogstead.services.kms.service import NotFound, kms

PREFIX = "alias/"
RESERVED = "alias/aws/"


class Alias(Resource, service=kms, arn="alias/{name}", missing=NotFound):
    """A name, without its `alias/`, and the id of the key it points at. Times are cloud milliseconds."""

    name: str
    key_id: str
    updated_at: int

    @property
    def full_name(self) -> str:
        """As it is written everywhere."""
        return PREFIX + self.name

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """Names alone: aliases of other accounts are not changed from here."""
        return cls.at(home, value.removeprefix(PREFIX))

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return NotFound(f"Alias {located.arn} is not found.")


def point(tx: Transaction, alias: Alias, key: Key) -> None:
    """Have an alias, new or not, point at a key."""
    known = tx.find(Alias, alias.name)
    if known is None:
        tx.create(alias)
    else:
        _forget(tx, known)
        tx.replace(known, key_id=key.key_id, updated_at=tx.now)
    tx.keys.put(tx.shard(key) + ALIAS_ROWS + pack(alias.full_name), b"")


def remove(tx: Transaction, alias: Alias) -> None:
    """Let a name go."""
    _forget(tx, alias)
    tx.delete(alias)


def remove_all(tx: Transaction, key: Key) -> None:
    """Let all names of a key go, with the key."""
    for name in alias_names(tx, key):
        remove(tx, tx.get(Alias, name.removeprefix(PREFIX)))


def _forget(tx: Transaction, alias: Alias) -> None:
    key = tx.find(Key, alias.key_id)
    if key is not None:
        tx.keys.delete(tx.shard(key) + ALIAS_ROWS + pack(alias.full_name))
