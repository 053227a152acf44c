"""Temporary credentials as they are told: the token, how long it is, and how much of the room for it is taken.

Since September 2026 one limit counts, that of the whole token; `PackedPolicySize` says the same as
`SessionTokenUtilization`, for those who passed policies or tags. Source: AWS What's New, "AWS STS simplifies session
token size limits and adds session token size monitoring".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogstead.kernel.access_keys import Random
from fogstead.kernel.identity import Principal
from fogstead.kernel.sessions import mint
from fogstead.primitives.vault import Vault
from fogstead.services.sts.service import PackedPolicyTooLarge

TOKEN_CHARACTERS_MAX = 4_096


def issue(vault: Vault, principal: Principal, req: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """Credentials for a principal with a session, with what every operation that hands some out tells of them."""
    made = mint(vault, principal, random, characters_min=req.get("MinimumSessionTokenSize", 0))
    session = principal.session
    assert session is not None
    assert made.session_token is not None
    size = len(made.session_token)
    percent = -(-size * 100 // TOKEN_CHARACTERS_MAX)
    policies = bool(session.policies or session.policy_arns)
    if percent > 100:
        raise PackedPolicyTooLarge(
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy."
            if policies
            else f"Packed size of session tags consumes {percent}% of allotted space."
        )
    answer: dict[str, Any] = {
        "Credentials": {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret,
            "SessionToken": made.session_token,
            "Expiration": session.expires_at,
        },
        "SessionTokenSize": size,
        "SessionTokenUtilization": percent,
    }
    return {**answer, "PackedPolicySize": percent} if policies or principal.tags else answer
