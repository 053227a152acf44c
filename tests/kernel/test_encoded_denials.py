"""Denials as text: whole for those who may have it decoded, nothing for others, never too long."""

from __future__ import annotations

import json

import pytest
from trial import ACCOUNT, OTHER_ACCOUNT, USER

from fogstead.kernel.encoded_denials import ENCODED_CHARACTERS_MAX, decode_denial, encode_denial
from fogstead.kernel.explanation import Explanation, Weighed
from fogstead.primitives.vault import forgetful

VAULT = forgetful()
DENIED = Explanation(
    principal=USER.arn,
    action="ec2:RunInstances",
    resource="arn:aws:ec2:us-east-1:111111111111:instance/*",
    allowed=False,
    reason="No.",
    kinds={
        "identity-based policies": [
            Weighed("inline", "NoInstances", "Deny"),
            Weighed("inline", "Elsewhere", "Deny", missed="resource"),
            Weighed("inline", "Everything", "Allow"),
        ]
    },
    context={"aws:userid": "AIDAALICE", "aws:tagkeys": ["a", "b"]},
)


def test_a_denial_tells_who_asked_for_what_and_which_statement_denied_it() -> None:
    decoded = decode_denial(VAULT, ACCOUNT, encode_denial(VAULT, USER, DENIED))
    assert decoded is not None
    assert json.loads(decoded) == {
        "allowed": False,
        "explicitDeny": True,
        "matchedStatements": {"items": [{"statementId": "NoInstances", "effect": "DENY"}]},
        "failures": {"items": []},
        "context": {
            "principal": {"id": "AIDAALICE", "arn": USER.arn},
            "action": "ec2:RunInstances",
            "resource": "arn:aws:ec2:us-east-1:111111111111:instance/*",
            "conditions": {
                "items": [
                    {"key": "aws:userid", "values": {"items": [{"value": "AIDAALICE"}]}},
                    {"key": "aws:tagkeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}},
                ]
            },
        },
    }


def test_another_account_cannot_decode_it() -> None:
    assert decode_denial(VAULT, OTHER_ACCOUNT, encode_denial(VAULT, USER, DENIED)) is None


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "A" * 400])
def test_other_text_is_no_denial(text: str) -> None:
    assert decode_denial(VAULT, ACCOUNT, text) is None


def test_a_denial_is_never_longer_than_what_can_be_decoded() -> None:
    context: dict[str, str | list[str]] = {
        f"aws:requesttag/{number}": f"{number * 7919 % 1_000_003}" * 9 for number in range(3_000)
    }
    many = [Weighed("inline", f"S{number * 7919 % 1_000_003}", "Deny") for number in range(200)]
    large = Explanation(USER.arn, "ec2:RunInstances", "*", False, "No.", {"identity-based policies": many}, context)
    encoded = encode_denial(VAULT, USER, large)
    assert len(encoded) <= ENCODED_CHARACTERS_MAX
    assert decode_denial(VAULT, ACCOUNT, encoded) is not None
