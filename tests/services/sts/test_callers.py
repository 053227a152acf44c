"""Who is calling, whose a key is, and why something was denied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import allow, key_of, policy, refused

Make = Callable[..., Any]


def test_everybody_may_ask_who_they_are(iam: Any, signed: Make, account: str) -> None:
    user = iam.create_user(UserName="bob", Path="/team/")["User"]
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(deny))
    who = signed("sts", key_of(iam, "bob")).get_caller_identity()
    assert (who["UserId"], who["Account"], who["Arn"]) == (user["UserId"], account, user["Arn"])


def test_nobody_is_told_nothing(signed: Make) -> None:
    with refused("MissingAuthenticationToken", "Request is missing Authentication Token"):
        signed("sts", {}).get_caller_identity()


def test_a_key_names_its_account_whether_or_not_it_is_there(
    iam: Any, sts: Any, signed: Make, account: str, user_key: dict[str, str]
) -> None:
    key = user_key["aws_access_key_id"]
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == account
    assert sts.get_access_key_info(AccessKeyId=f"ASIA{key[4:]}")["Account"] == account
    iam.create_user(UserName="bob")
    bob = signed("sts", key_of(iam, "bob"))
    with refused("AccessDenied", "sts:GetAccessKeyInfo"):
        bob.get_access_key_info(AccessKeyId=key)
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(allow("sts:GetAccessKeyInfo")))
    assert bob.get_access_key_info(AccessKeyId=key)["Account"] == account


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "X" * 20, "AKIA" + "a" * 16])
def test_an_id_that_names_no_account_is_refused(sts: Any, key: str) -> None:
    with refused("InvalidParameterValue", key, status=400):
        sts.get_access_key_info(AccessKeyId=key)


@pytest.mark.parametrize("message", ["x", "A" * 200, "no\nmessage", "é"])
def test_what_is_no_denial_cannot_be_decoded(sts: Any, message: str) -> None:
    with refused("InvalidAuthorizationMessageException", "Message is not valid", status=400):
        sts.decode_authorization_message(EncodedMessage=message)


def test_decoding_takes_permission(iam: Any, signed: Make) -> None:
    iam.create_user(UserName="bob")
    with refused("AccessDenied", "sts:DecodeAuthorizationMessage"):
        signed("sts", key_of(iam, "bob")).decode_authorization_message(EncodedMessage="x")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("assume_role_with_saml", {"RoleArn": "a" * 20, "PrincipalArn": "a" * 20, "SAMLAssertion": "aaaa"}),
        ("assume_root", {"TargetPrincipal": "111122223333", "TaskPolicyArn": {"arn": "a" * 20}}),
        ("get_delegated_access_token", {"TradeInToken": "aaaa"}),
        ("get_web_identity_token", {"Audience": ["a"], "SigningAlgorithm": "RS256"}),
    ],
)
def test_what_is_not_done_is_said(sts: Any, operation: str, given: dict[str, Any]) -> None:
    with refused("NotImplemented", "is not implemented by this cloud", status=501):
        getattr(sts, operation)(**given)
