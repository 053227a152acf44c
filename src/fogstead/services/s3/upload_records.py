"""What is kept of a multipart upload while its parts come in, and where."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.services.s3 import checksums
from fogstead.services.s3.records import NUMBER_END, PARTS, UPLOADS, Details

_ID_RANDOM_BYTES: Final = 25
_ID_LENGTH: Final = 44


class Upload(msgspec.Struct, frozen=True, array_like=True):
    """What an object is going to be, while its parts come in."""

    id: str
    number: int
    """Under which its parts lie, and under which the object's bytes will be owned."""
    initiated_at: int
    initiator: str
    """The account."""
    owner: str
    """The account that will own the object."""
    storage_class: str
    details: Details
    checksum_algorithm: str = checksums.DEFAULT
    checksum_type: str = checksums.FULL_OBJECT
    checksum_asked: bool = False
    """Whether the algorithm was chosen: then every part must come with it."""


uploads: Final = RecordCodec(Upload)


def upload_key(shard: Key, key: str, number: int) -> Key:
    """The row of an upload: by key, and by the time it was begun."""
    return shard + UPLOADS + pack(key) + pack_int(number)


def parts_low(shard: Key, number: int) -> Key:
    """Under which the rows of its parts lie."""
    return shard + PARTS + pack_int(number)


def new_id(tx: Transaction, number: int) -> str:
    """An upload's id: signs that mean nothing to anybody else and hold its number."""
    return base64.urlsafe_b64encode(tx.random(_ID_RANDOM_BYTES) + number.to_bytes(8, "big")).decode("ascii")


def number_in(upload_id: str) -> int | None:
    """The number in an upload's id; None when no upload can have this id."""
    if len(upload_id) != _ID_LENGTH or not upload_id.isascii():
        return None
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(upload_id)[_ID_RANDOM_BYTES:], "big")
    except ValueError:
        return None
    return number if number < NUMBER_END else None


def find(tx: Transaction, shard: Key, given: Mapping[str, Any]) -> Upload | None:
    """The upload that a key and an id name, if there is one."""
    number = number_in(given["UploadId"])
    raw = tx.keys.get(upload_key(shard, given["Key"], number)) if number is not None else None
    upload = uploads.decode(raw) if raw is not None else None
    return upload if upload is not None and upload.id == given["UploadId"] else None
