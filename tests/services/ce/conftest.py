"""An account with usage: two tagged buckets, one of them in Ireland, and a queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ce(client: Callable[..., Any]) -> Any:
    """Cost Explorer, as the test's own account's root."""
    return client("ce")


@pytest.fixture
def used(client: Callable[..., Any], account: str) -> None:
    """3 requests of team red, 3 of team blue in Ireland, 1 without a tag in each Region, 1 of SQS."""
    for team, region in (("red", "us-east-1"), ("blue", "eu-west-1")):
        s3 = client("s3", region=region)
        place = {"LocationConstraint": region} if region == "eu-west-1" else {}
        tagged = {"CreateBucketConfiguration": {**place, "Tags": [{"Key": "team", "Value": team}]}}
        bucket = f"{team}-{account}"
        s3.create_bucket(Bucket=bucket, **tagged)
        for key in "abc":
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    client("sqs").create_queue(QueueName="orders")
