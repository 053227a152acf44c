"""A cloud whose clock the tests may move, and clients of the test's own account on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloud import CloudProcess


@pytest.fixture
def kms(client: Callable[..., Any]) -> Any:
    """KMS, as the root of the test's own account."""
    return client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a key of the test's own account."""
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture(scope="session")
def moving_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests that move time; it only goes forward, and each test has an account of its own."""
    running = CloudProcess(tmp_path_factory.mktemp("moving") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def advance(moving_cloud: CloudProcess) -> Callable[[float], Any]:
    """Moves the clock of `timed`."""
    return moving_cloud.advance


@pytest.fixture
def timed(moving_cloud: CloudProcess, account: str) -> Any:
    """SQS where the test moves the clock."""
    return moving_cloud.client("sqs", account=account)


@pytest.fixture
def timed_queue(timed: Any) -> str:
    """A standard queue of `timed`."""
    return timed.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def timed_fifo(timed: Any) -> str:
    """A FIFO queue of `timed`."""
    return timed.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
