"""Conditions on reads, copies and writes: each alone, and two together."""

from __future__ import annotations

from typing import Any

import pytest

from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.services.s3 import preconditions
from fogstead.services.s3.service import NoSuchKey, NotModified, PreconditionFailed

TAG = "5d41402abc4b2a76b9719d911017c592"
SECOND = 1_700_000_000
# Modified within a second, and shown as that second.
AT = SECOND * 1000 + 250
BEFORE, SAME, AFTER = ((SECOND + offset) * 1000 for offset in (-1, 0, 1))


def outcome(check: Any, *arguments: Any) -> type[ServiceError] | None:
    try:
        check(*arguments)
    except ServiceError as refused:
        return type(refused)
    return None


READS = [
    ({}, None),
    ({"IfMatch": f'"{TAG}"'}, None),
    ({"IfMatch": "*"}, None),
    ({"IfMatch": '"other"'}, PreconditionFailed),
    ({"IfNoneMatch": '"other"'}, None),
    ({"IfNoneMatch": TAG}, NotModified),
    ({"IfNoneMatch": f'W/"{TAG}"'}, NotModified),
    ({"IfUnmodifiedSince": SAME}, None),
    ({"IfUnmodifiedSince": AFTER}, None),
    ({"IfUnmodifiedSince": BEFORE}, PreconditionFailed),
    ({"IfModifiedSince": BEFORE}, None),
    ({"IfModifiedSince": SAME}, NotModified),
    ({"IfModifiedSince": AFTER}, NotModified),
    # The two pairs that the API reference spells out.
    ({"IfMatch": TAG, "IfUnmodifiedSince": BEFORE}, None),
    ({"IfNoneMatch": TAG, "IfModifiedSince": BEFORE}, NotModified),
    # The tag speaks alone where it is given.
    ({"IfMatch": "other", "IfUnmodifiedSince": AFTER}, PreconditionFailed),
    ({"IfNoneMatch": "other", "IfModifiedSince": AFTER}, None),
    # What must hold comes before what may spare the bytes.
    ({"IfMatch": "other", "IfNoneMatch": TAG}, PreconditionFailed),
    ({"IfMatch": TAG, "IfNoneMatch": TAG}, NotModified),
    ({"IfUnmodifiedSince": BEFORE, "IfModifiedSince": AFTER}, PreconditionFailed),
]


@pytest.mark.parametrize(("req", "wanted"), READS)
def test_a_read_is_served_refused_or_spared(req: dict[str, Any], wanted: type[ServiceError] | None) -> None:
    assert outcome(preconditions.check_read, req, TAG, AT) is wanted


@pytest.mark.parametrize(("req", "wanted"), READS)
def test_a_copy_follows_the_same_rules_and_is_refused_where_a_read_is_spared(
    req: dict[str, Any], wanted: type[ServiceError] | None
) -> None:
    source = {f"CopySource{name}": value for name, value in req.items()}
    assert outcome(preconditions.check_copy_source, source, TAG, AT) is (wanted and PreconditionFailed)
    assert outcome(preconditions.check_copy_source, req, TAG, AT) is None


@pytest.mark.parametrize(
    ("req", "etag", "wanted"),
    [
        ({}, TAG, None),
        ({}, None, None),
        ({"IfNoneMatch": "*"}, None, None),
        ({"IfNoneMatch": "*"}, TAG, PreconditionFailed),
        ({"IfNoneMatch": f'"{TAG}"'}, None, NotImplementedHere),
        ({"IfMatch": f'"{TAG}"'}, TAG, None),
        ({"IfMatch": "*"}, TAG, None),
        ({"IfMatch": "other"}, TAG, PreconditionFailed),
        ({"IfMatch": TAG}, None, NoSuchKey),
        ({"IfMatch": "*"}, None, NoSuchKey),
        ({"IfMatch": TAG, "IfNoneMatch": "*"}, TAG, PreconditionFailed),
    ],
)
def test_a_write_is_done_only_to_what_it_expects(
    req: dict[str, Any], etag: str | None, wanted: type[ServiceError] | None
) -> None:
    assert outcome(preconditions.check_write, req, "k", etag) is wanted


@pytest.mark.parametrize(
    ("req", "condition"),
    [
        ({"IfMatch": "other"}, "If-Match"),
        ({"IfUnmodifiedSince": BEFORE}, "If-Unmodified-Since"),
    ],
)
def test_a_failed_condition_is_named(req: dict[str, Any], condition: str) -> None:
    with pytest.raises(PreconditionFailed) as refused:
        preconditions.check_read(req, TAG, AT)
    assert refused.value.members == {"Condition": condition}
    with pytest.raises(PreconditionFailed) as refused:
        preconditions.check_copy_source({f"CopySource{name}": value for name, value in req.items()}, TAG, AT)
    assert refused.value.members == {"Condition": f"x-amz-copy-source-{condition}"}
