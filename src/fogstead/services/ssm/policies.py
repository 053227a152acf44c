"""The policies of a parameter: when it goes by itself.

Source: Systems Manager User Guide, "Assigning parameter policies in Parameter Store". The two that notify are refused
by name until there are events to notify with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fogstead.kernel.errors import NotImplementedHere
from fogstead.primitives.clock import Millis
from fogstead.services.ssm.service import (
    POLICIES_MAX,
    IncompatiblePolicy,
    InvalidPolicyAttribute,
    InvalidPolicyType,
    PoliciesLimitExceeded,
)

_EXPIRATION = "Expiration"
_NOTIFYING = frozenset({"ExpirationNotification", "NoChangeNotification"})


def expiry_in(text: str, now: Millis) -> Millis:
    """When the policies of an input let the parameter go; zero for the empty policy, which takes them back."""
    policies = _policies_in(text)
    if not policies:
        return 0
    for policy in policies:
        _check_type(policy)
    if len(policies) > 1:
        raise IncompatiblePolicy("A parameter has at most one Expiration policy.")
    attributes = policies[0].get("Attributes")
    stamp = attributes.get("Timestamp") if isinstance(attributes, dict) else None
    at = _millis(stamp)
    if at <= now:
        raise InvalidPolicyAttribute(f"{InvalidPolicyAttribute.sentence} The time {stamp} is over.")
    return at


def _policies_in(text: str) -> list[Mapping[str, Any]]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidPolicyAttribute("The policies are not JSON.") from None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InvalidPolicyAttribute("The policies are a JSON array of objects.")
    if len(listed) > POLICIES_MAX:
        raise PoliciesLimitExceeded
    return [one for one in listed if one]


def _check_type(policy: Mapping[str, Any]) -> None:
    kind = policy.get("Type")
    if kind in _NOTIFYING:
        raise NotImplementedHere(f"The parameter policy {kind} is not implemented by this cloud.")
    if kind != _EXPIRATION or policy.get("Version") != "1.0":
        raise InvalidPolicyType


def _millis(stamp: Any) -> Millis:
    try:
        at = datetime.fromisoformat(str(stamp))
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidPolicyAttribute(f"{InvalidPolicyAttribute.sentence} {stamp} is no time.") from None


def shown(text: str) -> list[dict[str, str]]:
    """As answers list them; one that waits for its time is pending."""
    return [
        {"PolicyText": json.dumps(one), "PolicyType": str(one["Type"]), "PolicyStatus": "Pending"}
        for one in _policies_in(text or "[]")
    ]
