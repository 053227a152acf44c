"""Callers other than roots, and policies that name them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from cloud import CloudProcess

Client = Callable[[str], Any]


def user(cloud: CloudProcess, account: str, name: str = "ann") -> Client:
    """Makes clients of a new user, whom nothing allows anything by itself."""
    iam = cloud.client("iam", account=account)
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    return lambda service: cloud.client(service, **keys)


def user_arn(account: str, name: str = "ann") -> str:
    """As policies name it."""
    return f"arn:aws:iam::{account}:user/{name}"


def document(*statements: dict[str, Any]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def key_policy(account: str, *statements: dict[str, Any]) -> str:
    """A key's policy: all for its account's root, and what else is said."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    return document({"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}, *statements)


def lets(principal: Any, *actions: str, **condition: Any) -> dict[str, Any]:
    """A statement of a key's policy for these actions of KMS; conditions by their operators."""
    who = {"AWS": principal} if isinstance(principal, str) else principal
    said = [f"kms:{action}" for action in actions]
    more = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Principal": who, "Action": said, "Resource": "*", **more}


def kms_calls(cloud: CloudProcess, account: str, operation: str = "") -> list[dict[str, Any]]:
    """What the cloud has recorded of calls to KMS from an account, the oldest first."""
    records = cloud.admin("GET", "/_fogstead/audit")
    return [
        one
        for one in records
        if one["service"] == "kms" and one["account"] == account and operation in ("", one["operation"])
    ]


def session(cloud: CloudProcess, account: str, role: str, name: str = "one") -> Client:
    """Makes clients of a session of a role of an account; the role is made when it is not there."""
    iam = cloud.client("iam", account=account)
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
    user_of = user(cloud, account, f"{role}-{name}")
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam.put_user_policy(UserName=f"{role}-{name}", PolicyName="p", PolicyDocument=document(allowed))
    arn = f"arn:aws:iam::{account}:role/{role}"
    taken = user_of("sts").assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
    keys = {
        "aws_access_key_id": taken["AccessKeyId"],
        "aws_secret_access_key": taken["SecretAccessKey"],
        "aws_session_token": taken["SessionToken"],
    }
    return lambda service: cloud.client(service, **keys)
