"""The Principal element of a policy: whom a statement speaks of, and how closely it names them.

How closely matters where a resource's policy allows something in its own account: an account's name only hands the
decision to the account's own policies, a role's name leaves its boundary and its session's policies in force, and a
user's or a session's own name needs nothing else. Source: IAM User Guide, "How AWS enforcement code logic evaluates
requests" and "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.identity import Principal, canonical_id, is_account

_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_NAMED = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,60}")


class Level(IntEnum):
    """How closely a statement names a principal."""

    NOT = 0
    ACCOUNT = 1
    ROLE = 2
    EXACT = 3


LevelOf = Callable[[Principal], Level]


def everybody(_principal: Principal) -> Level:
    """`"Principal": "*"`."""
    return Level.EXACT


def compile_principals(element: Any) -> LevelOf:
    """The function of a Principal element; PolicyFault when it means nothing."""
    if element == "*":
        return everybody
    if not isinstance(element, dict) or not element or not _KINDS.issuperset(element):
        raise PolicyFault("Invalid principal in policy")
    texts = {kind: frozenset(_listed(value)) for kind, value in element.items()}
    services = texts.get("Service", frozenset())
    exact, accounts = _aws_principals(texts.get("AWS", frozenset()))
    federated = texts.get("Federated", frozenset())
    canonical = texts.get("CanonicalUser", frozenset())
    anybody = "*" in exact

    def level(principal: Principal) -> Level:
        if principal.kind == "service":
            return Level.EXACT if principal.arn in services or "*" in services else Level.NOT
        if anybody:
            return Level.EXACT
        if principal.kind in {"anonymous", "web"}:
            return Level.EXACT if principal.kind == "web" and principal.arn in federated else Level.NOT
        if principal.arn in exact:
            return Level.EXACT
        found = _by_session(principal, exact)
        if found is Level.NOT and (principal.account in accounts or canonical_id(principal.account) in canonical):
            return Level.ACCOUNT
        return found

    return level


def _by_session(principal: Principal, exact: frozenset[str]) -> Level:
    """By the role or user behind temporary credentials, or by an id that outlives its name."""
    session, unique_id = principal.session, principal.user_id.partition(":")[0]
    if principal.kind == "role":
        issuer = session.issuer_arn if session is not None else ""
        return Level.ROLE if issuer in exact or unique_id in exact else Level.NOT
    return Level.EXACT if principal.kind == "user" and unique_id in exact else Level.NOT


def _aws_principals(texts: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Names and accounts; an account's root ARN means the account."""
    exact, accounts = set(), set()
    for text in texts:
        if is_account(text):
            accounts.add(text)
        elif match := _ROOT.fullmatch(text):
            accounts.add(match[1])
        elif text == "*" or _NAMED.fullmatch(text) or _UNIQUE_ID.fullmatch(text):
            exact.add(text)
        else:
            raise PolicyFault("Invalid principal in policy")
    return frozenset(exact), frozenset(accounts)


def _listed(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in listed):
        raise PolicyFault("Syntax errors in policy: Principal must be text")
    return listed
