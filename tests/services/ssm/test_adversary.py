"""Parameters on a store that runs everything twice, meets conflicts, and holds work to its home."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fogstead.kernel.errors import ServiceError
from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from inside import Inside


async def _life_of_parameters(inside: Inside) -> None:
    async def ok(operation: str, **given: Any) -> Any:
        return await inside.ok("ssm", operation, **given)

    await ok("PutParameter", Name="/a/open", Value="one", Type="String")
    await ok("PutParameter", Name="/a/secret", Value="one", Type="SecureString")
    await ok("PutParameter", Name="/a/secret", Value="two", Tier="Advanced", Overwrite=True)
    await ok("LabelParameterVersion", Name="/a/secret", ParameterVersion=1, Labels=["prod"])
    found = await ok("GetParameters", Names=["/a/secret:prod", "/a/secret", "/a/open"], WithDecryption=True)
    assert [one["Value"] for one in found["Parameters"]] == ["one", "one", "two"]
    below = await ok("GetParametersByPath", Path="/a", WithDecryption=True)
    assert [one["Value"] for one in below["Parameters"]] == ["one", "two"]
    await ok("DeleteParameters", Names=["/a/open", "/a/secret"])
    expires = {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": "2999-01-01T00:00:00Z"}}
    given = {"Name": "/a/open", "Value": "v", "Type": "String", "Policies": json.dumps([expires])}
    await ok("PutParameter", **given, Tier="Advanced")
    await inside.advance(365 * 1000)
    assert await inside.code("ssm", "GetParameter", Name="/a/open") == "ParameterNotFound"


@pytest.mark.parametrize("seed", [1, 2])
def test_work_that_is_run_again_is_done_once(seed: int) -> None:
    async def story() -> None:
        inside = await Inside.start(AdversaryStore(seed, Trouble(conflicts=0.1)))
        await _life_of_parameters(inside)
        await inside.close()

    asyncio.run(story())


def test_an_account_has_as_many_parameters_of_a_tier_as_its_quota() -> None:
    async def story() -> None:
        inside = await Inside.start(AdversaryStore(3, Trouble()))
        quota = next(one for one in inside.cloud.catalog.service("ssm").quotas if one.name == "Standard parameters")
        inside.cloud.quotas.set("123456789012", quota, 2)
        put = {"Value": "v", "Type": "String"}
        for name in ("/a", "/b"):
            await inside.ok("ssm", "PutParameter", Name=name, **put)
        with pytest.raises(ServiceError, match="You have exceeded the number of parameters"):
            await inside.ok("ssm", "PutParameter", Name="/c", **put)
        made = await inside.ok("ssm", "PutParameter", Name="/c", **put, Tier="Intelligent-Tiering")
        assert made["Tier"] == "Advanced"
        await inside.ok("ssm", "PutParameter", Name="/a", **put, Tier="Advanced", Overwrite=True)
        await inside.ok("ssm", "DeleteParameter", Name="/c")
        await inside.ok("ssm", "PutParameter", Name="/d", **put)
        assert await inside.code("ssm", "PutParameter", Name="/e", **put) == "ParameterLimitExceeded"
        await inside.ok("ssm", "DeleteParameter", Name="/d")
        await inside.ok("ssm", "PutParameter", Name="/e", **put)
        await inside.close()

    asyncio.run(story())
