"""The key pairs that digests are signed with: one for each Region at a time, renewed every year when it is needed."""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.pages import Cut
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, end_of
from fogstead.primitives.store.packing import pack
from fogstead.services.cloudtrail.service import InvalidTimeRange, cloudtrail

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from fogstead.primitives.vault import Vault
    from fogstead.shapes.cloudtrail import ListPublicKeysRequest, ListPublicKeysResponse

DAY_MILLIS: Final = 86_400_000
VALID_MILLIS: Final = 365 * DAY_MILLIS
BITS: Final = 2048
LISTED_MAX: Final = 100
_ROWS = SYSTEM.prefix + pack("cloudtrail-keys")
_PURPOSE = "cloudtrail-key"


class KeyPair(msgspec.Struct, frozen=True, array_like=True):
    """A public key (PKCS #1, DER) with its sealed private one (PKCS #8, DER)."""

    public: bytes
    sealed: bytes
    since: Millis

    @property
    def until(self) -> Millis:
        """When the next one takes its place."""
        return self.since + VALID_MILLIS

    @property
    def fingerprint(self) -> str:
        """By which a digest names it: MD5 of the public key."""
        return hashlib.md5(self.public).hexdigest()


_decode = msgspec.msgpack.Decoder(KeyPair).decode


async def key_pair(call: Call, region: str) -> KeyPair:
    """The Region's present one, made when there is none."""
    found = await call.transact(_newest, region)
    if found is not None:
        return found
    public, private = await asyncio.to_thread(_make)
    return await call.transact(_keep, region, public, private)


def _newest(tx: Transaction, region: str) -> KeyPair | None:
    low = _ROWS + pack(region)
    rows = tx.keys.scan(low, end_of(low), limit=1, reverse=True)
    newest = _decode(rows[0][1]) if rows else None
    return newest if newest is not None and tx.now < newest.until else None


def _keep(tx: Transaction, region: str, public: bytes, private: bytes) -> KeyPair:
    before = _newest(tx, region)
    if before is not None:
        return before
    sealed = tx.cloud.vault.seal(_PURPOSE, private, public)
    # Good for the whole day: the end of a digest is a little before its key is asked for.
    made = KeyPair(public, sealed, tx.now // DAY_MILLIS * DAY_MILLIS)
    tx.keys.put(_ROWS + pack(region, made.since), msgspec.msgpack.encode(made))
    return made


def _make() -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - loaded by the first digest
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return public, private


def signature(vault: Vault, pair: KeyPair, text: str) -> str:
    """SHA-256 with RSA of a text, in hexadecimal digits; half a millisecond."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - loaded by the first digest
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    private = _loaded(vault.open(_PURPOSE, pair.sealed, pair.public))
    return private.sign(text.encode("utf-8"), padding.PKCS1v15(), hashes.SHA256()).hex()


@lru_cache(maxsize=32)
def _loaded(der: bytes) -> RSAPrivateKey:
    """Ready to sign: making a key ready costs more than signing."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - loaded by the first digest
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    # What the vault opened was made here, so its numbers are not checked again.
    private = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private


@cloudtrail.operation()
async def list_public_keys(call: Call, req: ListPublicKeysRequest) -> ListPublicKeysResponse:
    """Those that were good at some moment of a time; without one, the present one."""
    await key_pair(call, call.home.region)
    now = call.cloud.clock.now()
    start = req.get("StartTime", now)
    end = req.get("EndTime", now)
    if start > end:
        raise InvalidTimeRange("Start time is after end time.")
    cut = await call.transact(_cut)
    rows, more = await call.transact(_page, call.home.region, cut)
    shown = [_shown(pair) for _, pair in rows if pair.since <= end and start <= pair.until]
    answer: ListPublicKeysResponse = {"PublicKeyList": shown}
    if more:
        answer["NextToken"] = cut.token(rows[-1][0])
    return answer


def _cut(tx: Transaction) -> Cut:
    return tx.cut(size_default=LISTED_MAX, size_max=LISTED_MAX)


def _page(tx: Transaction, region: str, cut: Cut) -> tuple[list[tuple[bytes, KeyPair]], bool]:
    low = _ROWS + pack(region)
    begin = max(low, cut.after + b"\0") if cut.after else low
    rows = tx.keys.scan(begin, end_of(low), limit=cut.size + 1)
    return [(row, _decode(value)) for row, value in rows[: cut.size]], len(rows) > cut.size


def _shown(pair: KeyPair) -> Any:
    return {
        "Value": pair.public,
        "ValidityStartTime": pair.since // 1000 * 1000,
        "ValidityEndTime": pair.until // 1000 * 1000,
        "Fingerprint": pair.fingerprint,
    }
