"""Receives that wait for a message."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from cloud import CloudProcess

from .helpers import receive, receive_one, refused, send


class Poll(threading.Thread):
    """A long poll on its way."""

    def __init__(self, sqs: Any, queue: str, **more: Any) -> None:
        super().__init__(daemon=True)
        self._call = {"QueueUrl": queue, "WaitTimeSeconds": 20, **more}
        self._sqs = sqs
        self.started = time.monotonic()
        self.seconds = 0.0
        self.bodies: list[str] = []
        self.error = ""
        self.start()

    def run(self) -> None:
        try:
            answer = self._sqs.receive_message(**self._call)
            self.bodies = [message["Body"] for message in answer.get("Messages", [])]
        except ClientError as error:
            self.error = error.response["Error"]["Code"]
        self.seconds = time.monotonic() - self.started

    def result(self) -> list[str]:
        """What came, within ten seconds."""
        self.join(10)
        assert not self.is_alive(), "the poll still waits"
        return self.bodies


def settle() -> None:
    """Long enough for a poll to be parked; if it was not, the test still holds, it only shows less."""
    time.sleep(0.05)


def test_a_waiting_receive_gets_a_message_when_it_is_sent(sqs: Any, queue: str, client: Callable[..., Any]) -> None:
    poll = Poll(client("sqs"), queue)
    settle()
    send(sqs, queue, "hello")
    assert poll.result() == ["hello"]
    assert poll.seconds < 5


def test_a_message_that_is_there_is_not_waited_for(sqs: Any, queue: str) -> None:
    send(sqs, queue, "hello")
    assert receive_one(sqs, queue, WaitTimeSeconds=20)


def test_a_wait_ends_by_itself(sqs: Any, queue: str) -> None:
    started = time.monotonic()
    assert receive(sqs, queue, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - started < 5


def test_the_queues_own_wait_holds_unless_the_receive_has_one(sqs: Any, queue: str) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"ReceiveMessageWaitTimeSeconds": "1"})
    started = time.monotonic()
    assert receive(sqs, queue, WaitTimeSeconds=0) == []
    assert time.monotonic() - started < 0.9
    assert receive(sqs, queue) == []
    assert time.monotonic() - started > 0.9


def test_of_many_waiting_receives_each_message_goes_to_one(sqs: Any, queue: str, client: Callable[..., Any]) -> None:
    polls = [Poll(client("sqs"), queue, WaitTimeSeconds=3) for _ in range(5)]
    settle()
    send(sqs, queue, "a", "b", "c")
    assert sorted(body for poll in polls for body in poll.result()) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["orders", "orders.fifo"])
def test_a_waiting_receive_gets_a_message_that_comes_back_in_sight(
    timed: Any, name: str, moving_cloud: Any, account: str, advance: Callable[[float], Any]
) -> None:
    fifo = {"FifoQueue": "true"} if name.endswith("fifo") else {}
    queue = timed.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    send(timed, queue, "hello")
    receive_one(timed, queue, VisibilityTimeout=300)
    poll = Poll(moving_cloud.client("sqs", account=account), queue)
    settle()
    advance(301)
    assert poll.result() == ["hello"]


@pytest.mark.parametrize("name", ["orders", "orders.fifo"])
def test_a_receive_that_waited_before_a_message_was_taken_gets_it_when_it_comes_back(
    sqs: Any, name: str, client: Callable[..., Any]
) -> None:
    fifo = {"FifoQueue": "true"} if name.endswith("fifo") else {}
    queue = sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    first = Poll(client("sqs"), queue, VisibilityTimeout=1)
    settle()
    second = Poll(client("sqs"), queue)
    settle()
    send(sqs, queue, "hello")
    assert first.result() == ["hello"]
    assert second.result() == ["hello"]
    assert second.seconds < 5


def test_a_receive_that_gives_up_passes_on_when_the_next_message_is_due(
    sqs: Any, queue: str, client: Callable[..., Any]
) -> None:
    third = Poll(client("sqs"), queue, WaitTimeSeconds=10)
    settle()
    send(sqs, queue, "hello", DelaySeconds=3)
    knows = Poll(client("sqs"), queue, WaitTimeSeconds=1)
    assert knows.result() == []
    assert third.result() == ["hello"]
    assert third.seconds < 6


def test_a_waiting_receive_gets_a_message_whose_timeout_is_ended(
    sqs: Any, queue: str, client: Callable[..., Any]
) -> None:
    send(sqs, queue, "hello")
    got = receive_one(sqs, queue)
    assert got is not None
    poll = Poll(client("sqs"), queue)
    settle()
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    assert poll.result() == ["hello"]


def test_a_waiting_receive_gets_the_next_of_a_group_when_the_first_is_deleted(
    sqs: Any, fifo_queue: str, client: Callable[..., Any]
) -> None:
    send(sqs, fifo_queue, "a", "b")
    got = receive_one(sqs, fifo_queue)
    assert got is not None
    poll = Poll(client("sqs"), fifo_queue)
    settle()
    sqs.delete_message(QueueUrl=fifo_queue, ReceiptHandle=got["ReceiptHandle"])
    assert poll.result() == ["b"]


def test_a_receive_that_waits_while_its_queue_is_purged_still_gets_messages(
    sqs: Any, queue: str, client: Callable[..., Any]
) -> None:
    poll = Poll(client("sqs"), queue)
    settle()
    sqs.purge_queue(QueueUrl=queue)
    send(sqs, queue, "hello")
    assert poll.result() == ["hello"]


def test_receives_that_wait_for_a_deleted_queue_are_told(sqs: Any, queue: str, client: Callable[..., Any]) -> None:
    polls = [Poll(client("sqs"), queue) for _ in range(4)]
    settle()
    sqs.delete_queue(QueueUrl=queue)
    for poll in polls:
        assert poll.result() == []
        assert poll.error == "AWS.SimpleQueueService.NonExistentQueue"


def test_a_message_given_to_a_receiver_that_went_away_comes_back(
    sqs: Any, queue: str, cloud: Any, account: str
) -> None:
    hasty = cloud.client("sqs", account=account, config=Config(retries={"max_attempts": 0}, read_timeout=0.3))
    with pytest.raises(ReadTimeoutError):
        hasty.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=1)
    settle()
    send(sqs, queue, "hello")
    assert receive_one(sqs, queue, WaitTimeSeconds=5)


def test_a_wait_is_at_most_twenty_seconds(sqs: Any, queue: str) -> None:
    with refused("InvalidParameterValue", "WaitTimeSeconds"):
        receive(sqs, queue, WaitTimeSeconds=21)


def test_a_receiver_that_already_waited_gets_what_another_took_and_let_go(own_cloud: CloudProcess) -> None:
    sqs = own_cloud.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    def take() -> str:
        asked = own_cloud.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20, VisibilityTimeout=100)
        return str(asked["Messages"][0]["MessageId"])

    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(take) for _ in range(2)]
        sent = sqs.send_message(QueueUrl=url, MessageBody="once")["MessageId"]
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        assert len(done) == 1
        own_cloud.advance(101)
        assert [one.result() for one in waiting] == [sent, sent]
