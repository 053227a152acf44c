"""KMS in this process, without HTTP: any principal calls, through any service, on any store."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from fogstead.kernel.cloud import Cloud
from fogstead.kernel.identity import Principal, root_of, service_principal
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of
from fogstead.primitives.store.memory import MemoryStore

ACCOUNT = "123456789012"
OTHER = "210987654321"
ROOT = root_of(ACCOUNT)


def user(name: str, account: str = ACCOUNT) -> Principal:
    """A user whom no policy of its own lets do anything: ann and bob, and eve of the other account."""
    return Principal("user", account, f"arn:aws:iam::{account}:user/{name}", "", name=name)


def service(host: str) -> Principal:
    """A service on its own behalf."""
    return service_principal(host)


class KmsInside:
    """A cloud whose answers are values, refusals too."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.users: dict[str, Principal] = {}

    @classmethod
    async def start(cls, store: Any = None) -> KmsInside:
        cloud = Cloud(store or MemoryStore(), checks_outputs=True)
        await cloud.start()
        inside = cls(cloud)
        for one in (user("ann"), user("bob"), user("eve", OTHER)):
            root, origin = root_of(one.account), Origin(cloud.ids.uuid())
            made = await inside.call("iam", "CreateUser", root, origin, UserName=one.name)
            inside.users[one.arn] = dataclasses.replace(one, user_id=made["User"]["UserId"])
        return inside

    async def kms(
        self,
        operation: str,
        *,
        caller: Principal = ROOT,
        region: str = "us-east-1",
        via: str = "",
        source_arn: str = "",
        **given: Any,
    ) -> Any:
        """The answer, or the error as a value."""
        origin = Origin(self.cloud.ids.uuid(), called_via=(via,) if via else (), source_arn=source_arn)
        return await self.call("kms", operation, self.users.get(caller.arn, caller), origin, region, **given)

    async def call(
        self, service: str, operation: str, caller: Principal, origin: Origin, region: str = "us-east-1", **given: Any
    ) -> Any:
        """The same, of any service."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def finished(result: Any, error: Exception | None) -> None:
            future.set_result(error if error is not None else result)

        cloud = self.cloud
        declared = cloud.catalog.operation(service, operation)
        home = home_of(caller.account or ACCOUNT, region)
        cloud.pipeline.start(Invocation(declared, given, caller, home, origin, finished, cloud.clock.true_now()))
        return await future

    async def ok(self, operation: str, **given: Any) -> Any:
        """The answer, which must be none of the refusals."""
        answer = await self.kms(operation, **given)
        assert not isinstance(answer, Exception), f"{operation}: {answer!r}"
        return answer

    async def code(self, operation: str, **given: Any) -> str:
        """The code of the refusal; empty when there is none."""
        return str(getattr(await self.kms(operation, **given), "code", ""))

    async def key(self, **more: Any) -> str:
        """The ARN of a new key."""
        return str((await self.ok("CreateKey", **more))["KeyMetadata"]["Arn"])

    async def advance(self, days: float) -> None:
        await self.cloud.advance(self.cloud.clock.now() + int(days * 86_400_000))

    async def close(self) -> None:
        await self.cloud.close()
        await self.cloud.store.close()
