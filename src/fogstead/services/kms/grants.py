"""Grants: what one principal may do with one key, whatever the policies say. How they lie, and what they allow.

Source: KMS Developer Guide, "Grants in AWS KMS". A new grant counts at once, so its token is checked and not needed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.identity import Principal
from fogstead.kernel.policies import Question
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home, after, end_of
from fogstead.primitives.store import Key as StoreKey
from fogstead.primitives.store.packing import pack, unpack
from fogstead.primitives.vault import NotSealedHere
from fogstead.services.kms.service import InvalidGrantToken
from fogstead.services.kms.specs import AGREE, ENCAPSULATE, ENCRYPT, MAC, SIGN, SYMMETRIC

if TYPE_CHECKING:
    from fogstead.services.kms.keys import Key

ROWS: Final = pack("grant")
_BY_GRANTEE = pack("grantee")
_BY_NAME = pack("grant-name")
_RETIRABLE = pack("kms-retirable")
_TOKEN_PURPOSE = "kms grant token"  # noqa: S105 - names a purpose
_PAGE = 100
_ALWAYS = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_PAIR = frozenset({"GetPublicKey"})
_OF_USAGE = {
    ENCRYPT: frozenset({"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"}),
    SIGN: frozenset({"Sign", "Verify"}),
    MAC: frozenset({"GenerateMac", "VerifyMac"}),
    AGREE: frozenset({"DeriveSharedSecret"}),
    ENCAPSULATE: frozenset({"Encapsulate", "Decapsulate"}),
}
_OF_SYMMETRIC = frozenset(
    {
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)
_WITHOUT_CONTEXT = frozenset({"DescribeKey", "RetireGrant"})


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """One grant. A principal is an ARN, or the host of a service in the `service` fields."""

    id: str
    key_arn: str
    name: str
    operations: tuple[str, ...]
    issuing_account: str
    created_at: int
    grantee: str = ""
    grantee_service: str = ""
    retiring: str = ""
    retiring_service: str = ""
    equals: dict[str, str] | None = None
    subset: dict[str, str] | None = None
    source_arn: str = ""


codec = RecordCodec(Grant)


def operations_of(key: Key) -> frozenset[str]:
    """What a grant on a key may permit."""
    more = _OF_SYMMETRIC if key.spec_name == SYMMETRIC else _PAIR if key.spec.is_pair else frozenset()
    return _ALWAYS | _OF_USAGE[key.usage] | more


# ------------------------------------------------------------- how they lie
def find(tx: Transaction, key: Key, grant_id: str) -> Grant | None:
    """The grant of this id, if the key has it."""
    raw = tx.keys.get(key.shard + ROWS + pack(grant_id))
    return None if raw is None else codec.decode(raw)


def named(tx: Transaction, key: Key, digest: bytes) -> Grant | None:
    """The grant that a call with the same name and parameters made before."""
    raw = tx.keys.get(key.shard + _BY_NAME + pack(digest))
    return None if raw is None else find(tx, key, raw.decode("ascii"))


def keep(tx: Transaction, key: Key, grant: Grant) -> None:
    """Write a new grant with all that finds it."""
    shard = tx.shard(key)
    tx.keys.put(shard + ROWS + pack(grant.id), codec.encode(grant))
    tx.keys.put(shard + _BY_GRANTEE + pack(grant.grantee or grant.grantee_service, grant.id), b"")
    if grant.name:
        tx.keys.put(shard + _BY_NAME + pack(digest_of(grant)), grant.id.encode("ascii"))
    tx.replace(key, grants=key.grants + 1)
    tell_retiring(tx, key, grant, granted=True)


def remove(tx: Transaction, key: Key, grant: Grant) -> Key:
    """Take a grant away; gives the key as it is now."""
    shard = tx.shard(key)
    tx.keys.delete(shard + ROWS + pack(grant.id))
    tx.keys.delete(shard + _BY_GRANTEE + pack(grant.grantee or grant.grantee_service, grant.id))
    if grant.name:
        tx.keys.delete(shard + _BY_NAME + pack(digest_of(grant)))
    tell_retiring(tx, key, grant, granted=False)
    return tx.replace(key, grants=key.grants - 1)


def some_of(tx: Transaction, key: Key, limit: int) -> list[Grant]:
    """The first grants of a key."""
    low = key.shard + ROWS
    rows = tx.keys.scan(low, end_of(low), limit=limit)
    return [codec.decode(raw) for _, raw in rows]


def digest_of(grant: Grant) -> bytes:
    """What tells a repeated call from another: everything that was asked for."""
    asked = msgspec.structs.replace(grant, id="", created_at=0, operations=tuple(sorted(grant.operations)))
    return hashlib.sha256(msgspec.msgpack.encode(asked, order="deterministic")).digest()


def retiring_home(grant: Grant, home: Home) -> Home:
    """Where those who may retire it look for it: their own account."""
    account = grant.retiring.split(":")[4] if grant.retiring else home.account
    return Home(account, home.region)


def tell_retiring(tx: Transaction, key: Key, grant: Grant, *, granted: bool) -> None:
    """List a grant for those who may retire it, or no longer; other accounts are told by a job."""
    if not (grant.retiring or grant.retiring_service):
        return
    if retiring_home(grant, tx.home) == tx.home:
        note_retirable(tx, key.key_id, grant, granted=granted)
    else:
        raw = base64.b64encode(codec.encode(grant)).decode("ascii")
        tx.schedule("kms.tell-retiring", {"key_id": key.key_id, "grant": raw, "granted": granted}, at=tx.now)


def note_retirable(tx: Transaction, key_id: str, grant: Grant, *, granted: bool) -> None:
    """Write or delete the row of the list."""
    row = retirable_rows(tx.home, grant.retiring or grant.retiring_service) + pack(key_id, grant.id)
    if granted:
        tx.keys.put(row, codec.encode(grant))
    else:
        tx.keys.delete(row)


def retirable_rows(home: Home, principal: str) -> StoreKey:
    """The prefix of what a principal may retire."""
    return home.prefix + _RETIRABLE + pack(principal)


# ------------------------------------------------------------- what they allow
def level(tx: Transaction, key: Key, question: Question, given: Mapping[str, Any]) -> Level:
    """How closely a grant of the key that permits this names the caller: itself, its role, or its account."""
    operation, caller = question.action.partition(":")[2], question.principal
    levels = [(name, Level.EXACT if name == caller.arn else Level.ROLE) for name in names_of(caller)]
    for name, found in (*levels, (f"arn:aws:iam::{caller.account}:root", Level.ACCOUNT)):
        if any(permits(tx, grant, operation, given) for grant in _granted_to(tx, key, name)):
            return found
    return Level.NOT


def names_of(principal: Principal) -> tuple[str, ...]:
    """The names under which a principal is granted something: its own, and its role's."""
    own, identity = principal.arn, principal.identity_arn
    return (own,) if own == identity else (own, identity)


