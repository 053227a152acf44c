"""What may stand in a bucket's policy: its own actions on its own resources, under keys that S3 knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fogstead.kernel.errors import ServiceError
from fogstead.services.s3 import policy_rules

BUCKET = "arn:aws:s3:::mine"
OBJECTS = f"{BUCKET}/*"
GOOD: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}


def document(**more: Any) -> str:
    statement = {name: value for name, value in {**GOOD, **more}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", OBJECTS),
        ("s3:getobject", f"{BUCKET}/a/${{aws:PrincipalAccount}}/*"),
        ("s3:ListBucket", BUCKET),
        ("s3:List*", BUCKET),
        (["s3:ListBucket", "s3:GetObject"], [BUCKET, OBJECTS]),
        (["s3:ListBucket", "s3:GetObject"], f"{BUCKET}*"),
        ("s3:*", OBJECTS),
        ("s3:*", BUCKET),
        ("*", OBJECTS),
        ("s3:Get?bject", OBJECTS),
    ],
)
def test_an_action_goes_with_a_resource_of_its_kind(action: Any, resource: Any) -> None:
    policy_rules.check(document(Action=action, Resource=resource), "mine")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"Action": "s3:GetObject", "Resource": BUCKET}, "Action does not apply to any resource"),
        ({"Action": ["s3:GetObject", "s3:ListBucket"]}, "Action does not apply to any resource"),
        ({"Action": "s3:List*"}, None),
        ({"Action": "s3:ListBucket*"}, "Action does not apply to any resource"),
        ({"Action": "s3:Fly"}, "Policy has invalid action"),
        ({"Action": "s3:Fly*"}, "Policy has invalid action"),
        ({"Action": "s3:CreateBucket", "Resource": BUCKET}, "Policy has invalid action"),
        ({"Action": "s3:ListAllMyBuckets", "Resource": BUCKET}, "Policy has invalid action"),
        ({"Action": "sqs:*"}, "Policy has invalid action"),
        ({"Action": None, "NotAction": "s3:Fly"}, "Policy has invalid action"),
        ({"Action": None, "NotAction": "s3:ListBucket"}, None),
        ({"Resource": "*"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3:::*"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3:::mine-too/*"}, "Policy has invalid resource"),
        ({"Resource": "arn:aws:s3:::theirs/*"}, "Policy has invalid resource"),
        ({"Resource": [OBJECTS, "arn:aws:s3:::theirs/*"]}, "Policy has invalid resource"),
        ({"Resource": None, "NotResource": "arn:aws:s3:::theirs/*"}, "Policy has invalid resource"),
        ({"Resource": None, "NotResource": f"{BUCKET}/closed"}, None),
        ({"Resource": None}, "Missing required field Resource"),
        ({"Condition": {"StringEquals": {"s3:nonsense": "1"}}}, "Policy has an invalid condition key"),
        ({"Condition": {"StringEquals": {"nonsense": "1"}}}, "Policy has an invalid condition key"),
        ({"Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "1", "S3:Prefix": "a"}}}, None),
        ({"Condition": {"StringEquals": {"accounts.google.com:aud": "1"}}}, None),
        ({"Condition": {"StringSounds": {"s3:prefix": "1"}}}, "StringSounds"),
        ({"Effect": "Perhaps"}, "Effect"),
    ],
)
def test_a_statement_that_means_nothing_says_why(more: dict[str, Any], sentence: str | None) -> None:
    if sentence is None:
        policy_rules.check(document(**more), "mine")
        return
    with pytest.raises(ServiceError, match=sentence) as refused:
        policy_rules.check(document(**more), "mine")
    assert refused.value.code == "MalformedPolicy"


@pytest.mark.parametrize("text", ["", " {}", "[]", "null", "policy", "\ufeff{}"])
def test_the_first_byte_is_a_brace(text: str) -> None:
    with pytest.raises(ServiceError, match=r"first byte must be '\{'"):
        policy_rules.check(text, "mine")


def test_the_limit_counts_bytes() -> None:
    room = policy_rules.POLICY_BYTES_MAX - len(document(Sid="").encode())
    policy_rules.check(document(Sid="x" * room), "mine")
    with pytest.raises(ServiceError, match="maximum allowed document size"):
        policy_rules.check(document(Sid="x" * (room + 1)), "mine")
    wide = document(Sid="").replace('"Sid": ""', f'"Sid": "{"ü" * (room // 2 + 1)}"')
    with pytest.raises(ServiceError, match="maximum allowed document size"):
        policy_rules.check(wide, "mine")


def test_every_action_is_of_one_kind() -> None:
    assert not policy_rules.BUCKET_ACTIONS & policy_rules.OBJECT_ACTIONS
