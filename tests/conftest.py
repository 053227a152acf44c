"""Fixtures that all suites share: one cloud for everybody, an account for every test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from cloud import CloudProcess

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_accounts = itertools.count(1)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests of a worker. Tests that move its clock or stop it start one of their own."""
    running = CloudProcess(tmp_path_factory.mktemp("cloud") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    """A cloud that one test may kill, restart and move in time."""
    running = CloudProcess(tmp_path / "data").start()
    yield running
    running.stop()


@pytest.fixture
def account() -> str:
    """An account of the test's own, so that all tests run side by side on one cloud."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return f"{worker + 1:04}{next(_accounts):08}"


@pytest.fixture
def client(cloud: CloudProcess, account: str) -> Callable[..., Any]:
    """Makes boto3 clients of the test's own account."""
    return lambda service, **more: cloud.client(service, **{"account": account, **more})


@pytest.fixture
def sqs(client: Callable[..., Any]) -> Any:
    """SQS, as the test's own account's root."""
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    """A standard queue's URL."""
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def fifo_queue(sqs: Any) -> str:
    """A FIFO queue's URL."""
    return sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.needs("program")` skips where the program is missing, and says which."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if shutil.which(program) is None:
                pytest.skip(f"needs {program}, which is not installed")
