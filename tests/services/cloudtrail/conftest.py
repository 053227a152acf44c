"""CloudTrail, and a cloud whose clock the tests may move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from cloud import CloudProcess
from services.cloudtrail.helpers import open_for_trails


@pytest.fixture
def cloudtrail(client: Callable[..., Any]) -> Any:
    """As the test's own account's root."""
    return client("cloudtrail")


@pytest.fixture
def bucket(client: Callable[..., Any], account: str) -> str:
    """A bucket that takes the log files of the trail `main`."""
    name = f"logs-{account}"
    open_for_trails(client("s3"), name, account)
    return name


@pytest.fixture(scope="session")
def moving_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests that move time; it only goes forward, and each test has an account of its own."""
    running = CloudProcess(tmp_path_factory.mktemp("moving") / "data").start()
    yield running
    assert running.stop() == 0


class Timed(NamedTuple):
    """Clients of the test's own account where the clock moves, and a bucket for the trail `main`."""

    cloud: CloudProcess
    account: str
    cloudtrail: Any
    s3: Any
    sqs: Any
    bucket: str

    def client(self, service: str, **more: Any) -> Any:
        return self.cloud.client(service, **{"account": self.account, **more})

    def trail(self, **more: Any) -> str:
        """A trail that logs; its ARN."""
        made = self.cloudtrail.create_trail(Name="main", S3BucketName=self.bucket, **more)
        self.cloudtrail.start_logging(Name="main")
        return str(made["TrailARN"])


def timed_on(cloud: CloudProcess, account: str) -> Timed:
    """The same on any cloud."""
    s3, bucket = cloud.client("s3", account=account), f"logs-{account}"
    open_for_trails(s3, bucket, account)
    clients = (cloud.client("cloudtrail", account=account), s3, cloud.client("sqs", account=account))
    return Timed(cloud, account, *clients, bucket)


@pytest.fixture
def timed(moving_cloud: CloudProcess, account: str) -> Iterator[Timed]:
    """On the cloud that all such tests share; a trail that went on would have work at every move of its clock."""
    here = timed_on(moving_cloud, account)
    yield here
    for trail in here.cloudtrail.list_trails()["Trails"]:
        here.cloudtrail.delete_trail(Name=trail["TrailARN"])
