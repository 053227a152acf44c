"""AWS managed keys: one for each service that asks for it, under an alias that only AWS gives.

They rotate every year. Source: KMS Developer Guide, "AWS managed keys", and "View the policy of an AWS managed key".
"""

from __future__ import annotations

import json
from typing import Any, Final

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.kms import aliases
from fogstead.services.kms.aliases import Alias
from fogstead.services.kms.keys import AWS, Key
from fogstead.services.kms.making import make, new_key_id
from fogstead.services.kms.service import DAY_MILLIS
from fogstead.services.kms.specs import ENCRYPT, SYMMETRIC

ROTATION_DAYS: Final = 365
_SERVICES: Final = {
    "aws/s3": ("s3", "S3"),
    "aws/sqs": ("sqs", "SQS"),
    "aws/secretsmanager": ("secretsmanager", "Secrets Manager"),
    "aws/ssm": ("ssm", "Systems Manager Parameter Store"),
}


def is_predefined(name: str) -> bool:
    """Whether AWS has an alias of this name (without `alias/`) in every account."""
    return name in _SERVICES


def make_managed(tx: Transaction, name: str) -> None:
    """Make the key that a predefined alias stands for, unless it is there."""
    if tx.find(Alias, name) is not None:
        return
    service, title = _SERVICES[name]
    key = Key(
        key_id=new_key_id(tx, multi_region=False),
        spec_name=SYMMETRIC,
        usage=ENCRYPT,
        manager=AWS,
        policy=_policy(tx.home, service, title),
        description=f"Default key that protects my {title} data when no other key is defined",
        material_id=tx.random(32).hex(),
        rotation_days=ROTATION_DAYS,
        rotation_at=tx.now + ROTATION_DAYS * DAY_MILLIS,
    )
    made = make(tx, key)
    aliases.point(tx, Alias(name=name, key_id=made.key_id, updated_at=tx.now), made)
    tx.schedule("kms.rotate", {"key_id": made.key_id}, at=made.rotation_at, name=made.key_id)


def _policy(home: Home, service: str, title: str) -> str:
    sid = f"Allow access through {title} for all principals in the account that are authorized to use {title}"
    through: dict[str, Any] = {
        "StringEquals": {
            "kms:CallerAccount": home.account,
            "kms:ViaService": f"{service}.{home.region}.amazonaws.com",
        }
    }
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    see = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    statements: list[dict[str, Any]] = [
        {"Sid": sid, "Principal": {"AWS": "*"}, "Action": use, "Condition": through},
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Principal": {"AWS": f"arn:aws:iam::{home.account}:root"},
            "Action": see,
        },
    ]
    written = [{**statement, "Effect": "Allow", "Resource": "*"} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": written}, indent=2)
