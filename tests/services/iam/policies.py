"""Policies that tests of IAM say again and again."""

from __future__ import annotations

import json
from typing import Any

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READER = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def document(*statements: dict[str, Any]) -> str:
    """A policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def trust(**principal: Any) -> str:
    """A trust policy for one principal."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


LAMBDA = trust(Service="lambda.amazonaws.com")
S3 = document(allow("s3:*"))


def role(iam: Any, name: str = "worker", text: str = LAMBDA, **more: Any) -> Any:
    """A new role."""
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=text, **more)["Role"]


def policy(iam: Any, name: str = "reader", text: str = S3, **more: Any) -> str:
    """The ARN of a new managed policy."""
    arn: str = iam.create_policy(PolicyName=name, PolicyDocument=text, **more)["Policy"]["Arn"]
    return arn
