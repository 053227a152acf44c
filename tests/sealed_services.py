"""What the tests of services that seal values under KMS share: refusals, users, and a look at the bytes on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess


@contextmanager
def refused(code: str, text: str = "") -> Iterator[None]:
    """The call inside is refused with this code, and a sentence that holds `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error


def user_client(cloud: CloudProcess, account: str, service: str, *statements: dict[str, Any]) -> Any:
    """A client that signs as a new user of the account who may what the statements say."""
    iam = cloud.client("iam", account=account)
    name = f"user-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signing = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return cloud.client(service, account=account, **signing)


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """A statement that allows something, everywhere unless more is said."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def holds(cloud: CloudProcess, text: bytes) -> bool:
    """Whether any file of the cloud's data directory holds these bytes."""
    return any(text in file.read_bytes() for file in cloud.data_dir.rglob("*") if file.is_file())
