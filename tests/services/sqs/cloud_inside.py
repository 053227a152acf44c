"""SQS in this process, without HTTP: the pipeline on any store."""

from __future__ import annotations

import asyncio
from typing import Any

from fogstead.kernel.cloud import Cloud
from fogstead.kernel.identity import root_of
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of
from fogstead.primitives.store.memory import MemoryStore

ACCOUNT = "123456789012"
HOME = home_of(ACCOUNT, "us-east-1")


class CloudInside:
    """A cloud of one account, whose answers are values, refusals too."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._handles: dict[str, list[str]] = {}

    @classmethod
    async def start(cls, store: Any = None, *, in_flight_max: int | None = None) -> CloudInside:
        cloud = Cloud(store or MemoryStore(), checks_outputs=True)
        await cloud.start()
        if in_flight_max is not None:
            quota = cloud.catalog.service("sqs").quotas[0]
            cloud.quotas.set(ACCOUNT, quota, in_flight_max)
        return cls(cloud)

    async def sqs(self, operation: str, **given: Any) -> Any:
        """The answer, or the error as a value."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def finished(result: Any, error: Exception | None) -> None:
            future.set_result(error if error is not None else result)

        cloud = self.cloud
        declared = cloud.catalog.operation("sqs", operation)
        origin, now = Origin(cloud.ids.uuid()), cloud.clock.true_now()
        cloud.pipeline.start(Invocation(declared, given, root_of(ACCOUNT), HOME, origin, finished, now))
        answer = await future
        if operation == "ReceiveMessage" and not isinstance(answer, Exception):
            kept = self._handles.setdefault(given["QueueUrl"], [])
            kept += [message["ReceiptHandle"] for message in answer.get("Messages", [])]
        return answer

    async def ok(self, operation: str, **given: Any) -> Any:
        """The answer, which must be none of the refusals."""
        answer = await self.sqs(operation, **given)
        assert not isinstance(answer, Exception), f"{operation}: {answer!r}"
        return answer

    async def queue(self, name: str, **attributes: str) -> str:
        """A new queue's URL."""
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        return str((await self.ok("CreateQueue", QueueName=name, Attributes={**fifo, **attributes}))["QueueUrl"])

    async def in_flight(self, queue: str) -> list[str]:
        """The handles that receives gave so far, once."""
        return self._handles.pop(queue, [])

    async def advance(self, seconds: float) -> None:
        await self.cloud.advance(self.cloud.clock.now() + int(seconds * 1000))

    async def close(self) -> None:
        await self.cloud.close()
        await self.cloud.store.close()
