"""What becomes of an event that a queue does not take."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from fogstead.kernel.errors import AccessDenied, ServiceError, ServiceUnavailable
from fogstead.services.s3.notifications import notify

from .test_notification_messages import HAPPENED

QUEUES = [f"arn:aws:sqs:eu-west-1:111111111111:{name}" for name in ("first", "second")]


class Queues:
    """Stands for the call: sends to queues that may refuse, and notes as whom."""

    def __init__(self, **errors: type[ServiceError]) -> None:
        self.errors = errors
        self.got: list[str] = []
        self.sources: set[tuple[str, str, str]] = set()

    def as_service(self, *, source: str, account: str, region: str) -> Any:
        self.sources.add((source, account, region))
        return SimpleNamespace(sqs=self)

    async def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        name = QueueUrl.rpartition(":")[2]
        if name in self.errors:
            raise self.errors[name]
        self.got.append(name)


def deliver(queues: Queues) -> None:
    happened = {**HAPPENED, "targets": [["id", arn] for arn in QUEUES]}
    asyncio.run(notify(queues, happened))  # type: ignore[arg-type]


def test_it_is_sent_for_the_bucket_and_its_owner_from_where_the_queue_is() -> None:
    queues = Queues()
    deliver(queues)
    assert queues.got == ["first", "second"]
    assert queues.sources == {("arn:aws:s3:::photos", "111111111111", "eu-west-1")}


def test_a_queue_that_refuses_does_not_hear_of_it_and_holds_nobody_up() -> None:
    queues = Queues(first=AccessDenied)
    deliver(queues)
    assert queues.got == ["second"]


def test_a_fault_of_the_cloud_is_for_the_outbox_to_try_again() -> None:
    queues = Queues(first=ServiceUnavailable)
    with pytest.raises(ServiceUnavailable):
        deliver(queues)
    assert queues.got == ["second"]
