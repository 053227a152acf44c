"""Buckets whose requester pays: nobody is charged without having said so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .access import allow, denied, put, read, refused, set_policy

PAYS = {"RequestPayer": "requester"}
USES: dict[str, Callable[..., Any]] = {
    "get_object": lambda s3, bucket, **more: s3.get_object(Bucket=bucket, Key="k", **more),
    "head_object": lambda s3, bucket, **more: s3.head_object(Bucket=bucket, Key="k", **more),
    "put_object": lambda s3, bucket, **more: s3.put_object(Bucket=bucket, Key="new", Body=b"x", **more),
    "copy_object": lambda s3, bucket, **more: s3.copy_object(
        Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"}, **more
    ),
    "list_objects_v2": lambda s3, bucket, **more: s3.list_objects_v2(Bucket=bucket, **more),
    "delete_object": lambda s3, bucket, **more: s3.delete_object(Bucket=bucket, Key="gone", **more),
    "create_multipart_upload": lambda s3, bucket, **more: s3.create_multipart_upload(Bucket=bucket, Key="m", **more),
}


def set_payer(s3: Any, bucket: str, payer: str) -> None:
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": payer})


@pytest.fixture
def toll(s3: Any, open_bucket: str, other_account: str) -> str:
    """A bucket that is open to everyone, where the requester pays."""
    put(s3, open_bucket, "k", body=b"text")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:*"))
    set_payer(s3, open_bucket, "Requester")
    return open_bucket


@pytest.mark.parametrize("use", USES)
def test_a_requester_says_that_it_pays(other: Any, toll: str, use: str) -> None:
    with denied():
        USES[use](other, toll)
    assert USES[use](other, toll, **PAYS)["RequestCharged"] == "requester"


def test_the_owner_need_not_say_so(s3: Any, toll: str) -> None:
    assert s3.get_bucket_request_payment(Bucket=toll)["Payer"] == "Requester"
    for use in USES.values():
        use(s3, toll)
        use(s3, toll, **PAYS)


def test_the_anonymous_cannot_pay(s3: Any, anonymous: Any, toll: str) -> None:
    for more in ({}, PAYS):
        with denied():
            USES["get_object"](anonymous, toll, **more)
    set_payer(s3, toll, "BucketOwner")
    assert read(anonymous, toll, "k") == b"text"


def test_saying_it_gives_no_permission(s3: Any, other: Any, toll: str) -> None:
    s3.delete_bucket_policy(Bucket=toll)
    with denied():
        USES["get_object"](other, toll, **PAYS)


def test_where_the_owner_pays_nobody_is_charged(s3: Any, other: Any, toll: str) -> None:
    set_payer(s3, toll, "BucketOwner")
    for more in ({}, PAYS):
        assert "RequestCharged" not in USES["get_object"](other, toll, **more)


def test_a_payer_is_the_owner_or_the_requester(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    with refused("MalformedXML", status=400):
        set_payer(s3, bucket, "Nobody")
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
