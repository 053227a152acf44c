"""AWS managed keys: made when a service first asks, and nobody's to change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .helpers import refused
from .kms_inside import OTHER, KmsInside, user

ANN = user("ann")


def test_a_service_has_its_key_made_for_its_caller() -> None:
    async def story() -> None:
        inside = await KmsInside.start()
        given = {"KeyId": "alias/aws/s3", "KeySpec": "AES_256"}
        assert await inside.code("GenerateDataKey", caller=ANN, **given) != ""
        assert (await inside.ok("ListKeys"))["Keys"] == []
        made = await inside.ok("GenerateDataKey", caller=ANN, via="s3.amazonaws.com", **given)
        again = await inside.ok("GenerateDataKey", via="s3.amazonaws.com", **given)
        assert made["KeyId"] == again["KeyId"]
        shown = (await inside.ok("DescribeKey", KeyId="alias/aws/s3"))["KeyMetadata"]
        assert (shown["Arn"], shown["KeyManager"]) == (made["KeyId"], "AWS")
        blob = made["CiphertextBlob"]
        opened = await inside.ok("Decrypt", caller=ANN, via="s3.amazonaws.com", CiphertextBlob=blob)
        assert opened["Plaintext"] == made["Plaintext"]
        await inside.close()

    asyncio.run(story())


def test_its_key_is_used_through_the_service_alone() -> None:
    async def story() -> None:
        inside = await KmsInside.start()
        blob = (await inside.ok("Encrypt", via="s3.amazonaws.com", KeyId="alias/aws/s3", Plaintext=b"x"))[
            "CiphertextBlob"
        ]
        for via in ("", "sqs.amazonaws.com"):
            assert await inside.code("Decrypt", via=via, CiphertextBlob=blob) == "AccessDeniedException"
        stranger = user("eve", OTHER)
        found = await inside.ok("DescribeKey", KeyId="alias/aws/s3")
        given = {"KeyId": found["KeyMetadata"]["Arn"], "CiphertextBlob": blob, "via": "s3.amazonaws.com"}
        assert await inside.code("Decrypt", caller=stranger, **given) == "AccessDeniedException"
        await inside.close()

    asyncio.run(story())


def test_nobody_changes_it(kms: Any) -> None:
    arn = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]["Arn"]
    assert kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]["Arn"] == arn
    policy = kms.get_key_policy(KeyId=arn)["Policy"]
    tags = [{"TagKey": "a", "TagValue": ""}]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("disable_key", {}),
        ("schedule_key_deletion", {}),
        ("disable_key_rotation", {}),
        ("rotate_key_on_demand", {}),
        ("put_key_policy", {"Policy": policy, "BypassPolicyLockoutSafetyCheck": True}),
        ("tag_resource", {"Tags": tags}),
        ("update_key_description", {"Description": "x"}),
        ("encrypt", {"Plaintext": b"x"}),
    ]
    for name, given in calls:
        refused("AccessDeniedException", getattr(kms, name), KeyId=arn, **given)
    refused("AccessDeniedException", kms.create_alias, AliasName="alias/mine", TargetKeyId=arn)
    refused("NotAuthorizedException", kms.delete_alias, AliasName="alias/aws/sqs")
    refused("NotFoundException", kms.describe_key, KeyId="alias/aws/unheard-of")


def test_it_rotates_every_year(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    kms = timed()
    arn = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    status = kms.get_key_rotation_status(KeyId=arn)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    days(366)
    assert [one["RotationType"] for one in kms.list_key_rotations(KeyId=arn)["Rotations"]] == ["AUTOMATIC"]
