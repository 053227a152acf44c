"""Codes of MFA devices that come with a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import AccessDenied

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction


def named_in(req: Mapping[str, Any]) -> bool:
    """Whether a call comes with a code."""
    return "SerialNumber" in req or "TokenCode" in req


def check(tx: Transaction, req: Mapping[str, Any]) -> None:
    """AccessDenied unless the code is one that a device of the caller shows.

    A device that is none of the caller's is told from a wrong code in AWS by another sentence; here by none.
    """
    serial, code = req.get("SerialNumber"), req.get("TokenCode")
    if serial is None or code is None:
        raise AccessDenied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        )
    caller = tx.caller
    if caller.kind not in {"user", "root"}:
        raise AccessDenied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is "
            "valid and associated with this user."
        )
    if not tx.cloud.authority.check_mfa(tx, caller.name, serial, code):
        raise AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
