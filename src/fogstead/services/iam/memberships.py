"""Who is in which group: a row for each member under its group's id. The user keeps the ids of its groups itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

_MEMBERS = pack("iam-member")


def members_of(tx: Transaction, group: str) -> Key:
    """The prefix of the rows of a group's members; each holds the user's name in lower case."""
    return tx.home.prefix + _MEMBERS + pack(group)


def has_members(tx: Transaction, group: str) -> bool:
    """Whether anybody is in it."""
    prefix = members_of(tx, group)
    return bool(tx.keys.scan(prefix, end_of(prefix), limit=1))


def add_member(tx: Transaction, group: str, folded: str) -> None:
    """Note a user among a group's members."""
    tx.keys.put(members_of(tx, group) + pack(folded), folded.encode())


def remove_member(tx: Transaction, group: str, folded: str) -> None:
    """Strike a user out."""
    tx.keys.delete(members_of(tx, group) + pack(folded))


def rename_member(tx: Transaction, group: str, old: str, new: str) -> None:
    """Follow a user to another name."""
    remove_member(tx, group, old)
    add_member(tx, group, new)
