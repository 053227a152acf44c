"""Policies of browser uploads: read, held against a form, and refused with S3's sentences."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import ServiceError
from fogstead.services.s3 import post_policies
from fogstead.services.s3.service import AccessDenied, EntityTooLarge, EntityTooSmall, InvalidPolicyDocument

EXPIRES = "2030-01-01T12:00:00.000Z"
EXPIRES_AT = 1_893_499_200_000
CONDITIONS: list[Any] = [{"bucket": "pics"}, ["starts-with", "$key", "user/"], ["eq", "$acl", "public-read"]]
FORM = {"key": "user/me.png", "acl": "public-read", "policy": "...", "x-amz-signature": "..."}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def policy_of(*conditions: Any, expiration: Any = EXPIRES) -> post_policies.PostPolicy:
    return post_policies.read(encoded(json.dumps({"expiration": expiration, "conditions": list(conditions)})))


def checked(*conditions: Any, form: dict[str, str] = FORM, bucket: str = "pics", now: int = EXPIRES_AT - 1) -> None:
    post_policies.check(policy_of(*conditions), form, bucket=bucket, now=now)


def refusal(*conditions: Any, **said: Any) -> str:
    with pytest.raises(AccessDenied) as refused:
        checked(*conditions, **said)
    return refused.value.message.removeprefix("Invalid according to Policy: ")


# ------------------------------------------------------------- reading
@pytest.mark.parametrize(
    ("expiration", "at"),
    [
        (EXPIRES, EXPIRES_AT),
        ("2030-01-01T12:00:00Z", EXPIRES_AT),
        ("2030-01-01T12:00:00.5Z", EXPIRES_AT + 500),
        ("2030-01-01T12:00:00.123456Z", EXPIRES_AT + 123),
    ],
)
def test_an_expiration_is_a_moment_in_greenwich(expiration: str, at: int) -> None:
    assert policy_of(expiration=expiration).expires_at == at


@pytest.mark.parametrize(
    "expiration", ["", "tomorrow", "2030-01-01", "2030-13-01T12:00:00Z", "2030-01-01T12:00:00+01:00"]
)
def test_an_expiration_of_another_form_is_refused(expiration: str) -> None:
    with pytest.raises(InvalidPolicyDocument) as refused:
        policy_of(expiration=expiration)
    assert refused.value.message == f"Invalid Policy: Invalid 'expiration' value: '{expiration}'"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("", "Invalid JSON."),
        ("{", "Invalid JSON."),
        ("[]", "Invalid JSON."),
        ("[" * 20_000, "Invalid JSON."),
        ('{"expiration": "' + EXPIRES + '", "conditions": [' + "1" * 5000 + "]}", "Invalid JSON."),
        ('{"conditions": []}', "Policy missing expiration."),
        ('{"expiration": "' + EXPIRES + '"}', "Policy missing conditions."),
        ('{"expiration": "' + EXPIRES + '", "conditions": {}}', "Invalid 'conditions' value: must be a List."),
    ],
)
def test_what_is_no_policy_is_refused(document: str, sentence: str) -> None:
    with pytest.raises(InvalidPolicyDocument) as refused:
        post_policies.read(encoded(document))
    assert refused.value.message == f"Invalid Policy: {sentence}"


@pytest.mark.parametrize("nested", ["[" * 900 + "]" * 900, '["eq", "$key", ["x"]]'])
def test_a_policy_that_nests_is_refused(nested: str) -> None:
    for document in (
        '{"expiration": "' + EXPIRES + '", "conditions": [' + nested + "]}",
        '{"expiration": ' + nested + ', "conditions": []}',
    ):
        with pytest.raises(InvalidPolicyDocument):
            post_policies.read(encoded(document))


@pytest.mark.parametrize("text", ["not base64", "Ä", "/w=="])
def test_a_policy_comes_in_base64_and_utf8(text: str) -> None:
    with pytest.raises(InvalidPolicyDocument, match="Invalid JSON"):
        post_policies.read(text)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"a": "1", "b": "2"}, "Simple-Conditions must have exactly one property specified."),
        ({}, "Simple-Conditions must have exactly one property specified."),
        ({"Expires": 86400}, "value must be a string."),
    ],
)
def test_a_simple_condition_is_one_field_and_a_text(condition: Any, sentence: str) -> None:
    with pytest.raises(InvalidPolicyDocument) as refused:
        policy_of(condition)
    assert refused.value.message == f"Invalid Policy: Invalid Simple-Condition: {sentence}"


def test_dollars_may_be_escaped_as_the_reference_says() -> None:
    text = '{"expiration": "' + EXPIRES + r'", "conditions": [{"key": "a\$b\\\\$\v\u00e9"}]}'
    assert post_policies.read(encoded(text)).conditions[0].value == "a$b\\\\$\vé"


# ------------------------------------------------------------- conditions
def test_a_form_that_meets_all_conditions_may_be_sent() -> None:
    checked(*CONDITIONS)
    checked({"BUCKET": "pics"}, ["Starts-With", "$Key", ""], ["eq", "$ACL", "public-read"])


def test_a_policy_expires() -> None:
    assert refusal(*CONDITIONS, now=EXPIRES_AT) == "Policy expired."
    checked(*CONDITIONS, now=EXPIRES_AT - 1)


@pytest.mark.parametrize(
    ("form", "bucket", "failed"),
    [
        ({**FORM, "key": "other/me.png"}, "pics", '["starts-with", "$key", "user/"]'),
        ({**FORM, "key": " user/me.png"}, "pics", '["starts-with", "$key", "user/"]'),
        ({**FORM, "key": "a,user/me.png"}, "pics", '["starts-with", "$key", "user/"]'),
        ({**FORM, "acl": "private"}, "pics", '["eq", "$acl", "public-read"]'),
        ({"key": "user/me.png"}, "pics", '["eq", "$acl", "public-read"]'),
        (FORM, "other", '["eq", "$bucket", "pics"]'),
        ({**FORM, "bucket": "pics"}, "other", '["eq", "$bucket", "pics"]'),
    ],
)
def test_a_condition_that_does_not_hold_is_named(form: dict[str, str], bucket: str, failed: str) -> None:
    assert refusal(*CONDITIONS, form=form, bucket=bucket) == f"Policy Condition failed: {failed}"


def test_the_first_condition_that_fails_is_named() -> None:
    assert refusal(["eq", "$key", "x"], ["eq", "$acl", "y"]) == 'Policy Condition failed: ["eq", "$key", "x"]'


def test_a_field_that_is_not_there_does_not_begin_with_nothing() -> None:
    condition = ["starts-with", "$Content-Length", ""]
    assert refusal(condition) == 'Policy Condition failed: ["starts-with", "$Content-Length", ""]'


@pytest.mark.parametrize(
    ("types", "holds"),
    [("image/png", True), ("image/png,image/gif", True), ("image/png, image/gif", True), ("image/png,text/html", False),
     ("text/html", False)],
)  # fmt: skip
def test_each_of_several_types_of_content_has_the_prefix(types: str, holds: bool) -> None:
    conditions = [*CONDITIONS, ["starts-with", "$Content-Type", "image/"]]
    form = {**FORM, "Content-Type": types}
    if holds:
        checked(*conditions, form=form)
    else:
        assert refusal(*conditions, form=form) == 'Policy Condition failed: ["starts-with", "$Content-Type", "image/"]'


@pytest.mark.parametrize(
    "condition",
    [
        ["like", "$key", "user/"],
        ["eq", "key", "user/me.png"],
        ["eq", "$key"],
        ["eq", "$key", 7],
        ["starts-with", "$bucket", "p"],
        ["content-length-range", 1],
        ["content-length-range", "a", "b"],
        ["content-length-range", True, 7],
        "key",
        None,
    ],
)
def test_a_condition_that_s3_does_not_know_does_not_hold(condition: Any) -> None:
    assert refusal(condition) == f"Policy Condition failed: {json.dumps(condition)}"


# ------------------------------------------------------------- fields without a condition
@pytest.mark.parametrize("name", ["Content-Type", "x-amz-meta-a", "success_action_redirect", "X-Amz-Date"])
def test_a_field_under_no_condition_is_refused(name: str) -> None:
    assert refusal(*CONDITIONS, form={**FORM, name: "v"}) == f"Extra input fields: {name.lower()}"


def test_the_bucket_is_under_a_condition_too() -> None:
    assert refusal(*CONDITIONS[1:]) == "Extra input fields: bucket"


def test_some_fields_need_no_condition() -> None:
    free = ["policy", "x-amz-signature", "signature", "AWSAccessKeyId", "file", "x-ignore-this", "X-Ignore-That"]
    checked(*CONDITIONS, form={**FORM, **dict.fromkeys(free, "v")})


# ------------------------------------------------------------- sizes
def test_a_file_has_a_size_within_the_range() -> None:
    policy = policy_of(["content-length-range", 2, 4])
    for size in (2, 3, 4):
        post_policies.check_size(policy, size)
    with pytest.raises(EntityTooSmall) as small:
        post_policies.check_size(policy, 1)
    with pytest.raises(EntityTooLarge) as large:
        post_policies.check_size(policy, 5)
    assert small.value.members == {"ProposedSize": 1, "MinSizeAllowed": 2}
    assert large.value.members == {"ProposedSize": 5, "MaxSizeAllowed": 4}


def test_several_ranges_hold_all() -> None:
    assert policy_of(["content-length-range", 2, 9], ["content-length-range", 1, 4]).size == (2, 4)
    post_policies.check_size(policy_of(), 10**12)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.lists(JSON, max_size=3))
def test_any_document_is_read_or_refused_as_an_error_of_the_service(document: Any, conditions: list[Any]) -> None:
    for one in (document, {"expiration": EXPIRES, "conditions": conditions}):
        with suppress(ServiceError):
            post_policies.check(post_policies.read(encoded(json.dumps(one))), FORM, bucket="pics", now=0)
