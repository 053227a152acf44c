"""What the tests of STS say again and again."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from cloud import CloudProcess

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@contextmanager
def refused(code: str, text: str = "", *, status: int = 403) -> Iterator[None]:
    """The call inside is refused with this code and status, and a sentence that holds `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert text in answer["Error"]["Message"], answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


def policy(*statements: dict[str, Any]) -> str:
    """A document of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A statement that allows something, perhaps under conditions."""
    made = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def trust(principal: Any, *actions: str, **condition: Any) -> dict[str, Any]:
    """A statement of a trust policy: by default `sts:AssumeRole`."""
    made = {"Effect": "Allow", "Principal": principal, "Action": list(actions) or "sts:AssumeRole"}
    return {**made, "Condition": condition} if condition else made


def key_of(iam: Any, user: str) -> dict[str, str]:
    """A new access key of a user, as boto3 takes it."""
    made = iam.create_access_key(UserName=user)["AccessKey"]
    return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}


def powerful_user(iam: Any, name: str) -> dict[str, str]:
    """The key of a new user who may do everything."""
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy(EVERYTHING))
    return key_of(iam, name)


def client_of(cloud: CloudProcess, service: str, key: dict[str, str], region: str = "us-east-1") -> Any:
    """A client that signs with a key, or not at all without one, and checks nothing itself."""
    config = Config(
        retries={"max_attempts": 0}, parameter_validation=False, signature_version=None if key else UNSIGNED
    )
    return boto3.client(service, endpoint_url=cloud.endpoint, region_name=region, config=config, **key)


def key_in(answer: dict[str, Any]) -> dict[str, str]:
    """The credentials in an answer of STS, as boto3 takes them."""
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


class Device:
    """A virtual MFA device that a user has, and the codes it shows in true time."""

    def __init__(self, iam: Any, user: str, name: str = "phone") -> None:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        self.serial: str = made["SerialNumber"]
        self._totp = TOTP(base64.b32decode(made["Base32StringSeed"]), 6, SHA1(), 30, enforce_key_length=False)
        codes = {f"AuthenticationCode{number}": self.code(number - 3) for number in (1, 2)}
        iam.enable_mfa_device(UserName=user, SerialNumber=self.serial, **codes)

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many half minutes later. The one of now is good once, others are not."""
        return self._totp.generate(int(time.time()) + 30 * steps).decode("ascii")

    def shown(self) -> dict[str, str]:
        """The members that show it."""
        return {"SerialNumber": self.serial, "TokenCode": self.code()}
