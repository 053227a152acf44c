"""Key material: the secrets of a key, one row each, sealed under the cloud's root key.

A symmetric key has one more than it was rotated, others have one. A row outlives its secret: imported material that
expired or was deleted can come back, and nothing else can take its place.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key as StoreKey
from fogstead.primitives.store import end_of
from fogstead.primitives.store.packing import pack
from fogstead.services.kms import key_pairs

if TYPE_CHECKING:
    from fogstead.services.kms.keys import Key

T = TypeVar("T")

CURRENT: Final = "CURRENT"
NON_CURRENT: Final = "NON_CURRENT"
PENDING_ROTATION: Final = "PENDING_ROTATION"
PENDING_IMPORTS: Final = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
ROTATING: Final = "ROTATING"
"""On its way to become the current one in all Regions; never shown."""

_ROWS = pack("material")
_PURPOSE = "kms material"
_LISTED_MAX = 10_000
_OPENED_MAX = 4096


class Material(msgspec.Struct, frozen=True, array_like=True):
    """One secret of a key; `sealed` is empty while an imported one is not here. Times are cloud milliseconds."""

    id: str
    number: int
    state: str
    sealed: bytes
    public: bytes = b""
    description: str = ""
    valid_to: int = 0
    rotated_at: int = 0
    rotation_type: str = ""


_codec = RecordCodec(Material)


class OpenedSecrets:
    """Secrets as they are used, so that each is opened once; the least used go first."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._known: OrderedDict[tuple[StoreKey, str, str], Any] = OrderedDict()

    def get(self, shard: StoreKey, material_id: str, form: str, make: Callable[[], T]) -> T:
        """The secret in a form, made when it is not there."""
        place = (shard, material_id, form)
        known: T | None = self._known.get(place)
        if known is None:
            known = self._known[place] = make()
            if len(self._known) > self._size_max:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(place)
        return known

    def forget(self, shard: StoreKey) -> None:
        """Drop everything of a key."""
        for place in [place for place in self._known if place[0] == shard]:
            del self._known[place]

    def __len__(self) -> int:
        return len(self._known)


_opened = OpenedSecrets(_OPENED_MAX)


def put(tx: Transaction, key: Key, material: Material) -> None:
    """Keep a row."""
    tx.keys.put(_row(tx.shard(key), material.id), _codec.encode(material))


def find(tx: Transaction, key: Key, material_id: str) -> Material | None:
    """The row of a material, if the key has it."""
    raw = tx.keys.get(_row(key.shard, material_id)) if material_id else None
    return None if raw is None else _codec.decode(raw)


def current(tx: Transaction, key: Key) -> Material:
    """The one that encrypts, which a usable key has."""
    found = find(tx, key, key.material_id)
    assert found is not None
    return found


def all_of(tx: Transaction, key: Key) -> list[Material]:
    """In the order in which they came."""
    low = key.shard + _ROWS
    rows = tx.keys.scan(low, end_of(low), limit=_LISTED_MAX)
    return sorted((_codec.decode(raw) for _, raw in rows), key=lambda material: material.number)


def imported_id(key_id: str, plain: bytes) -> str:
    """The id that imported material has, in every Region of its key."""
    return hashlib.sha256(b"fogstead kms material id 1\x00" + key_id.encode("ascii") + b"\x00" + plain).hexdigest()


def seal(tx: Transaction, key: Key, material_id: str, plain: bytes) -> bytes:
    """A secret in the form in which it is kept; it opens for this key and id alone."""
    return tx.cloud.vault.seal(_PURPOSE, plain, _about(key, material_id))


def secret(tx: Transaction, key: Key, material: Material) -> bytes:
    """The plain bytes: a symmetric secret, or a private key's DER."""
    return _opened.get(key.shard, material.id, "secret", lambda: unseal(tx, key, material))


def unseal(tx: Transaction, key: Key, material: Material) -> bytes:
    """The plain bytes, not kept opened."""
    assert material.sealed, "a key without its material is not usable"
    return tx.cloud.vault.open(_PURPOSE, material.sealed, _about(key, material.id))


def private_key(tx: Transaction, key: Key, material: Material) -> Any:
    """A private key that is ready for use."""
    return _opened.get(key.shard, material.id, "private", lambda: key_pairs.load_private(unseal(tx, key, material)))


def public_key(key: Key, material: Material) -> Any:
    """A public key that is ready for use."""
    return _opened.get(key.shard, material.id, "public", lambda: key_pairs.load_public(material.public))


def forget_opened(tx: Transaction, key: Key) -> None:
    """Let the opened secrets of a key go once this is kept."""
    shard = key.shard
    tx.after_commit(lambda: _opened.forget(shard))


def _row(shard: StoreKey, material_id: str) -> StoreKey:
    return shard + _ROWS + pack(material_id)


def _about(key: Key, material_id: str) -> bytes:
    return f"{key.account}/{key.region}/{key.key_id}/{material_id}".encode("ascii")
