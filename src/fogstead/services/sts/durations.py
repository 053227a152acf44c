"""How long sessions last, in seconds. The model holds the outer limits; the sentences are those AWS's users report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogstead.kernel.authority import RoleFacts
from fogstead.kernel.errors import QueryValidationError
from fogstead.kernel.identity import Principal

ROLE_DEFAULT = CHAINED_MAX = ROOT_MAX = 3_600
USER_DEFAULT = 43_200


def refuse_long_chains(caller: Principal, req: Mapping[str, Any]) -> None:
    """A role assumed with another role's credentials lasts an hour at most."""
    if caller.kind == "role" and req.get("DurationSeconds", 0) > CHAINED_MAX:
        raise QueryValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )


def of_role(role: RoleFacts, req: Mapping[str, Any]) -> int:
    """What was asked for, up to the role's own limit."""
    seconds: int = req.get("DurationSeconds", ROLE_DEFAULT)
    if seconds > role.session_seconds_max:
        raise QueryValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return seconds


def of_user(caller: Principal, req: Mapping[str, Any]) -> int:
    """What was asked for; a root's sessions last an hour at most, whatever was asked for."""
    seconds: int = req.get("DurationSeconds", USER_DEFAULT)
    return min(seconds, ROOT_MAX) if caller.is_root else seconds
