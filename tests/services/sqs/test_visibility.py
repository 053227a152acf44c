"""Messages out of sight, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .helpers import bodies, counts, receive, receive_one, refused, send

Advance = Callable[[float], Any]


def test_a_message_becomes_visible_again_when_its_timeout_passes(
    timed: Any, timed_queue: str, advance: Advance
) -> None:
    send(timed, timed_queue, "hello")
    first = receive_one(timed, timed_queue, VisibilityTimeout=30)
    assert first is not None
    assert receive_one(timed, timed_queue) is None
    advance(31)
    again = receive_one(timed, timed_queue)
    assert again is not None
    assert again["Body"] == "hello"
    assert again["ReceiptHandle"] != first["ReceiptHandle"]


def test_the_queues_own_timeout_holds_unless_the_receive_has_one(
    timed: Any, timed_queue: str, advance: Advance
) -> None:
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"VisibilityTimeout": "100"})
    send(timed, timed_queue, "a", "b")
    receive_one(timed, timed_queue)
    receive_one(timed, timed_queue, VisibilityTimeout=10)
    advance(11)
    assert len(receive(timed, timed_queue)) == 1
    advance(100)
    assert len(receive(timed, timed_queue)) == 2


def test_changing_the_timeout_brings_a_message_back_sooner_or_later(
    timed: Any, timed_queue: str, advance: Advance
) -> None:
    send(timed, timed_queue, "x")
    first = receive_one(timed, timed_queue)
    assert first is not None
    handle = first["ReceiptHandle"]
    timed.change_message_visibility(QueueUrl=timed_queue, ReceiptHandle=handle, VisibilityTimeout=100)
    advance(60)
    assert bodies(timed, timed_queue) == []
    timed.change_message_visibility(QueueUrl=timed_queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(timed, timed_queue) == ["x"]


def test_a_message_can_be_deleted_by_its_handle_after_its_timeout_was_changed(sqs: Any, queue: str) -> None:
    send(sqs, queue, "x")
    first = receive_one(sqs, queue)
    assert first is not None
    for seconds in (100, 200, 100):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=seconds)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 0, 0)


def test_only_messages_in_flight_have_a_timeout_to_change(timed: Any, timed_queue: str, advance: Advance) -> None:
    send(timed, timed_queue, "x")
    first = receive_one(timed, timed_queue)
    assert first is not None
    change = {"QueueUrl": timed_queue, "ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 10}
    advance(31)
    with refused("MessageNotInflight"):
        timed.change_message_visibility(**change)
    receive_one(timed, timed_queue)
    with refused("MessageNotInflight"):
        timed.change_message_visibility(**change)
    with refused("ReceiptHandleIsInvalid"):
        timed.change_message_visibility(**{**change, "ReceiptHandle": "garbage"})


def test_a_timeout_is_at_most_twelve_hours_from_the_receive(timed: Any, timed_queue: str, advance: Advance) -> None:
    send(timed, timed_queue, "x")
    first = receive_one(timed, timed_queue, VisibilityTimeout=43_200)
    assert first is not None
    change = {"QueueUrl": timed_queue, "ReceiptHandle": first["ReceiptHandle"]}
    for seconds in (-1, 43_201):
        with refused("InvalidParameterValue", "VisibilityTimeout"):
            timed.change_message_visibility(**change, VisibilityTimeout=seconds)
    advance(3600)
    with refused("InvalidParameterValue", "43200"):
        timed.change_message_visibility(**change, VisibilityTimeout=43_200 - 3500)
    timed.change_message_visibility(**change, VisibilityTimeout=43_200 - 3700)


def test_messages_in_flight_survive_the_death_of_the_cloud(own_cloud: Any) -> None:
    sqs = own_cloud.client("sqs")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    send(sqs, queue, "a", "b")
    first = receive_one(sqs, queue)
    assert first is not None
    own_cloud.kill()
    own_cloud.start()
    assert counts(sqs, queue) == (1, 1, 0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    own_cloud.advance(31)
    assert bodies(sqs, queue) == ["b"]
