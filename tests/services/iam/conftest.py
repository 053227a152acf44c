"""IAM of the test's own account, as its root and as its users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cloud import CloudProcess

from .helpers import key_of


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    """IAM, as the test's own account's root."""
    return client("iam")


@pytest.fixture
def signed(cloud: CloudProcess) -> Callable[..., Any]:
    """Makes clients that sign with a given key."""

    def make(service: str, key: dict[str, Any], region: str = "us-east-1") -> Any:
        return boto3.client(service, endpoint_url=cloud.endpoint, region_name=region, **key)

    return make


@pytest.fixture
def bob(iam: Any, signed: Callable[..., Any]) -> Any:
    """IAM as the user bob, whom nothing allows anything."""
    iam.create_user(UserName="bob")
    return signed("iam", key_of(iam, "bob"))
