"""Messages: sent, received, deleted."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import bodies, counts, receive, receive_one, refused, send, send_many

TEXT = {"DataType": "String", "StringValue": "x"}


def test_a_message_that_was_sent_is_received_until_it_is_deleted(sqs: Any, queue: str) -> None:
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello")
    got = receive_one(sqs, queue, VisibilityTimeout=0)
    assert got is not None
    assert (got["Body"], got["MessageId"]) == ("hello", sent["MessageId"])
    assert got["MD5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5(b"hello").hexdigest()
    again = receive_one(sqs, queue)
    assert again is not None
    assert again["ReceiptHandle"] != got["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 0, 0)


def test_an_empty_queue_answers_without_messages(sqs: Any, queue: str) -> None:
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


@pytest.mark.parametrize("body", ["x", "ünïcode ☃ 𝄞", "\t\n\r", "a\r\nb", "\ud7ff\ue000\ufffd", "<&>\"'", "y" * 5000])
def test_bodies_come_back_as_they_were(sqs: Any, queue: str, body: str) -> None:
    send(sqs, queue, body)
    assert bodies(sqs, queue) == [body]


@pytest.mark.parametrize("body", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff"])
def test_characters_outside_of_the_documented_ranges_are_refused(sqs: Any, queue: str, body: str) -> None:
    with refused("InvalidMessageContents"):
        send(sqs, queue, body)
    assert counts(sqs, queue) == (0, 0, 0)


def test_an_empty_body_is_no_body(sqs: Any, queue: str) -> None:
    with refused("MissingParameter", "MessageBody"):
        send(sqs, queue, "")


def test_up_to_ten_messages_come_at_once_and_none_twice(sqs: Any, queue: str) -> None:
    send_many(sqs, queue, [str(i) for i in range(25)])
    got = [bodies(sqs, queue, 10) for _ in range(4)]
    assert [len(one) for one in got] == [10, 10, 5, 0]
    assert sorted(int(body) for one in got for body in one) == list(range(25))


def test_no_message_comes_twice_in_one_answer_even_if_it_stays_in_sight(sqs: Any, queue: str) -> None:
    send(sqs, queue, "a", "b", "c")
    assert sorted(bodies(sqs, queue, 10, VisibilityTimeout=0)) == ["a", "b", "c"]
    assert sorted(bodies(sqs, queue, 10, VisibilityTimeout=0)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "values"),
    [("MaxNumberOfMessages", (0, 11, -1)), ("VisibilityTimeout", (-1, 43_201)), ("WaitTimeSeconds", (-1, 21))],
)
def test_what_a_receive_asks_for_is_within_limits(sqs: Any, queue: str, name: str, values: tuple[int, ...]) -> None:
    for value in values:
        with refused("InvalidParameterValue", name):
            sqs.receive_message(QueueUrl=queue, **{name: value})


def test_system_attributes_are_shown_when_asked_for(sqs: Any, queue: str, account: str) -> None:
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988"}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=trace, MessageGroupId="tenant")
    assert sent["MD5OfMessageSystemAttributes"]
    plain = receive_one(sqs, queue, VisibilityTimeout=0)
    assert plain is not None
    assert "Attributes" not in plain
    for asked in ({"AttributeNames": ["All"]}, {"MessageSystemAttributeNames": ["All"]}):
        got = receive_one(sqs, queue, VisibilityTimeout=0, **asked)
        assert got is not None
        have = got["Attributes"]
        assert have["SenderId"] == account
        assert have["AWSTraceHeader"] == "Root=1-5759e988"
        assert have["MessageGroupId"] == "tenant"
        assert int(have["ApproximateFirstReceiveTimestamp"]) >= int(have["SentTimestamp"])
    got = receive_one(sqs, queue, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert got is not None
    assert got["Attributes"] == {"ApproximateReceiveCount": "4"}


def test_old_clients_name_system_attributes_among_the_attribute_names(sqs: Any, queue: str) -> None:
    send(sqs, queue, "x")
    got = receive_one(sqs, queue, AttributeNames=["SentTimestamp", "ApproximateReceiveCount"])
    assert got is not None
    assert set(got["Attributes"]) == {"SentTimestamp", "ApproximateReceiveCount"}


def test_message_attributes_are_chosen_by_name_and_prefix(sqs: Any, queue: str) -> None:
    given = {
        "a.one": TEXT,
        "a.two": {"DataType": "Number.int", "StringValue": "-1.5e3"},
        "b": {"DataType": "Binary.gif", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=given)
    for asked, names in (
        ([], []),
        (["All"], [*given]),
        ([".*"], [*given]),
        (["b"], ["b"]),
        (["a.*"], ["a.one", "a.two"]),
    ):
        got = receive_one(sqs, queue, VisibilityTimeout=0, MessageAttributeNames=asked)
        assert got is not None
        assert got.get("MessageAttributes", {}) == {name: given[name] for name in names}
        if len(names) == 3:
            assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS.x", TEXT),
        ("amazon.x", TEXT),
        ("a..b", TEXT),
        (".a", TEXT),
        ("a.", TEXT),
        ("é", TEXT),
        ("x" * 257, TEXT),
        ("x", {"DataType": "Text", "StringValue": "x"}),
        ("x", {"DataType": "String", "StringValue": ""}),
        ("x", {"DataType": "Number", "StringValue": "one"}),
        ("x", {"DataType": "Binary", "BinaryValue": b""}),
        ("x", {"DataType": "String", "BinaryValue": b"x"}),
    ],
)
def test_message_attributes_sqs_would_not_take_are_refused(sqs: Any, queue: str, name: str, value: Any) -> None:
    with refused("InvalidParameterValue"):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={name: value})


def test_a_message_has_at_most_ten_attributes(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={f"a{i}": TEXT for i in range(10)})
    with refused("InvalidParameterValue", "10"):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={f"a{i}": TEXT for i in range(11)})


def test_delayed_messages_come_after_their_delay(timed: Any, timed_queue: str, advance: Callable[[float], Any]) -> None:
    send(timed, timed_queue, "later", DelaySeconds=100)
    assert counts(timed, timed_queue) == (0, 0, 1)
    advance(95)
    assert bodies(timed, timed_queue) == []
    advance(6)
    assert counts(timed, timed_queue) == (1, 0, 0)
    assert bodies(timed, timed_queue) == ["later"]


def test_a_queues_own_delay_holds_unless_the_message_has_one(
    timed: Any, timed_queue: str, advance: Callable[[float], Any]
) -> None:
    timed.set_queue_attributes(QueueUrl=timed_queue, Attributes={"DelaySeconds": "50"})
    send(timed, timed_queue, "later")
    send(timed, timed_queue, "now", DelaySeconds=0)
    assert bodies(timed, timed_queue) == ["now"]
    advance(51)
    assert "later" in bodies(timed, timed_queue)


def test_a_delay_is_at_most_fifteen_minutes(sqs: Any, queue: str) -> None:
    for delay in (-1, 901):
        with refused("InvalidParameterValue", "DelaySeconds"):
            send(sqs, queue, "x", DelaySeconds=delay)


def test_handles_that_are_none_are_refused_and_old_ones_do_nothing(sqs: Any, queue: str) -> None:
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    send(sqs, queue, "x")
    first = receive_one(sqs, queue, VisibilityTimeout=0)
    assert first is not None
    second = receive_one(sqs, queue)
    assert second is not None
    for handle in ("garbage", "", "AAAA", first["ReceiptHandle"][:-8]):
        with refused("ReceiptHandleIsInvalid"):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    with refused("ReceiptHandleIsInvalid"):
        sqs.delete_message(QueueUrl=other, ReceiptHandle=first["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 1, 0)
    for _ in range(2):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 0, 0)


def test_a_forged_handle_with_numbers_out_of_range_is_refused(sqs: Any, queue: str, fifo_queue: str) -> None:
    for url in (queue, fifo_queue):
        send(sqs, url, "x")
        got = receive_one(sqs, url)
        assert got is not None
        raw = base64.b64decode(got["ReceiptHandle"])
        for at in (8, 16, 24):
            forged = raw[:at] + struct.pack(">Q", (1 << 64) - 1) + raw[at + 8 :]
            with refused("ReceiptHandleIsInvalid"):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=base64.b64encode(forged).decode())


def test_a_message_whose_time_ran_out_can_be_deleted_until_it_is_received_again(
    timed: Any, timed_queue: str, advance: Callable[[float], Any]
) -> None:
    send(timed, timed_queue, "x")
    got = receive_one(timed, timed_queue)
    assert got is not None
    advance(31)
    timed.delete_message(QueueUrl=timed_queue, ReceiptHandle=got["ReceiptHandle"])
    assert receive(timed, timed_queue) == []
