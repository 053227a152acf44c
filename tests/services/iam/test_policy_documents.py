"""Which policy documents IAM takes, what it says of the others, and that nothing else can come of any text."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import ServiceError
from fogstead.services.iam import aws_managed
from fogstead.services.iam.policy_documents import check_identity_policy, size_of
from fogstead.services.iam.statement_positions import line_and_column, statement_spans
from fogstead.services.iam.trust_policies import checked_trust_policy

from .policies import allow, document, trust

SYNTAX = "Syntax errors in policy."
PATHS = "IAM resource path must either be"


def said_of(text: str, *, managed: bool = True) -> str:
    with pytest.raises(ServiceError) as refused:
        check_identity_policy(text, managed=managed)
    assert refused.value.code == "MalformedPolicyDocumentException"
    return refused.value.message


def with_statement(**changed: Any) -> str:
    statement = {key: value for key, value in {**allow("s3:*"), **changed}.items() if value is not None}
    return document(statement)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", SYNTAX),
        ("[]", SYNTAX),
        ("{}", SYNTAX),
        ("[" * 100_000, SYNTAX),
        (json.dumps({"Version": "2012-10-17", "Statement": []}), SYNTAX),
        (json.dumps({"Version": "2012-10-18", "Statement": [allow("s3:*")]}), SYNTAX),
        (json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:*")], "Extra": 1}), SYNTAX),
        ('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}', SYNTAX),
        (json.dumps({"Statement": [allow("s3:*")]}), "Policy document must be version 2012-10-17 or greater."),
        (with_statement(Effect="allow"), SYNTAX),
        (with_statement(Effect=None), SYNTAX),
        (with_statement(Sid=1), SYNTAX),
        (with_statement(Sid="no spaces"), "Statement IDs (SID) must be alpha-numeric."),
        (with_statement(Extra=1), SYNTAX),
        (with_statement(Action=None), "Policy statement must contain actions."),
        (with_statement(Action=[]), "Policy statement must contain actions."),
        (with_statement(Action=[1]), SYNTAX),
        (with_statement(NotAction="s3:*"), SYNTAX),
        (with_statement(Resource=None), "Policy statement must contain resources."),
        (with_statement(NotResource="*"), SYNTAX),
        (with_statement(Principal="*"), "Policy document should not specify a principal."),
        (
            with_statement(Action="GetObject"),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (with_statement(Action="s3:s3:Get"), "Actions/Condition can contain only one colon."),
        (with_statement(Action="s 3:Get"), "Vendor s 3 is not valid"),
        (with_statement(Action="s3:Get Object"), "The policy failed legacy parsing"),
        (with_statement(Resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
        (with_statement(Resource=""), 'Resource  must be in ARN format or "*".'),
        (with_statement(Resource="arn::s3:::b"), 'Partition "" is not valid for resource "arn::s3:::b".'),
        (with_statement(Resource="arn:aws-cn:s3:::b"), 'Partition "aws-cn" is not valid for resource'),
        (with_statement(Resource="arn:aws:s3::b"), "The policy failed legacy parsing"),
        (with_statement(Resource="arn:aws:s3:us-west-2:123456789012:b"), "can not contain region information."),
        (with_statement(Resource="arn:aws:iam:us-west-2:123456789012:user/b"), "cannot contain region information."),
        (with_statement(Resource="arn:aws:iam::123456789012:bob"), PATHS),
        (with_statement(Condition={"StringEquals": []}), SYNTAX),
        (with_statement(Condition={"StringEquals": {"aws:userid": {}}}), SYNTAX),
        (with_statement(Condition={"StringIs": {"aws:userid": "x"}}), SYNTAX),
        (
            with_statement(Condition={"StringEquals": {"userid": "x"}}),
            "Actions/Conditions must be prefaced by a vendor",
        ),
        (with_statement(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}), "The policy failed legacy parsing"),
        (
            document(allow("s3:*", Sid="a"), allow("s3:*", Sid="a")),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
    ],
)
def test_a_malformed_policy_is_told_its_reason(text: str, reason: str) -> None:
    assert reason in said_of(text)


@pytest.mark.parametrize(
    "text",
    [
        with_statement(),
        with_statement(Action="*"),
        with_statement(Action=None, NotAction=["iam:*", "sts:Get?allerIdentity"]),
        with_statement(
            Resource=["arn:aws:s3:::b/${aws:username}/*", "arn:aws:iam::*:role/x", "arn:*", "arn:aws:logs:*"]
        ),
        with_statement(Resource="arn:aws:s3:us-west-2:123456789012:accesspoint/a"),
        with_statement(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", 1, True]}}),
        with_statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
        json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": allow("s3:*")}),
        document(allow("s3:*", Sid=""), allow("s3:*", Sid="")),
    ],
)
def test_a_good_policy_is_taken(text: str) -> None:
    check_identity_policy(text, managed=True)


def test_inline_policies_may_be_of_the_older_version() -> None:
    check_identity_policy(json.dumps({"Statement": [allow("s3:*")]}))


def test_white_space_does_not_count() -> None:
    assert size_of(' {\n "a":\t1 } ') == len('{"a":1}')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", SYNTAX),
        ("{}", "Missing required field Statement"),
        (document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        (document({"Principal": "*", "Action": "sts:AssumeRole"}), "Missing required field Effect"),
        (document({"Effect": "Allow", "Principal": "*"}), "Missing required field Action"),
        (document({**json.loads(trust(AWS="*"))["Statement"][0], "Resource": "*"}), "Has prohibited field Resource"),
        (document({**json.loads(trust(AWS="*"))["Statement"][0], "Foo": "*"}), "Unknown field Foo"),
        (
            document({"Effect": "Allow", "Principal": "*", "Action": "s3:Get*"}),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            document({"Effect": "Allow", "Principal": "*", "Action": "*"}),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (trust(AWS="bob"), 'Invalid principal in policy: "AWS":"bob"'),
        (trust(AWS="arn:aws:iam::1:root"), 'Invalid principal in policy: "AWS":"arn:aws:iam::1:root"'),
        (trust(Service="lambda"), 'Invalid principal in policy: "SERVICE":"lambda"'),
        (trust(Federated="example.com"), 'Invalid principal in policy: "FEDERATED":"example.com"'),
        (trust(), SYNTAX),
        (trust(Bob="x"), SYNTAX),
    ],
)
def test_a_malformed_trust_policy_is_told_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ServiceError) as refused:
        checked_trust_policy(text)
    assert refused.value.message == reason


_WORDS = (
    *("Version", "2012-10-17", "Statement", "Effect", "Allow", "Deny", "Action", "NotAction", "Resource", "Principal"),
    *("Condition", "StringLike", "aws:userid", "*", "s3:*", "arn:aws:s3:::b/*", "Sid", "sts:AssumeRole", "AWS", "${a"),
)
_texts = st.one_of(st.sampled_from(_WORDS), st.text(max_size=20))
_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_texts, inner, max_size=5)),
    max_leaves=25,
)
_statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        name: st.one_of(_texts, st.lists(_texts, max_size=3), _json)
        for name in ("Sid", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition")
    },
)
_documents = st.one_of(
    _json,
    st.fixed_dictionaries(
        {"Version": st.just("2012-10-17"), "Statement": st.one_of(_statements, st.lists(_statements, max_size=3))}
    ),
)


def outcomes(text: str) -> list[str]:
    """What comes of a text in either check: an error's code, or nothing."""
    codes = []
    for check in (check_identity_policy, checked_trust_policy):
        try:
            check(text)
        except ServiceError as refusal:
            codes.append(refusal.code)
    return codes


