"""KMS on a store that runs everything twice, meets conflicts, and holds work to its home."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from fogstead.services.kms.materials import OpenedSecrets

from .kms_inside import KmsInside, user

ANN = user("ann")


async def _life_of(inside: KmsInside) -> None:
    ok = inside.ok
    key, other = await inside.key(), await inside.key()
    await ok("CreateAlias", AliasName="alias/shop", TargetKeyId=key)
    blob = (await ok("Encrypt", KeyId="alias/shop", Plaintext=b"x"))["CiphertextBlob"]
    await ok("UpdateAlias", AliasName="alias/shop", TargetKeyId=other)
    await ok("RotateKeyOnDemand", KeyId=key)
    moved = (await ok("ReEncrypt", CiphertextBlob=blob, DestinationKeyId="alias/shop"))["CiphertextBlob"]
    assert (await ok("Decrypt", CiphertextBlob=moved))["KeyId"] == other
    for asked in ({"KeySpec": "RSA_2048"}, {"KeySpec": "ECC_NIST_P256"}):
        pair = await inside.key(KeyUsage="SIGN_VERIFY", **asked)
        algorithm = (await ok("DescribeKey", KeyId=pair))["KeyMetadata"]["SigningAlgorithms"][0]
        given = {"KeyId": pair, "Message": b"m", "SigningAlgorithm": algorithm}
        signed = await ok("Sign", **given)
        assert (await ok("Verify", **given, Signature=signed["Signature"]))["SignatureValid"]
    grant = await ok("CreateGrant", KeyId=key, GranteePrincipal=ANN.arn, Operations=["Decrypt"], Name="once")
    assert (await ok("Decrypt", caller=ANN, CiphertextBlob=blob))["Plaintext"] == b"x"
    await ok("RetireGrant", GrantToken=grant["GrantToken"])
    await ok("GenerateDataKey", via="s3.amazonaws.com", KeyId="alias/aws/s3", KeySpec="AES_256")
    await _in_two_regions(inside)
    await ok("DeleteAlias", AliasName="alias/shop")
    await ok("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    await inside.advance(8)
    assert await inside.code("DescribeKey", KeyId=key) == "NotFoundException"


async def _in_two_regions(inside: KmsInside) -> None:
    shared = (await inside.key(MultiRegion=True)).rpartition("/")[2]
    await inside.ok("ReplicateKey", KeyId=shared, ReplicaRegion="eu-west-1")
    await inside.ok("RotateKeyOnDemand", KeyId=shared)
    await inside.advance(0.001)
    blob = (await inside.ok("Encrypt", KeyId=shared, Plaintext=b"y"))["CiphertextBlob"]
    opened = await inside.ok("Decrypt", region="eu-west-1", CiphertextBlob=blob)
    assert opened["Plaintext"] == b"y"
    await inside.ok("UpdatePrimaryRegion", KeyId=shared, PrimaryRegion="eu-west-1")
    status: Any = await inside.ok("DescribeKey", KeyId=shared)
    assert status["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


@pytest.mark.parametrize("seed", [1, 2])
def test_work_that_is_run_again_is_done_once(seed: int) -> None:
    async def story() -> None:
        inside = await KmsInside.start(AdversaryStore(seed, Trouble(conflicts=0.1)))
        await _life_of(inside)
        await inside.close()

    asyncio.run(story())


def test_opened_secrets_are_bounded_and_go_with_their_key() -> None:
    opened = OpenedSecrets(3)
    for number in range(5):
        opened.get(b"a", str(number), "secret", lambda: b"x")
    assert len(opened) == 3
    opened.get(b"b", "0", "secret", lambda: b"y")
    opened.forget(b"a")
    assert len(opened) == 1
    assert opened.get(b"b", "0", "secret", lambda: b"other") == b"y"
