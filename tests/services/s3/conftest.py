"""S3 and its buckets, for the test's own account, another one and nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from callers import user
from cloud import CloudProcess

from .access import put
from .http_calls import Caller


@pytest.fixture
def s3(client: Callable[..., Any]) -> Any:
    """S3, as the test's own account's root."""
    return client("s3")


@pytest.fixture
def bucket(s3: Any, account: str) -> str:
    """A bucket as it is after its creation."""
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    """A bucket with one object, `k`."""
    put(s3, bucket, "k", body=b"text")
    return bucket


@pytest.fixture
def kms(client: Callable[..., Any]) -> Any:
    """KMS, as the test's own account's root."""
    return client("kms")


@pytest.fixture
def key(kms: Any) -> str:
    """The ARN of a key of the test's own account."""
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture
def ann(cloud: CloudProcess, account: str) -> Any:
    """S3, as a user of the test's own account whom nothing allows anything by itself."""
    return user(cloud, account)("s3")


@pytest.fixture
def other_account(account: str) -> str:
    """An account that no other test has either."""
    return f"9{account[1:]}"


@pytest.fixture
def other(client: Callable[..., Any], other_account: str) -> Any:
    """S3, as the root of another account."""
    return client("s3", account=other_account)


@pytest.fixture
def anonymous(client: Callable[..., Any]) -> Any:
    """S3 for callers that sign nothing."""
    return client("s3", config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}))


@pytest.fixture
def s3v4(client: Callable[..., Any]) -> Any:
    """S3 that presigns with Signature Version 4; for an endpoint of one's own boto3 chooses version 2."""
    return client("s3", config=Config(signature_version="s3v4", retries={"max_attempts": 0}))


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    """A bucket that policies may make public."""
    s3.delete_public_access_block(Bucket=bucket)
    return bucket


@pytest.fixture
def acl_bucket(s3: Any, open_bucket: str) -> str:
    """A bucket with ACLs, which may make it public."""
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls={"Rules": rules})
    return open_bucket


@pytest.fixture
def http(cloud: CloudProcess, account: str) -> Caller:
    """Requests as they stand on the wire, signed by the test's own account when asked."""
    return Caller(cloud.port, account)


@pytest.fixture(scope="session")
def moving_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """One cloud for all tests that move time; it only goes forward, and each test has an account of its own."""
    running = CloudProcess(tmp_path_factory.mktemp("moving") / "data").start()
    yield running
    assert running.stop() == 0