@given(st.one_of(st.text(), _documents.map(json.dumps)))
def test_no_text_makes_either_check_fail_otherwise(text: str) -> None:
    assert set(outcomes(text)) <= {"MalformedPolicyDocumentException"}


@pytest.mark.parametrize(
    "text",
    [
        with_statement(Action=["s3:" + "*?" * 2_000]),
        with_statement(Resource="arn:aws:s3:::" + "*a" * 20_000),
        with_statement(Resource=["arn:aws:s3:::" + "x" * 20] * 3_000),
        with_statement(Condition={"StringLike": {"aws:userid": "*a" * 20_000}}),
        '{"a":' * 20_000,
        " " * 131_000 + "{",
        '"' + "\\u0041" * 20_000 + '"',
    ],
)
def test_large_and_winding_documents_take_no_time(text: str) -> None:
    began = time.process_time()
    outcomes(text)
    assert time.process_time() - began < 2


@given(st.lists(st.just(allow("s3:Get*", Sid="")), min_size=1, max_size=4), st.sampled_from([None, 1, 4]))
def test_a_statement_is_found_where_it_stands(statements: list[Any], indent: int | None) -> None:
    text = json.dumps({"Id": "a[b]{c", "Statement": statements, "Version": "2012-10-17"}, indent=indent)
    spans = statement_spans(text)
    assert [json.loads(text[span.start : span.end]) for span in spans] == statements
    assert line_and_column(text, 0) == {"Line": 1, "Column": 1}


def test_aws_policies_are_such_as_people_attach() -> None:
    named = aws_managed.every()
    assert len(named) > 1_000
    for arn in (
        "AdministratorAccess",
        "ReadOnlyAccess",
        "PowerUserAccess",
        "SecurityAudit",
        "AmazonS3FullAccess",
        "job-function/ViewOnlyAccess",
        "service-role/AWSLambdaBasicExecutionRole",
        "service-role/AmazonECSTaskExecutionRolePolicy",
    ):
        found = aws_managed.find(f"arn:aws:iam::aws:policy/{arn}")
        assert found is not None, arn
        check_identity_policy(found.document, managed=True)
    assert aws_managed.find("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole") is None, "a path is part of the ARN"
