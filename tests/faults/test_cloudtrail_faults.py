"""CloudTrail under kill -9: what was recorded is delivered, once, whenever the cloud dies."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cloud import CloudProcess
from services.cloudtrail.conftest import timed_on
from services.cloudtrail.helpers import delivered, keys, read

FIVE_MINUTES = 301
ROUNDS = 6


def _queues(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["requestParameters"]["queueName"] for event in events if event["eventName"] == "CreateQueue")


def test_events_before_a_kill_are_delivered_after_it(own_cloud: CloudProcess, account: str) -> None:
    here = timed_on(own_cloud, account)
    here.trail()
    for number in range(20):
        here.sqs.create_queue(QueueName=f"q{number}")
    own_cloud.kill()
    own_cloud.start()
    own_cloud.advance(FIVE_MINUTES)
    assert _queues(delivered(here.s3, here.bucket)) == Counter(f"q{number}" for number in range(20))


def test_a_kill_in_the_middle_of_deliveries_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The clock is moved while the cloud is killed, so that many kills meet a delivery under way."""
    chance = random.Random(4566)
    cloud = CloudProcess(tmp_path / "data", checks_outputs=False).start()
    try:
        here = timed_on(cloud, "111122223333")
        here.trail(EnableLogFileValidation=True)
        answered = []
        for number in range(ROUNDS):
            for step in range(10):
                name = f"q{number}-{step}"
                here.sqs.create_queue(QueueName=name)
                answered.append(name)
            moving = threading.Thread(target=_advance, args=(cloud,))
            moving.start()
            time.sleep(chance.random() * 0.05)
            cloud.kill()
            moving.join()
            cloud.start()
        cloud.advance(FIVE_MINUTES)
        cloud.advance(3 * 3600)
        assert _queues(delivered(here.s3, here.bucket)) == Counter(answered)
        named = [
            file["s3Object"]
            for key in keys(here.s3, here.bucket, "/CloudTrail-Digest/")
            for file in read(here.s3, here.bucket, key)["logFiles"]
        ]
        assert len(set(named)) == len(named)
        assert set(named) <= set(keys(here.s3, here.bucket))
    finally:
        cloud.stop()


def _advance(cloud: CloudProcess) -> None:
    try:
        cloud.advance(2 * 3600)
    except (OSError, AssertionError, ValueError, BotoCoreError, ClientError):
        return


@pytest.mark.parametrize("small_disk", ["12m"], indirect=True)
def test_on_a_full_disk_calls_are_refused_and_the_audit_goes_on_with_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    cloud = CloudProcess(small_disk / "data").start()
    try:
        sqs, cloudtrail = cloud.client("sqs"), cloud.client("cloudtrail")
        sqs.create_queue(QueueName="before")
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65_536)
                    file.flush()
            except OSError:
                pass
        for number in range(50):
            try:
                sqs.create_queue(QueueName=f"full{number}")
            except ClientError:
                break
        ballast.unlink()
        sqs.create_queue(QueueName="after")
        found = cloudtrail.lookup_events(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "after"}])
        assert len(found["Events"]) == 1
        found = cloudtrail.lookup_events(
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "before"}]
        )
        assert len(found["Events"]) == 1
    finally:
        cloud.stop()