def _granted_to(tx: Transaction, key: Key, name: str) -> Iterator[Grant]:
    low = key.shard + _BY_GRANTEE + pack(name)
    start = low
    while True:
        rows = tx.keys.scan(start, end_of(low), limit=_PAGE)
        for row, _ in rows:
            grant = find(tx, key, str(unpack(row[len(low) :])[0]))
            assert grant is not None
            yield grant
        if len(rows) < _PAGE:
            return
        start = after(rows[-1][0])


def permits(tx: Transaction, grant: Grant, operation: str, given: Mapping[str, Any]) -> bool:
    """Whether a grant permits its grantee an operation with this input."""
    if operation not in grant.operations:
        return False
    if grant.source_arn and operation != "RetireGrant" and tx.origin.source_arn != grant.source_arn:
        return False
    if operation == "CreateGrant":
        return _is_stricter(grant, given)
    if operation in _WITHOUT_CONTEXT:
        return True
    return _fits(grant, given.get("EncryptionContext") or {})


def _fits(grant: Grant, context: Mapping[str, str]) -> bool:
    if grant.equals is not None and context != grant.equals:
        return False
    return grant.subset is None or grant.subset.items() <= context.items()


def _is_stricter(grant: Grant, given: Mapping[str, Any]) -> bool:
    """A grant that a grant permits to make gives no more than it, on no wider condition."""
    if not set(given.get("Operations") or ()) <= set(grant.operations):
        return False
    constraints = given.get("Constraints") or {}
    equals, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    if grant.equals is not None:
        return bool(equals == grant.equals)
    if grant.subset is not None:
        return grant.subset.items() <= (equals or subset or {}).items()
    return True


# ------------------------------------------------------------- tokens
def new_token(tx: Transaction, key: Key, grant_id: str) -> str:
    """A token names its grant, and nobody but this cloud makes one."""
    label = msgspec.msgpack.encode([key.arn, grant_id])
    seal = tx.cloud.vault.seal(_TOKEN_PURPOSE, b"", label)
    return base64.urlsafe_b64encode(len(seal).to_bytes(1, "big") + seal + label).decode("ascii")


def read_token(token: str) -> tuple[str, str]:
    """The key ARN and grant id that a token names, unchecked. InvalidGrantToken when it is none."""
    _, label = _parts(token)
    try:
        key_arn, grant_id = msgspec.msgpack.decode(label, type=tuple[str, str])
    except msgspec.MsgspecError:
        raise InvalidGrantToken from None
    return key_arn, grant_id


def check_token(tx: Transaction, token: str) -> None:
    """InvalidGrantToken unless this cloud made it."""
    seal, label = _parts(token)
    try:
        tx.cloud.vault.open(_TOKEN_PURPOSE, seal, label)
    except NotSealedHere:
        raise InvalidGrantToken from None


def _parts(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidGrantToken from None
    size = raw[0] if raw else 0
    return raw[1 : 1 + size], raw[1 + size :]
