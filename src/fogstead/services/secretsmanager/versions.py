"""Versions of a secret: what is kept of each, which label is on which, and which may go.

A version is two rows below its secret: what is known of it, and its sealed value. A version without labels is
deprecated; such versions go when there are more than a hundred, but not within a day of their making.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack
from fogstead.services.secretsmanager.sealing import WrappedKey
from fogstead.services.secretsmanager.secrets import Secret
from fogstead.services.secretsmanager.service import (
    CURRENT,
    DAY_MILLIS,
    PREVIOUS,
    STAGES_MAX,
    VERSIONS_MAX,
    LimitExceeded,
)

_KNOWN = pack("version")
_SEALED = pack("value")


class Version(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a version; its data key wrapped under the newest KMS key first."""

    version_id: str
    created_at: Millis
    keys: tuple[WrappedKey, ...]
    accessed_on: Millis = 0


_codec = RecordCodec(Version, remembers=False)


def _row(secret: Secret, kind: bytes, version_id: str) -> Key:
    return secret.shard + kind + pack(version_id)


def find(tx: Transaction, secret: Secret, version_id: str) -> Version | None:
    """The version with this id, or None."""
    raw = tx.keys.get(_row(secret, _KNOWN, version_id))
    return None if raw is None else _codec.decode(raw)


def value_of(tx: Transaction, secret: Secret, version_id: str) -> bytes:
    """The sealed value of a version that is there."""
    raw = tx.keys.get(_row(secret, _SEALED, version_id))
    assert raw is not None, f"{secret.arn} has no value for {version_id}"
    return raw


def all_of(tx: Transaction, secret: Secret) -> list[Version]:
    """All versions, oldest first; a little over a hundred at most."""
    base = secret.shard + _KNOWN
    rows = tx.keys.scan(base, end_of(base), limit=2 * VERSIONS_MAX)
    found = [_codec.decode(raw) for _, raw in rows]
    return sorted(found, key=lambda version: (version.created_at, version.version_id))


def add(tx: Transaction, secret: Secret, version: Version, value: bytes) -> None:
    """Keep a new version with its sealed value; LimitExceeded when none of the old ones may go for it."""
    known = all_of(tx, secret)
    if len(known) >= VERSIONS_MAX:
        kept = set(secret.stages.values())
        aged = [one for one in known if one.version_id not in kept and one.created_at + DAY_MILLIS <= tx.now]
        if not aged:
            raise LimitExceeded(f"A secret has at most {VERSIONS_MAX} versions, and none of them can be removed yet.")
        for one in aged[: len(known) - VERSIONS_MAX + 1]:
            _remove(tx, secret, one.version_id)
    put(tx, secret, version)
    tx.keys.put(_row(secret, _SEALED, version.version_id), value)


def put(tx: Transaction, secret: Secret, version: Version) -> None:
    """Keep what is now known of a version."""
    tx.shard(secret)
    tx.keys.put(_row(secret, _KNOWN, version.version_id), _codec.encode(version))


def mirror(tx: Transaction, secret: Secret, coming: Sequence[tuple[Version, bytes]]) -> None:
    """Take over versions of the secret's original, and let go what no label needs."""
    tx.shard(secret)
    for version, value in coming:
        put(tx, secret, version)
        tx.keys.put(_row(secret, _SEALED, version.version_id), value)
    kept = {*secret.stages.values(), *(version.version_id for version, _ in coming)}
    for version in all_of(tx, secret):
        if version.version_id not in kept:
            _remove(tx, secret, version.version_id)


def _remove(tx: Transaction, secret: Secret, version_id: str) -> None:
    tx.keys.delete(_row(secret, _KNOWN, version_id))
    tx.keys.delete(_row(secret, _SEALED, version_id))


def encoded(version: Version) -> bytes:
    """As it travels to another Region."""
    return _codec.encode(version)


def decoded(raw: bytes) -> Version:
    """As it arrived."""
    return _codec.decode(raw)


def attached(stages: dict[str, str], labels: Sequence[str], version_id: str) -> dict[str, str]:
    """The labels moved to a version; what AWSCURRENT is taken from becomes AWSPREVIOUS."""
    made = dict(stages)
    for label in labels:
        before = made.get(label)
        made[label] = version_id
        if label == CURRENT and before not in (None, version_id):
            made[PREVIOUS] = str(before)
    if len(made) > STAGES_MAX:
        raise LimitExceeded(f"The versions of a secret have at most {STAGES_MAX} staging labels in all.")
    return made
