"""What every operation on a key asks of it before it begins: its state, its usage, whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogstead.kernel.errors import AccessDenied, ValidationError
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import grants
from fogstead.services.kms.keys import (
    AWS,
    CREATING,
    DISABLED,
    ENABLED,
    PENDING_DELETION,
    PENDING_IMPORT,
    PENDING_REPLICA_DELETION,
    Key,
)
from fogstead.services.kms.service import Disabled, DryRunOperation, InvalidKeyUsage, InvalidState, UnsupportedOperation
from fogstead.services.kms.specs import SYMMETRIC

_SAID = {
    CREATING: "is creating.",
    PENDING_IMPORT: "is pending import.",
    PENDING_DELETION: "is pending deletion.",
    PENDING_REPLICA_DELETION: "is pending replica deletion.",
}


def refuse_states(key: Key, *states: str) -> None:
    """KMSInvalidStateException, or DisabledException, in one of these states. Source: "Key states of AWS KMS keys"."""
    state = key.state
    if state in states:
        if state == DISABLED:
            raise Disabled(f"{key.arn} is disabled.")
        raise InvalidState(f"{key.arn} {_SAID[state]}")


def require_enabled(key: Key) -> None:
    """Only an enabled key is used."""
    if key.state != ENABLED:
        refuse_states(key, DISABLED, *_SAID)


def require_not_pending_deletion(key: Key) -> None:
    """A key that goes is not changed any more."""
    refuse_states(key, PENDING_DELETION, PENDING_REPLICA_DELETION)


def require_owner(tx: Transaction) -> Key:
    """The key, which only its account manages, and only AWS where AWS does; no policy changes that.

    Source: API reference, "Cross-account use: No" of each operation; Developer Guide, "AWS managed keys".
    """
    key: Key = tx.resource
    if key.account != tx.caller.account and tx.cloud.auth == "enforce":
        raise AccessDenied("Cross-account access is not allowed for this operation.")
    if key.manager == AWS:
        raise AccessDenied(f"{key.arn} is an AWS managed key, which only its service changes.")
    return key


def require_symmetric(key: Key) -> None:
    """UnsupportedOperationException for keys that have one secret for life."""
    if key.spec_name != SYMMETRIC:
        raise UnsupportedOperation(f"{key.arn} key spec is {key.spec_name} which is not valid for this operation.")


def require_origin(key: Key, origin: str) -> None:
    """UnsupportedOperationException for keys whose material comes from elsewhere."""
    if key.origin != origin:
        raise UnsupportedOperation(f"{key.arn} origin is {key.origin} which is not valid for this operation.")


def require_usage(key: Key, usage: str, operation: str) -> None:
    """InvalidKeyUsageException for a key that was made for something else."""
    if key.usage != usage:
        raise InvalidKeyUsage(f"{key.arn} key usage is {key.usage} which is not valid for {operation}.")


def require_algorithm(key: Key, algorithm: str) -> None:
    """InvalidKeyUsageException for an algorithm of other kinds of keys."""
    if algorithm not in key.algorithms:
        raise InvalidKeyUsage(f"Algorithm {algorithm} is incompatible with key spec {key.spec_name}.")


def begin(tx: Transaction, req: Mapping[str, Any], key: Key, usage: str, operation: str) -> None:
    """Whether a key may be used now, for this."""
    for token in req.get("GrantTokens") or ():
        grants.check_token(tx, token)
    require_enabled(key)
    require_usage(key, usage, operation)


def end_dry_run(req: Mapping[str, Any]) -> None:
    """Everything was found to be right; a dry run ends here."""
    if req.get("DryRun"):
        raise DryRunOperation


def context_of(key: Key, context: Mapping[str, str] | None) -> Mapping[str, str]:
    """The encryption context, which only symmetric keys have."""
    if context and key.spec_name != SYMMETRIC:
        raise ValidationError(f"An encryption context is not valid for key spec {key.spec_name}.")
    return context or {}
