"""What tests about access say again and again: who is refused, and what policies allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"


@contextmanager
def refused(code: str, text: str = "", status: int | None = None) -> Iterator[dict[str, Any]]:
    """The call inside is refused with this code and a sentence that holds `text`; gives the error to look at."""
    error: dict[str, Any] = {}
    with pytest.raises(ClientError) as caught:
        yield error
    error.update(caught.value.response["Error"])
    assert error["Code"] == code, error
    assert text in error["Message"], error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def denied() -> Any:
    """The call inside may not be made. A HEAD has no body, so its code is the status."""
    return pytest.raises(ClientError, match=r"\((AccessDenied|403)\)")


def arn(bucket: str, key: str = "") -> str:
    """The ARN of a bucket, or of keys in it."""
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def allow(bucket: str, actions: Any, principal: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement for a bucket and everything in it. A bare account is a principal."""
    who = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    resources = [arn(bucket), arn(bucket, "*")]
    return {"Effect": "Allow", "Principal": who, "Action": actions, "Resource": resources, **more}


def deny(bucket: str, actions: Any, principal: Any = "*", **more: Any) -> dict[str, Any]:
    """See `allow`."""
    return allow(bucket, actions, principal, **{"Effect": "Deny", **more})


def policy(*statements: dict[str, Any]) -> str:
    """A document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def set_policy(s3: Any, bucket: str, *statements: dict[str, Any]) -> None:
    """Replaces a bucket's policy."""
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(*statements))


def put(s3: Any, bucket: str, *keys: str, body: bytes = b"x", **more: Any) -> None:
    """Objects with one body."""
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def read(s3: Any, bucket: str, key: str, **more: Any) -> bytes:
    """An object's body."""
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def owner_of(s3: Any) -> str:
    """The canonical user id of a client's account."""
    return s3.list_buckets()["Owner"]["ID"]


def grants(answer: dict[str, Any]) -> set[tuple[str, str]]:
    """(who, permission) of each grant of an ACL."""
    return {(grant["Grantee"].get("URI") or grant["Grantee"]["ID"], grant["Permission"]) for grant in answer["Grants"]}


def block(s3: Any, bucket: str, *settings: str) -> None:
    """Turns on the named settings of the public access block, and the others off."""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    assert set(settings) <= set(names)
    configuration = {name: name in settings for name in names}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=configuration)
