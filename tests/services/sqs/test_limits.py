"""Sizes, and how much may be in flight."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .cloud_inside import CloudInside
from .helpers import bodies, counts, refused, send

MIB = 1_048_576


@pytest.mark.parametrize("body", ["x" * MIB, "é" * (MIB // 2)])
def test_a_message_is_at_most_one_mebibyte(sqs: Any, queue: str, body: str) -> None:
    send(sqs, queue, body)
    assert bodies(sqs, queue) == [body]
    with refused("InvalidParameterValue", "1048576"):
        send(sqs, queue, body + "x")


def test_attributes_count_as_part_of_the_message(sqs: Any, queue: str) -> None:
    attributes = {"name": {"DataType": "String", "StringValue": "v" * 100}}
    size = len("name") + len("String") + 100
    sqs.send_message(QueueUrl=queue, MessageBody="x" * (MIB - size), MessageAttributes=attributes)
    with refused("InvalidParameterValue", "shorter"):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * (MIB - size + 1), MessageAttributes=attributes)


def test_a_trace_header_does_not_count(sqs: Any, queue: str) -> None:
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}
    sqs.send_message(QueueUrl=queue, MessageBody="x" * MIB, MessageSystemAttributes=trace)


def test_a_queue_may_have_a_lower_limit_of_its_own(sqs: Any, queue: str) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MaximumMessageSize": "1024"})
    send(sqs, queue, "x" * 1024)
    with refused("InvalidParameterValue", "1024"):
        send(sqs, queue, "x" * 1025)
    assert counts(sqs, queue)[0] == 1


@pytest.mark.parametrize("fifo", [False, True])
def test_too_many_in_flight_are_an_error_only_for_short_polls_of_standard_queues(fifo: bool) -> None:
    async def scenario() -> None:
        inside = await CloudInside.start(in_flight_max=20)
        queue = await inside.queue("work.fifo" if fifo else "work")
        for i in range(300):
            own = {"MessageGroupId": f"g{i}", "MessageDeduplicationId": f"{i}"} if fifo else {}
            await inside.sqs("SendMessage", QueueUrl=queue, MessageBody=str(i), **own)
        taken, outcome = 0, ""
        while not outcome:
            answer = await inside.sqs("ReceiveMessage", QueueUrl=queue)
            if isinstance(answer, Exception):
                outcome = type(answer).__name__
            elif not answer.get("Messages"):
                outcome = "empty"
            else:
                taken += 1
                handle = answer["Messages"][0]["ReceiptHandle"]
        assert outcome == ("empty" if fifo else "OverLimit")
        assert 20 <= taken < 20 + 70
        long = asyncio.create_task(inside.sqs("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=5))
        await asyncio.sleep(0.05)
        assert not long.done()
        for handle in await inside.in_flight(queue):
            await inside.sqs("DeleteMessage", QueueUrl=queue, ReceiptHandle=handle)
        assert (await long).get("Messages")
        await inside.close()

    asyncio.run(scenario())
