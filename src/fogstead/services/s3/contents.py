"""The bytes of objects: very few beside the object, a few in a row of their own, the rest in blobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from fogstead.kernel.bodies import Piece
from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack_int
from fogstead.services.s3.records import Details, Part, Version, content_key, part_lists, parts

BESIDE_BYTES_MAX: Final = 1088
PARTS_MAX: Final = 10_000
RELEASED_AT_ONCE: Final = 200
FORGOTTEN_AT_ONCE: Final = 5_000
_NO_BYTES = b""


class Kept(NamedTuple):
    """Where bytes were put; the fields of `Details` and `Part` that say so."""

    blob: str = ""
    sealed: bytes = _NO_BYTES


def keep(
    tx: Transaction, shard: Key, number: int, *, blob: str = "", data: bytes = _NO_BYTES, secret: bytes = b""
) -> Kept:
    """Keep a blob, or a few bytes with a secret beside the cloud's own key, under a number that is given once."""
    if blob:
        tx.refer(blob, pack_int(number))
        return Kept(blob)
    if not data:
        return Kept()
    sealed = tx.cloud.blobs.seal(pack_int(number), data, secret)
    if len(sealed) <= BESIDE_BYTES_MAX:
        return Kept(sealed=sealed)
    tx.keys.put(content_key(shard, number), sealed)
    return Kept()


def pieces(tx: Transaction, shard: Key, version: Version, details: Details, secret: bytes = b"") -> list[Piece]:
    """What an object's bytes are made of, in order."""
    if details.pieces:
        return [_piece_of(tx, part, secret) for part in listed(tx, shard, version)]
    if not version.size:
        return []
    if details.blob:
        return [Piece(version.size, details.blob, secret=secret)]
    sealed = details.sealed or tx.keys.get(content_key(shard, version.content)) or _NO_BYTES
    return [Piece(version.size, data=tx.cloud.blobs.unseal(pack_int(version.content), sealed, secret))]


def listed(tx: Transaction, shard: Key, version: Version) -> list[Part]:
    """The parts of an object whose bytes are listed."""
    raw = tx.keys.get(content_key(shard, version.content))
    assert raw is not None, "an object with pieces has their list"
    return part_lists.decode(raw)


def _piece_of(tx: Transaction, part: Part, secret: bytes) -> Piece:
    if part.blob or not part.size:
        return Piece(part.size, part.blob, secret=secret)
    return Piece(part.size, data=tx.cloud.blobs.unseal(pack_int(part.seal), part.sealed, secret))


def share(tx: Transaction, shard: Key, source: Sequence[Piece], number: int) -> tuple[Kept, int]:
    """Keep the same bytes for another owner, without copying what lies in blobs; with the number of pieces listed.

    Both lie under the cloud's own key alone.
    """
    if len(source) == 1 and source[0].blob:
        return keep(tx, shard, number, blob=source[0].blob), 0
    for blob in {piece.blob for piece in source if piece.blob}:
        tx.refer(blob, pack_int(number))
    if len(source) <= 1:
        return keep(tx, shard, number, data=source[0].data if source else _NO_BYTES), 0
    parts = [_part_of(tx, at, piece) for at, piece in enumerate(source, 1)]
    keep_list(tx, shard, number, parts)
    return Kept(), len(parts)


def _part_of(tx: Transaction, at: int, piece: Piece) -> Part:
    if piece.blob or not piece.size:
        return Part(at, piece.size, "", piece.blob)
    seal = tx.keys.next_number()
    return Part(at, piece.size, "", sealed=tx.cloud.blobs.seal(pack_int(seal), piece.data), seal=seal)


def keep_list(tx: Transaction, shard: Key, number: int, parts: Iterable[Part]) -> None:
    """Write the list of an object's parts."""
    tx.keys.put(content_key(shard, number), part_lists.encode(list(parts)))


def drop(tx: Transaction, shard: Key, version: Version) -> None:
    """Let the bytes of a version go that is gone itself."""
    if version.is_marker:
        return
    details = version.details
    if details.pieces:
        tx.schedule("s3.release", {"shard": shard, "number": version.content}, at=tx.now)
    elif details.blob:
        tx.release(details.blob, pack_int(version.content))
    elif version.size and not details.sealed:
        tx.keys.delete(content_key(shard, version.content))


def release_parts(tx: Transaction, low: Key) -> int | None:
    """Let the parts of unfinished uploads go, some at a time; their bytes, None when there were no parts.

    Their rows lie under `low`.
    """
    rows = tx.keys.scan(low, end_of(low), limit=RELEASED_AT_ONCE)
    gone = [parts.decode(raw) for _, raw in rows]
    for (row, _), part in zip(rows, gone, strict=True):
        release_part(tx, part)
        tx.keys.delete(row)
    return sum(part.size for part in gone) if gone else None


def release_part(tx: Transaction, part: Part) -> None:
    """Let the bytes of one part of an upload go."""
    if part.blob:
        tx.release(part.blob, pack_int(part.upload))


@job("s3.release")
def release_some(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Let the pieces of a dropped object go, some at a time."""
    shard, number = arguments["shard"], arguments["number"]
    tx.keys.lock(shard)
    raw = tx.keys.get(content_key(shard, number))
    if raw is None:
        return
    left = part_lists.decode(raw)
    for part in left[:RELEASED_AT_ONCE]:
        if part.blob:
            tx.release(part.blob, pack_int(number))
    left = left[RELEASED_AT_ONCE:]
    if left:
        keep_list(tx, shard, number, left)
        tx.schedule("s3.release", arguments, at=tx.now)
    else:
        tx.keys.delete(content_key(shard, number))
