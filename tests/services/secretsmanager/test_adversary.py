"""Secrets on a store that runs everything twice, meets conflicts, and holds work to its home."""

from __future__ import annotations

import asyncio

import pytest

from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from inside import Inside

WEST = "eu-west-1"
FIRST, SECOND = "1" * 32, "2" * 32


async def _life_of_a_secret(inside: Inside) -> None:
    async def ok(operation: str, **given: object) -> dict[str, str]:
        return dict(await inside.ok("secretsmanager", operation, **given))  # type: ignore[arg-type]

    made = await ok(
        "CreateSecret",
        Name="db",
        SecretString="one",
        ClientRequestToken=FIRST,
        AddReplicaRegions=[{"Region": WEST}],
    )
    await ok("PutSecretValue", SecretId=made["ARN"][:-7], SecretBinary=b"two", ClientRequestToken=SECOND)
    await ok("TagResource", SecretId="db", Tags=[{"Key": "a", "Value": "b"}])
    key = (await inside.ok("kms", "CreateKey"))["KeyMetadata"]["KeyId"]
    await ok("UpdateSecret", SecretId="db", KmsKeyId=key)
    assert (await ok("GetSecretValue", SecretId="db"))["SecretBinary"] == b"two"
    await inside.advance(0.01)
    copy = await ok("GetSecretValue", SecretId="db", VersionStage="AWSPREVIOUS", region=WEST)
    assert (copy["SecretString"], copy["VersionId"]) == ("one", FIRST)
    read = await inside.ok("secretsmanager", "BatchGetSecretValue", SecretIdList=["db"])
    assert [one["VersionId"] for one in read["SecretValues"]] == [SECOND]
    await ok("StopReplicationToReplica", SecretId="db", region=WEST)
    await inside.advance(0.01)
    await ok("DeleteSecret", SecretId="db", RecoveryWindowInDays=7)
    await inside.advance(8)
    assert await inside.code("secretsmanager", "DescribeSecret", SecretId="db") == "ResourceNotFoundException"


@pytest.mark.parametrize("seed", [1, 2])
def test_work_that_is_run_again_is_done_once(seed: int) -> None:
    async def story() -> None:
        inside = await Inside.start(AdversaryStore(seed, Trouble(conflicts=0.1)))
        await _life_of_a_secret(inside)
        await inside.close()

    asyncio.run(story())
