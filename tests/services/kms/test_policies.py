"""Key policies: who may do what, and that nobody locks himself out unaware."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .helpers import refused
from .kms_inside import ACCOUNT, KmsInside, user

ANN = user("ann")
_ROOT = {"Sid": "root", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _for_ann(action: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": ANN.arn}, "Action": action, "Resource": "*", **more}


def test_a_key_that_is_given_no_policy_belongs_to_its_account(kms: Any, key: str, account: str) -> None:
    shown = kms.get_key_policy(KeyId=key)
    assert shown["PolicyName"] == "default"
    document = json.loads(shown["Policy"])
    assert document["Statement"] == [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    refused("NotFoundException", kms.get_key_policy, KeyId=key, PolicyName="other")
    refused("ValidationException", kms.put_key_policy, KeyId=key, PolicyName="AWS_RAM", Policy=shown["Policy"])


def test_a_policy_that_locks_its_author_out_is_refused(kms: Any, key: str, account: str) -> None:
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    reading = {"Effect": "Allow", "Principal": root, "Action": "kms:Describe*", "Resource": "*"}
    policy = _policy(reading)
    said = refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key, Policy=policy)
    assert said == "The new key policy will not allow you to update the key policy in the future."
    refused("MalformedPolicyDocumentException", kms.create_key, Policy=policy)
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", kms.put_key_policy, KeyId=key, Policy=policy)


def test_what_is_no_policy_is_refused(kms: Any, key: str) -> None:
    before = kms.get_key_policy(KeyId=key)["Policy"]
    for text in ("{", "[]", _policy(), _policy({**_ROOT, "Effect": "Maybe"}), _policy({**_ROOT, "Principal": "x"})):
        refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key, Policy=text)
    long = _policy({**_ROOT, "Sid": "x" * 33_000})
    refused("LimitExceededException", kms.put_key_policy, KeyId=key, Policy=long)
    assert kms.get_key_policy(KeyId=key)["Policy"] == before


def test_the_key_policy_alone_lets_somebody_in() -> None:
    async def story() -> None:
        inside = await KmsInside.start()
        key = await inside.key(Policy=_policy(_ROOT, _for_ann("kms:Encrypt")))
        assert (await inside.ok("Encrypt", caller=ANN, KeyId=key, Plaintext=b"x"))["KeyId"] == key
        assert await inside.code("Decrypt", caller=ANN, KeyId=key, CiphertextBlob=b"x") == "AccessDeniedException"
        assert await inside.code("Encrypt", caller=user("bob"), KeyId=key, Plaintext=b"x") == "AccessDeniedException"
        await inside.close()

    asyncio.run(story())


def test_conditions_look_at_the_call_and_the_key() -> None:
    context = {"StringEquals": {"kms:EncryptionContext:shop": "1"}}
    cases: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
        ("Encrypt", context, {"EncryptionContext": {"shop": "1"}}, {"EncryptionContext": {"shop": "2"}}),
        (
            "Encrypt",
            {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["shop"]}},
            {"EncryptionContext": {"shop": "1"}},
            {"EncryptionContext": {"shop": "1", "more": "2"}},
        ),
        ("Encrypt", {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}, {"via": "s3.amazonaws.com"}, {}),
        ("Encrypt", {"StringEquals": {"kms:RequestAlias": "alias/shop"}}, {"KeyId": "alias/shop"}, {}),
        ("Encrypt", {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"}}, {}, {"KeyId": "other"}),
        (
            "Encrypt",
            {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:KeySpec": "SYMMETRIC_DEFAULT"}},
            {},
            {"KeyId": "other"},
        ),
        (
            "ScheduleKeyDeletion",
            {"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}},
            {"PendingWindowInDays": 21},
            {"PendingWindowInDays": 20},
        ),
        (
            "EnableKeyRotation",
            {"NumericEquals": {"kms:RotationPeriodInDays": "90"}},
            {"RotationPeriodInDays": 90},
            {"RotationPeriodInDays": 91},
        ),
        (
            "CreateGrant",
            {
                "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]},
                "Bool": {"kms:GrantIsForAWSResource": True},
            },
            {"Operations": ["Decrypt"], "via": "s3.amazonaws.com"},
            {"Operations": ["Decrypt", "Encrypt"], "via": "s3.amazonaws.com"},
        ),
    ]

    async def story() -> None:
        inside = await KmsInside.start()
        await inside.ok("CreateAlias", AliasName="alias/shop", TargetKeyId=await inside.key())
        other = await inside.key()
        for action, condition, good, bad in cases:
            key = await inside.key(Policy=_policy(_ROOT, _for_ann(f"kms:{action}", Condition=condition)))
            await inside.ok("UpdateAlias", AliasName="alias/shop", TargetKeyId=key)
            given = {"KeyId": key, **({"Plaintext": b"x"} if action == "Encrypt" else {})}
            if action == "CreateGrant":
                given["GranteePrincipal"] = ANN.arn
            wrong = {**given, **bad, **({"KeyId": other} if bad.get("KeyId") == "other" else {})}
            assert await inside.code(action, caller=ANN, **wrong) == "AccessDeniedException", condition
            await inside.ok(action, caller=ANN, **{**given, **good})
        await inside.close()

    asyncio.run(story())
