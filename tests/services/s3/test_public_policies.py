"""Which bucket policies are public, with the guide's own examples among them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.s3.public_policies import is_public

ROLE = "arn:aws:iam::111122223333:role/reader"


def policy_of(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: Any = "*", condition: Any = None, **said: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **said}
    return statement if condition is None else {**statement, "Condition": condition}


# ------------------------------------------------------------- principals
@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["111122223333", "*"]},
        {"AWS": "arn:aws:iam::111122223333:role/*"},
        {"AWS": "arn:aws:iam::111122223333:user/${aws:username}"},
        {"Federated": "graph.facebook.com"},
        {"Service": "cloudtrail.amazonaws.com", "Federated": "graph.facebook.com"},
        {"Service": "*"},
        {},
    ],
)
def test_a_grant_to_anybody_is_public(principal: Any) -> None:
    assert is_public(policy_of(allow(principal)))


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "111122223333"},
        {"AWS": [ROLE, "arn:aws:iam::444455556666:root"]},
        {"Service": "cloudtrail.amazonaws.com"},
        {"CanonicalUser": "ab" * 32},
        {"AWS": ROLE, "Service": "logging.s3.amazonaws.com"},
    ],
)
def test_a_grant_to_fixed_principals_is_not_public(principal: Any) -> None:
    assert not is_public(policy_of(allow(principal)))


def test_a_grant_to_all_but_some_is_public() -> None:
    statement = allow()
    del statement["Principal"]
    assert is_public(policy_of({**statement, "NotPrincipal": {"AWS": ROLE}}))


# ------------------------------------------------------------- conditions
@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}},
        {"StringLike": {"AWS:sourcevpce": ["vpce-1", "vpce-2"]}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:topic"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        {"StringEquals": {"aws:SourceOwner": "111122223333"}},
        {"StringLike": {"aws:userid": "AIDAEXAMPLE"}},
        {"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:1:key/k"}},
        {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}},
        {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}},
        {"ForAnyValue:StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16", "203.0.113.7", "2001:db8::/32"]}},
        {"StringLike": {"aws:UserAgent": "*"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}},
    ],
)
def test_a_condition_with_fixed_values_limits_a_grant(condition: Any) -> None:
    assert not is_public(policy_of(allow(condition=condition)))


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringLike": {"aws:SourceVpc": "vpc-*"}},
        {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-?"]}},
        {"StringEquals": {"aws:SourceVpc": []}},
        {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
        {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"Null": {"aws:SourceVpc": "false"}},
        {"StringEquals": {"aws:UserAgent": "me"}},
        {"StringEquals": {"aws:Referer": "https://example.com"}},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}},
        {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/*"}},
        {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/${aws:username}"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}},
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}},
        {"IpAddress": {"aws:SourceIp": "2001::/16"}},
        {"IpAddress": {"aws:SourceIp": "not an address"}},
        {"IpAddress": {"aws:SourceIp": 7}},
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:SourceIp": "203.0.113.7"}},
        {"StringEquals": "aws:SourceVpc"},
        "StringEquals",
    ],
)
def test_a_condition_without_fixed_values_does_not_limit_a_grant(condition: Any) -> None:
    assert is_public(policy_of(allow(condition=condition)))


# ------------------------------------------------------------- policies
def test_one_public_statement_makes_the_policy_public() -> None:
    service, account = allow({"Service": "cloudtrail.amazonaws.com"}), allow({"AWS": "444455556666"})
    assert not is_public(policy_of(service, account))
    assert is_public(policy_of(service, account, allow()))


def test_what_is_denied_does_not_count() -> None:
    assert not is_public(policy_of(allow(Effect="Deny")))
    assert is_public(policy_of(allow(), allow(Effect="Deny")))


def test_a_statement_may_stand_without_a_list() -> None:
    assert is_public(json.dumps({"Statement": allow()}))
    assert not is_public(json.dumps({"Statement": allow({"AWS": ROLE})}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"Statement": "x"}', '{"Statement": [1]}', "[" * 20_000])
def test_what_is_no_policy_is_taken_for_public(text: str) -> None:
    assert is_public(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["*", "AWS", "aws:SourceIp", "10.0.0.0/8", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Statement", "Principal", "Condition", "IpAddress", "aws:SourceIp"]), inner)
    ),
    max_leaves=10,
)


@given(JSON, JSON, JSON)
def test_any_document_is_judged(document: Any, principal: Any, condition: Any) -> None:
    assert is_public(json.dumps(document)) in (True, False)
    assert is_public(policy_of(allow(principal, condition))) in (True, False)
