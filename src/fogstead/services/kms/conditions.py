"""KMS's own condition keys: what a call's input and its key say.

Source: KMS Developer Guide, "AWS KMS condition keys". A key that the call says nothing of is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import end_of
from fogstead.primitives.store.packing import pack, unpack

if TYPE_CHECKING:
    from fogstead.services.kms.keys import Key

Said = dict[str, str | list[str]]

ALIAS_ROWS = pack("alias")
"""Below a key's shard: a row for each alias that points at it."""
_ALIASES_MAX = 1000

_PLAIN = {
    "kms:datakeypairspec": "KeyPairSpec",
    "kms:encryptionalgorithm": "EncryptionAlgorithm",
    "kms:expirationmodel": "ExpirationModel",
    "kms:granteeprincipal": "GranteePrincipal",
    "kms:keyagreementalgorithm": "KeyAgreementAlgorithm",
    "kms:macalgorithm": "MacAlgorithm",
    "kms:messagetype": "MessageType",
    "kms:policyname": "PolicyName",
    "kms:primaryregion": "PrimaryRegion",
    "kms:replicaregion": "ReplicaRegion",
    "kms:retiringprincipal": "RetiringPrincipal",
    "kms:rotationperiodindays": "RotationPeriodInDays",
    "kms:schedulekeydeletionpendingwindowindays": "PendingWindowInDays",
    "kms:signingalgorithm": "SigningAlgorithm",
    "kms:validto": "ValidTo",
    "kms:wrappingalgorithm": "WrappingAlgorithm",
    "kms:wrappingkeyspec": "WrappingKeySpec",
}
# Members that take a value though the call does not say one, where the operation has them at all.
_DEFAULTS: dict[str, tuple[str, str]] = {
    "kms:policyname": ("Policy", "default"),
    "kms:messagetype": ("SigningAlgorithm", "RAW"),
}


def of_request(tx: Transaction, given: Mapping[str, Any]) -> Said:
    """What the input says, and who called through whom."""
    said: Said = {name: str(given[member]) for name, member in _PLAIN.items() if given.get(member) is not None}
    for name, (member, value) in _DEFAULTS.items():
        if name not in said and given.get(member) is not None:
            said[name] = value
    return {**said, **_caller(tx, given), **_context(given), **_grant(tx, given), **_flags(given)}


def _caller(tx: Transaction, given: Mapping[str, Any]) -> Said:
    said: Said = {"kms:calleraccount": tx.caller.account} if tx.caller.account else {}
    if tx.origin.via:
        said["kms:viaservice"] = f"{tx.origin.via.partition('.')[0]}.{tx.call_home.region}.amazonaws.com"
    named = str(given.get("KeyId", ""))
    if named.startswith("alias/") or ":alias/" in named:
        said["kms:requestalias"] = "alias/" + named.partition("alias/")[2]
    return said


def _context(given: Mapping[str, Any]) -> Said:
    context = given.get("EncryptionContext") or {}
    said: Said = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    if context:
        said["kms:encryptioncontextkeys"] = list(context)
    return said


def _grant(tx: Transaction, given: Mapping[str, Any]) -> Said:
    said: Said = {}
    if given.get("Operations"):
        said["kms:grantoperations"] = list(given["Operations"])
    constraints = given.get("Constraints") or {}
    kinds = [kind for kind in ("EncryptionContextEquals", "EncryptionContextSubset") if constraints.get(kind)]
    if kinds:
        said["kms:grantconstrainttype"] = kinds
    for member in ("GranteeServicePrincipal", "RetiringServicePrincipal"):
        if given.get(member):
            said[f"kms:{member.lower()}"] = given[member]
    said["kms:grantisforawsresource"] = "true" if tx.origin.via else "false"
    return said


def _flags(given: Mapping[str, Any]) -> Said:
    bypass = given.get("BypassPolicyLockoutSafetyCheck")
    return {"kms:bypasspolicylockoutsafetycheck": "true" if bypass else "false"}


def of_key(tx: Transaction, key: Key) -> Said:
    """What the key itself says."""
    said: Said = {
        "kms:keyspec": key.spec_name,
        "kms:keyusage": key.usage,
        "kms:keyorigin": key.origin,
        "kms:customermasterkeyspec": key.spec_name,
        "kms:customermasterkeyusage": key.usage,
        "kms:multiregion": "true" if key.multi_region else "false",
    }
    if key.multi_region:
        said["kms:multiregionkeytype"] = "PRIMARY" if key.is_primary else "REPLICA"
    aliases = alias_names(tx, key)
    if aliases:
        said["kms:resourcealiases"] = aliases
    return said


def of_new_key(tx: Transaction, given: Mapping[str, Any]) -> Said:
    """What a call that makes a key says of it."""
    spec = given.get("KeySpec") or given.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    said: Said = {
        "kms:keyspec": spec,
        "kms:keyusage": given.get("KeyUsage", "ENCRYPT_DECRYPT"),
        "kms:keyorigin": given.get("Origin", "AWS_KMS"),
        "kms:multiregion": "true" if given.get("MultiRegion") else "false",
    }
    if given.get("MultiRegion"):
        said["kms:multiregionkeytype"] = "PRIMARY"
    return {**of_request(tx, given), **said}


def alias_names(tx: Transaction, key: Key) -> list[str]:
    """The names that point at a key."""
    low = key.shard + ALIAS_ROWS
    return [str(unpack(row[len(low) :])[0]) for row, _ in tx.keys.scan(low, end_of(low), limit=_ALIASES_MAX)]
