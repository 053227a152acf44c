"""What is kept of an object's versions, and where the rows of a bucket lie.

    o (key)                    the current version, when it is no delete marker
    v (key, -number)           every other version, the newest first; a delete marker may be the newest of all
    n (key)                    the number of the version `null`, when it is among these
    c (number)                 the bytes of a small object, or the list of an object's parts
    u (key, number)            a multipart upload
    p (upload, part number)    one of its parts
    w (upload)                 what a completed upload became, for those who did not hear the answer

A version begins with what listings show; what only a reader of the object needs is packed behind it and left alone.
"""

from __future__ import annotations

import base64
from typing import Final

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.s3.acls import Acl
from fogstead.services.s3.sealings import Sealing
from fogstead.services.s3.service import InvalidArgument

NULL_ID: Final = "null"
CURRENT: Final = pack("o")
OLDER: Final = pack("v")
NULLS: Final = pack("n")
CONTENTS: Final = pack("c")
UPLOADS: Final = pack("u")
PARTS: Final = pack("p")
COMPLETED: Final = pack("w")
NUMBER_END: Final = 1 << 62


class Details(msgspec.Struct, frozen=True, array_like=True):
    """What a reader of the object is told beyond the listing. Header values are kept as they came."""

    headers: dict[str, str] = {}
    """By the names of GetObject's members: ContentType, CacheControl and so on."""
    metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    acl: Acl | None = None
    """None is the owner's alone."""
    checksum: str = ""
    blob: str = ""
    sealed: bytes = b""
    """Very few bytes lie here; a little more in a row of contents."""
    pieces: int = 0
    """How many pieces its bytes lie in, when they are listed in a row of contents."""
    parts: int = 0
    """How many parts a multipart object has; a copy of it has none."""
    sealing: Sealing | None = None
    """What its bytes are sealed under beside the cloud's own key."""


class Version(msgspec.Struct, frozen=True, array_like=True):
    """One version of an object, or a delete marker."""

    modified_at: int
    size: int
    etag: str
    storage_class: str
    number: int
    """Given once; the newer of two versions has the greater one. Blobs and contents are owned under it."""
    id: str = NULL_ID
    owner: str = ""
    """The account."""
    checksum_algorithm: str = ""
    checksum_type: str = ""
    is_marker: bool = False
    content: int = 0
    """Under which number its bytes are owned."""
    packed: msgspec.Raw = msgspec.Raw(msgspec.msgpack.encode(Details()))

    @property
    def details(self) -> Details:
        """See `Details`."""
        return _details.decode(self.packed)

    def with_details(self, details: Details) -> Version:
        """The same version, saying something else."""
        return msgspec.structs.replace(self, packed=packed(details))


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A part of a multipart object or upload."""

    number: int
    size: int
    etag: str
    """The MD5 of its bytes, in hexadecimal digits; random ones where they are sealed under another's key."""
    blob: str = ""
    sealed: bytes = b""
    checksum: str = ""
    modified_at: int = 0
    seal: int = 0
    """The number under whose name its few bytes are sealed."""
    upload: int = 0
    """The number under which its blob is owned."""


_details = msgspec.msgpack.Decoder(Details)
versions: Final = RecordCodec(Version, remembers=False)
part_lists: Final = RecordCodec(list[Part], remembers=False)
parts: Final = RecordCodec(Part, remembers=False)


def packed(details: Details) -> msgspec.Raw:
    """Details as they lie in a version."""
    return msgspec.Raw(msgspec.msgpack.encode(details))


# ------------------------------------------------------------- keys
def current_key(shard: Key, key: str) -> Key:
    """The row of an object's current version."""
    return shard + CURRENT + pack(key)


def older_range(shard: Key, key: str) -> tuple[Key, Key]:
    """The rows of all its other versions."""
    low = shard + OLDER + pack(key)
    return low, end_of(low)


def older_key(shard: Key, key: str, number: int) -> Key:
    """The row of one of them."""
    return shard + OLDER + pack(key) + pack_int(-number)


def null_key(shard: Key, key: str) -> Key:
    """The row that tells which of them is the version `null`."""
    return shard + NULLS + pack(key)


def content_key(shard: Key, number: int) -> Key:
    """The row of an object's bytes or parts."""
    return shard + CONTENTS + pack_int(number)


# ------------------------------------------------------------- version ids
def new_id(tx: Transaction, number: int) -> str:
    """A version's id: 32 signs that mean nothing to anybody else and hold its number."""
    return base64.urlsafe_b64encode(tx.random(16) + number.to_bytes(8, "big")).decode("ascii")


def number_in(version_id: str) -> int | None:
    """The number in a version's id; None when no version can have this id."""
    if len(version_id) != 32 or not version_id.isascii():
        return None
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(version_id)[16:], "big")
    except ValueError:
        return None
    return number if number < NUMBER_END else None


def check_id(version_id: str) -> None:
    """InvalidArgument for what cannot be the id of a version."""
    if not version_id:
        raise InvalidArgument("Version id cannot be the empty string", ArgumentName="versionId", ArgumentValue="")
    if version_id != NULL_ID and number_in(version_id) is None:
        raise InvalidArgument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version_id)


# ------------------------------------------------------------- one version among others
def current(tx: Transaction, shard: Key, key: str) -> Version | None:
    """The current version; None when there is none or it is a delete marker."""
    raw = tx.keys.get(current_key(shard, key))
    return None if raw is None else versions.decode(raw)


def newest_older(tx: Transaction, shard: Key, key: str) -> Version | None:
    """The newest of the others: the delete marker that hides the object, when there is no current version."""
    low, high = older_range(shard, key)
    rows = tx.keys.scan(low, high, limit=1)
    return versions.decode(rows[0][1]) if rows else None


def by_id(tx: Transaction, shard: Key, key: str, version_id: str) -> tuple[Version | None, bool]:
    """A version, and whether it is the current one."""
    now = current(tx, shard, key)
    if now is not None and now.id == version_id:
        return now, True
    number = _number_of(tx, shard, key, version_id)
    raw = tx.keys.get(older_key(shard, key, number)) if number is not None else None
    found = versions.decode(raw) if raw is not None else None
    return (found if found is not None and found.id == version_id else None), False


def _number_of(tx: Transaction, shard: Key, key: str, version_id: str) -> int | None:
    if version_id != NULL_ID:
        return number_in(version_id)
    raw = tx.keys.get(null_key(shard, key))
    return int.from_bytes(raw, "big") if raw is not None else None


def keep_current(tx: Transaction, shard: Key, key: str, version: Version) -> None:
    """Write the current version."""
    tx.keys.put(current_key(shard, key), versions.encode(version))


def keep_older(tx: Transaction, shard: Key, key: str, version: Version) -> None:
    """Write one of the others."""
    tx.keys.put(older_key(shard, key, version.number), versions.encode(version))
    if version.id == NULL_ID:
        tx.keys.put(null_key(shard, key), version.number.to_bytes(8, "big"))


def drop_older(tx: Transaction, shard: Key, key: str, version: Version) -> None:
    """Remove one of the others; its bytes are the caller's to release."""
    tx.keys.delete(older_key(shard, key, version.number))
    if version.id == NULL_ID:
        tx.keys.delete(null_key(shard, key))
