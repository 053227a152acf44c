"""Idempotency tokens: the same token and input give the same answer, other input the mismatch error.

The model says which member is the token. Answers are kept for a day of cloud time; each new token sweeps out a few that
have expired.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from fogstead.kernel.errors import ServiceError, TokenReused, declare
from fogstead.kernel.invocation import Invocation
from fogstead.primitives.store import SYSTEM, Key, Keys
from fogstead.primitives.store.packing import pack, pack_int, unpack

KEPT_MILLIS = 24 * 3600 * 1000
LEASE_MILLIS = 5 * 60 * 1000
_SWEPT_EACH_TIME = 4
_TOKENS = pack("token")
_EXPIRY = SYSTEM.prefix + pack("token-expiry")

InProgress = declare(
    "InProgress", "IdempotentOperationInProgress", "A call with the same token is still being worked on.", 409
)


# Maps are compared whatever order a client sends them in.
_encode_in_order = msgspec.msgpack.Encoder(order="deterministic").encode


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a token; `answer` is None while the call is under way."""

    digest: bytes
    expires_at: int
    answer: bytes | None = None


def _key(invocation: Invocation, token: str) -> Key:
    operation, home = invocation.operation, invocation.home
    caller = pack(operation.service.name, operation.name, home.account, home.region, token)
    return invocation.target_home.prefix + _TOKENS + caller


def replay(keys: Keys, invocation: Invocation, now: int, *, mismatch: type[ServiceError] = TokenReused) -> Any:
    """The answer given before, or None when the call is a new one (which is then noted as under way)."""
    token = _token(invocation)
    if token is None:
        return None
    digest, invocation.token_digest = _digest(invocation), b""
    raw = keys.get(_key(invocation, token))
    kept = msgspec.msgpack.decode(raw, type=Kept) if raw is not None else None
    if kept is not None and kept.expires_at > now:
        if kept.digest != digest:
            raise mismatch
        if kept.answer is None:
            raise InProgress
        return msgspec.msgpack.decode(kept.answer)
    invocation.token_digest = digest
    if invocation.operation.is_async:
        _write(keys, invocation, token, Kept(digest, now + LEASE_MILLIS))
    return None


def keep(keys: Keys, invocation: Invocation, answer: Any, now: int) -> None:
    """Note the answer beside the change it tells of."""
    token = _token(invocation)
    if token is None or not invocation.token_digest:
        return
    _sweep(keys, now)
    _write(keys, invocation, token, Kept(invocation.token_digest, now + KEPT_MILLIS, msgspec.msgpack.encode(answer)))


def forget(keys: Keys, invocation: Invocation) -> None:
    """The call failed: the token may be used again."""
    token = _token(invocation)
    if token is not None:
        keys.delete(_key(invocation, token))


def _token(invocation: Invocation) -> str | None:
    member = invocation.operation.model.token_member
    return invocation.input.get(member) if member else None


def _digest(invocation: Invocation) -> bytes:
    given = {name: value for name, value in sorted(invocation.input.items()) if not hasattr(value, "__aiter__")}
    return hashlib.sha256(_encode_in_order(given)).digest()


def _write(keys: Keys, invocation: Invocation, token: str, kept: Kept) -> None:
    key = _key(invocation, token)
    keys.put(key, msgspec.msgpack.encode(kept))
    keys.put(_EXPIRY + pack_int(kept.expires_at) + pack(key), b"")


def _sweep(keys: Keys, now: int) -> None:
    for row, _ in keys.scan(_EXPIRY, _EXPIRY + pack_int(now), limit=_SWEPT_EACH_TIME):
        key = unpack(row[len(_EXPIRY) :])[1]
        assert isinstance(key, bytes)
        keys.delete(row)
        raw = keys.get(key)
        if raw is not None and msgspec.msgpack.decode(raw, type=Kept).expires_at <= now:
            keys.delete(key)
