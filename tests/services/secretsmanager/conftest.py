"""Secrets Manager of the test's own account, on the shared cloud and on one whose clock may be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloud import CloudProcess


@pytest.fixture
def secrets(client: Callable[..., Any]) -> Any:
    """As the root of the test's own account."""
    return client("secretsmanager")


@pytest.fixture(scope="session")
def moving_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests that move time; it only goes forward, and each test has an account of its own."""
    running = CloudProcess(tmp_path_factory.mktemp("moving") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def timed(moving_cloud: CloudProcess, account: str) -> Callable[..., Any]:
    """Makes clients of the test's own account where it may move the clock."""
    return lambda service="secretsmanager", **more: moving_cloud.client(service, account=account, **more)


@pytest.fixture
def days(moving_cloud: CloudProcess) -> Callable[[float], Any]:
    """Moves the clock of `timed`."""
    return lambda number: moving_cloud.advance(number * 86_400)
