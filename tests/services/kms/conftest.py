"""KMS as the test's own account's root, and on a cloud whose clock the tests may move."""

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
    """The ARN of a symmetric key."""
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture(scope="session")
def moving_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests that move time; it only goes forward, and each test has an account of its own."""
    running = CloudProcess(tmp_path_factory.mktemp("moving") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def timed(moving_cloud: CloudProcess, account: str) -> Callable[..., Any]:
    """Makes clients of the test's own account where the test moves the clock."""
    return lambda region="us-east-1": moving_cloud.client("kms", account=account, region=region)


@pytest.fixture
def days(moving_cloud: CloudProcess) -> Callable[[float], Any]:
    """Moves the clock of `timed`."""
    return lambda count: moving_cloud.advance(count * 86_400)
