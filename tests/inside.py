"""A cloud in this process, without HTTP: the pipeline on any store, for the root of one account."""

from __future__ import annotations

import asyncio
from typing import Any

from fogstead.kernel.cloud import Cloud
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.identity import root_of
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Inside:
    """Calls of any service, in any Region."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @classmethod
    async def start(cls, store: Any) -> Inside:
        """A cloud on this store."""
        cloud = Cloud(store, checks_outputs=True)
        await cloud.start()
        return cls(cloud)

    async def ok(self, service: str, operation: str, *, region: str = REGION, **given: Any) -> Any:
        """The answer; a refusal is raised."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def finished(result: Any, error: Exception | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        cloud = self.cloud
        declared = cloud.catalog.operation(service, operation)
        origin, now, home = Origin(cloud.ids.uuid()), cloud.clock.true_now(), home_of(ACCOUNT, region)
        cloud.pipeline.start(Invocation(declared, given, root_of(ACCOUNT), home, origin, finished, now))
        return await future

    async def code(self, service: str, operation: str, **given: Any) -> str:
        """The code of a refusal, or empty."""
        try:
            await self.ok(service, operation, **given)
        except ServiceError as error:
            return error.code
        return ""

    async def advance(self, days: float) -> None:
        """Move the clock, running what falls due."""
        await self.cloud.advance(self.cloud.clock.now() + int(days * 86_400_000))

    async def close(self) -> None:
        """End it, with its store."""
        await self.cloud.close()
        await self.cloud.store.close()
