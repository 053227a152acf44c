"""Policies that narrow a session: one written out, and managed ones by their ARNs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.policies import compile_policy
from fogstead.services.sts.service import InvalidParameterValue, MalformedPolicyDocument, invalid

POLICY_CHARACTERS_MAX = 2_048
ARNS_MAX = 10
_MANAGED = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")


def policies_in(req: Mapping[str, Any]) -> tuple[str, ...]:
    """The policy that is written out, if there is one; MalformedPolicyDocument when it means nothing."""
    text = req.get("Policy")
    if text is None:
        return ()
    if len(text) > POLICY_CHARACTERS_MAX:
        raise invalid("policy", f"'{text}'", f"Member must have length less than or equal to {POLICY_CHARACTERS_MAX}")
    try:
        compile_policy(text, "identity")
    except PolicyFault as fault:
        raise MalformedPolicyDocument(str(fault)) from None
    return (text,)


def policy_arns_in(req: Mapping[str, Any], account: str) -> tuple[str, ...]:
    """The managed policies, which are AWS's or those of the session's account."""
    arns = tuple(one.get("arn", "") for one in req.get("PolicyArns", ()))
    if len(arns) > ARNS_MAX:
        shown = f"'[{', '.join(arns)}]'"
        raise invalid("policyArns", shown, f"Member must have length less than or equal to {ARNS_MAX}")
    for arn in arns:
        match = _MANAGED.fullmatch(arn)
        if match is None or match[1] not in {account, "aws"}:
            raise InvalidParameterValue(f"ARN {arn} is not valid.")  # AWS's own words for it are not known
    return arns
