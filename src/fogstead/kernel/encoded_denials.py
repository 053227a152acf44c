"""Denials as opaque text: told to whoever was denied, readable for those who may have it decoded.

EC2 hands such texts out and STS decodes them. The form of what comes out is that of the STS API reference,
"DecodeAuthorizationMessage", and its examples; of a statement only its name and effect are told.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from fogstead.kernel.explanation import Explanation
from fogstead.kernel.identity import Principal
from fogstead.primitives.vault import NotSealedHere, Vault

_PURPOSE = "denial"
ENCODED_CHARACTERS_MAX = 10_240
"""The longest text that DecodeAuthorizationMessage takes."""

_DECODED_BYTES_MAX = 1024 * 1024
_STATEMENTS_MAX = 20


def encode_denial(vault: Vault, principal: Principal, explanation: Explanation) -> str:
    """Why a principal was denied, as text that its account alone can have decoded."""
    told = _told(principal, explanation)
    encoded = _sealed(vault, principal.account, told)
    if len(encoded) > ENCODED_CHARACTERS_MAX:
        told["context"]["conditions"]["items"] = []
        encoded = _sealed(vault, principal.account, told)
    return encoded


def decode_denial(vault: Vault, account: str, text: str) -> str | None:
    """The JSON of a denial; None when the text is not one of that account's."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        opened = vault.open(_PURPOSE, sealed, account.encode("ascii"))
        return zlib.decompressobj().decompress(opened, _DECODED_BYTES_MAX).decode("utf-8")
    except (binascii.Error, ValueError, NotSealedHere, zlib.error):
        return None


def _sealed(vault: Vault, account: str, told: dict[str, Any]) -> str:
    plain = zlib.compress(json.dumps(told, separators=(",", ":")).encode("utf-8"))
    return base64.urlsafe_b64encode(vault.seal(_PURPOSE, plain, account.encode("ascii"))).decode("ascii")


def _told(principal: Principal, explanation: Explanation) -> dict[str, Any]:
    denying = [
        {"statementId": one.statement, "effect": "DENY"}
        for weighed in explanation.kinds.values()
        for one in weighed
        if one.effect == "Deny" and not one.missed
    ]
    conditions = [
        {"key": key, "values": _items([{"value": text} for text in ([value] if isinstance(value, str) else value)])}
        for key, value in explanation.context.items()
    ]
    del denying[_STATEMENTS_MAX:]
    return {
        "allowed": explanation.allowed,
        "explicitDeny": bool(denying),
        "matchedStatements": _items(denying),
        "failures": _items([]),
        "context": {
            "principal": {"id": principal.user_id, "arn": principal.arn},
            "action": explanation.action,
            "resource": explanation.resource,
            "conditions": _items(conditions),
        },
    }


def _items(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": listed}
