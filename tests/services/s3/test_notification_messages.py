"""What is sent of an event, without a cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fogstead.kernel.identity import ANONYMOUS
from fogstead.services.s3 import notification_messages

HAPPENED = {
    "bucket": "photos",
    "owner": "111111111111",
    "region": "eu-west-1",
    "name": "ObjectCreated:Put",
    "at": 1_800_000_000_007,
    "key": "in/red flower.jpg",
    "size": 5,
    "etag": "e1",
    "version": "",
    "number": 0xABC,
    "caller": "AIDAALICE",
    "address": "192.0.2.1",
    "request": "r-1",
}


def told(**changes: Any) -> Any:
    (record,) = json.loads(notification_messages.records({**HAPPENED, **changes}, "all"))["Records"]
    return record


def test_times_have_three_digits_behind_the_second() -> None:
    assert told()["eventTime"] == "2027-01-15T08:00:00.007Z"
    assert told(at=1_800_000_000_000)["eventTime"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("ObjectCreated:Copy", {"key", "size", "eTag", "sequencer"}),
        ("ObjectRemoved:Delete", {"key", "sequencer"}),
        ("ObjectRemoved:DeleteMarkerCreated", {"key", "sequencer"}),
        ("ObjectTagging:Put", {"key", "eTag"}),
        ("ObjectAcl:Put", {"key", "eTag"}),
    ],
)
def test_each_kind_of_event_says_what_there_is_to_say(name: str, members: set[str]) -> None:
    assert set(told(name=name)["s3"]["object"]) == members
    assert set(told(name=name, version="v")["s3"]["object"]) == members | {"versionId"}


def test_sequencers_are_compared_as_texts() -> None:
    numbers = [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 1 << 40, 1 << 62]
    texts = [told(number=number)["s3"]["object"]["sequencer"] for number in numbers]
    assert texts == sorted(texts)
    assert len({len(text) for text in texts}) == 1


def test_who_caused_it_is_said_as_aws_says_it() -> None:
    assert told()["userIdentity"]["principalId"] == "AWS:AIDAALICE"
    assert told(caller=ANONYMOUS.user_id)["userIdentity"]["principalId"] == "Anonymous"


def test_an_owner_always_has_the_same_number() -> None:
    owners = [told(owner=owner)["s3"]["bucket"]["ownerIdentity"]["principalId"] for owner in ("1" * 12, "2" * 12)]
    assert told()["s3"]["bucket"]["ownerIdentity"]["principalId"] == owners[0] != owners[1]
