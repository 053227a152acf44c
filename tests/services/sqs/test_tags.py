"""Tags of a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess

from .helpers import refused


def tags(sqs: Any, queue: str) -> dict[str, str]:
    return sqs.list_queue_tags(QueueUrl=queue).get("Tags", {})


def test_tags_set_are_tags_listed(sqs: Any, queue: str) -> None:
    assert tags(sqs, queue) == {}
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": ""})
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "2", "c": "é"})
    assert tags(sqs, queue) == {"a": "2", "b": "", "c": "é"}
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a", "none"])
    assert tags(sqs, queue) == {"b": "", "c": "é"}


def test_a_queue_can_be_made_with_tags(sqs: Any) -> None:
    queue = sqs.create_queue(QueueName="tagged", tags={"team": "blue"})["QueueUrl"]
    assert tags(sqs, queue) == {"team": "blue"}


@pytest.mark.parametrize("bad", [{"": "x"}, {"x" * 129: "x"}, {"x": "x" * 257}, {"aws:x": "x"}, {"AWS:x": "x"}])
def test_tags_that_are_none_are_refused(sqs: Any, queue: str, bad: dict[str, str]) -> None:
    with refused("InvalidParameterValue"):
        sqs.tag_queue(QueueUrl=queue, Tags=bad)
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName="other", tags=bad)
    assert tags(sqs, queue) == {}


def test_a_queue_has_at_most_fifty_tags(sqs: Any, queue: str) -> None:
    sqs.tag_queue(QueueUrl=queue, Tags={f"t{i}": "x" for i in range(50)})
    with refused("InvalidParameterValue", "50"):
        sqs.tag_queue(QueueUrl=queue, Tags={"t50": "x"})
    sqs.tag_queue(QueueUrl=queue, Tags={"t0": "y"})


def test_no_policy_lets_another_account_tag_a_queue(cloud: CloudProcess, sqs: Any, queue: str) -> None:
    everything = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    stranger = cloud.client("sqs", account="999999999999")
    for call in (
        lambda: stranger.tag_queue(QueueUrl=queue, Tags={"a": "b"}),
        lambda: stranger.untag_queue(QueueUrl=queue, TagKeys=["a"]),
        lambda: stranger.list_queue_tags(QueueUrl=queue),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
