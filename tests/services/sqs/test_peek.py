"""`/_aws/sqs/messages`: looking without touching."""

from __future__ import annotations

import http.client
from typing import Any

from .helpers import bodies, receive_one, send


def peek(cloud: Any, query: str) -> list[str]:
    return [one["Body"] for one in cloud.admin("GET", f"/_aws/sqs/messages?{query}")["Messages"]]


def status(cloud: Any, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_messages_are_seen_without_being_received(cloud: Any, sqs: Any, queue: str) -> None:
    send(sqs, queue, "a", "b" * 5000)
    for _ in range(2):
        assert sorted(peek(cloud, f"QueueUrl={queue}")) == ["a", "b" * 5000]
    got = receive_one(sqs, queue, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert got is not None
    assert got["Attributes"] == {"ApproximateReceiveCount": "1"}


def test_messages_out_of_sight_are_seen_when_asked_for(cloud: Any, sqs: Any, queue: str, fifo_queue: str) -> None:
    send(sqs, queue, "late", DelaySeconds=100)
    for url in (queue, fifo_queue):
        send(sqs, url, "flying")
        assert bodies(sqs, url) == ["flying"]
        assert peek(cloud, f"QueueUrl={url}") == []
        assert peek(cloud, f"QueueUrl={url}&ShowInvisible=true") == ["flying"]
    assert peek(cloud, f"QueueUrl={queue}&ShowDelayed=true") == ["late"]


def test_expired_messages_are_not_seen(timed: Any, timed_queue: str, moving_cloud: Any) -> None:
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"MessageRetentionPeriod": "60"})
    send(timed, timed_queue, "old")
    moving_cloud.advance(61)
    assert peek(moving_cloud, f"QueueUrl={timed_queue}") == []


def test_a_peek_says_what_is_wrong(cloud: Any, queue: str) -> None:
    assert status(cloud, "/_aws/sqs/messages") == 400
    assert status(cloud, f"/_aws/sqs/messages?QueueUrl={queue}x") == 404
    assert status(cloud, f"/_aws/sqs/messages?QueueUrl={queue}", Origin="http://evil.example") == 403
    same = f"http://127.0.0.1:{cloud.port}"
    assert status(cloud, f"/_aws/sqs/messages?QueueUrl={queue}", Origin=same) == 403
