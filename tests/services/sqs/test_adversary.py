"""All of SQS on a store that runs everything twice, meets conflicts, and holds work to the rules."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fogstead.kernel.errors import ServiceUnavailable
from fogstead.primitives.store.adversary import AdversaryStore, Trouble

from .cloud_inside import ACCOUNT, CloudInside


async def _life_of(inside: CloudInside, suffix: str) -> None:
    """Every operation at least once, and a message's whole way."""
    ok = inside.ok
    queue, dead = await inside.queue(f"work{suffix}"), await inside.queue(f"dead{suffix}")
    dead_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead{suffix}"
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    await ok("SetQueueAttributes", QueueUrl=queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "50"})
    own = (lambda i: {"MessageGroupId": f"g{i % 3}", "MessageDeduplicationId": str(i)}) if suffix else lambda i: {}
    sent = [await ok("SendMessage", QueueUrl=queue, MessageBody=f"{i}" * 3000, **own(i)) for i in range(6)]
    entries = [{"Id": str(i), "MessageBody": str(i), **own(i + 10)} for i in range(9)]
    answer = await ok("SendMessageBatch", QueueUrl=queue, Entries=[*entries, {"Id": "bad", "MessageBody": "\x00"}])
    assert (len(answer["Successful"]), len(answer["Failed"])) == (9, 1)
    ids = {one["MessageId"] for one in (*sent, *answer["Successful"])}
    assert len(ids) == 15
    first = (await ok("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10))["Messages"]
    assert {one["MessageId"] for one in first} <= ids
    await ok("DeleteMessage", QueueUrl=queue, ReceiptHandle=first[0]["ReceiptHandle"])
    await ok("ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=first[1]["ReceiptHandle"], VisibilityTimeout=0)
    later = [{"Id": "a", "ReceiptHandle": first[2]["ReceiptHandle"], "VisibilityTimeout": 20}]
    assert (await ok("ChangeMessageVisibilityBatch", QueueUrl=queue, Entries=later))["Successful"]
    gone = [{"Id": "a", "ReceiptHandle": first[3]["ReceiptHandle"]}, {"Id": "b", "ReceiptHandle": "garbage"}]
    deleted = await ok("DeleteMessageBatch", QueueUrl=queue, Entries=gone)
    assert (len(deleted["Successful"]), len(deleted["Failed"])) == (1, 1)
    await inside.advance(60)
    for _ in range(4):
        while (await ok("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=1)).get("Messages"):
            pass
        await inside.advance(5)
    assert await _visible(inside, dead) == 13
    await ok("StartMessageMoveTask", SourceArn=dead_arn)
    await inside.advance(5)
    tasks = (await ok("ListMessageMoveTasks", SourceArn=dead_arn))["Results"]
    assert (tasks[0]["Status"], tasks[0]["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 13)
    assert await _visible(inside, queue) == 13
    await ok("StartMessageMoveTask", SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)
    waiting = asyncio.create_task(inside.sqs("ReceiveMessage", QueueUrl=dead, WaitTimeSeconds=20))
    await asyncio.sleep(0.02)
    await ok("SendMessage", QueueUrl=dead, MessageBody="woken", **own(99))
    assert (await waiting)["Messages"][0]["Body"] == "woken"
    await _administration(inside, queue, dead)


async def _administration(inside: CloudInside, queue: str, dead: str) -> None:
    ok = inside.ok
    await ok("AddPermission", QueueUrl=queue, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
    await ok("RemovePermission", QueueUrl=queue, Label="l")
    await ok("TagQueue", QueueUrl=queue, Tags={"a": "1"})
    await ok("UntagQueue", QueueUrl=queue, TagKeys=["b"])
    assert (await ok("ListQueueTags", QueueUrl=queue))["Tags"] == {"a": "1"}
    assert len((await ok("ListQueues"))["QueueUrls"]) >= 2
    assert (await ok("ListDeadLetterSourceQueues", QueueUrl=dead))["queueUrls"] == [queue]
    assert (await ok("GetQueueUrl", QueueName=queue.rpartition("/")[2]))["QueueUrl"] == queue
    await ok("PurgeQueue", QueueUrl=queue)
    assert await _visible(inside, queue) == 0
    await inside.advance(20 * 86_400)
    assert await _visible(inside, dead) == 0
    for url in (queue, dead):
        await ok("DeleteQueue", QueueUrl=url)
    await inside.advance(120)


async def _visible(inside: CloudInside, queue: str) -> int:
    answer = await inside.ok("GetQueueAttributes", QueueUrl=queue, AttributeNames=["All"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@pytest.mark.parametrize("suffix", ["", ".fifo"])
@pytest.mark.parametrize("seed", range(3))
def test_every_operation_may_be_run_again_and_again(seed: int, suffix: str) -> None:
    async def scenario() -> None:
        inside = await CloudInside.start(AdversaryStore(seed, Trouble(conflicts=0.3)))
        await _life_of(inside, suffix)
        await inside.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_the_largest_steps_stay_within_what_one_transaction_may_touch(suffix: str) -> None:
    """A thousand long dead letters, a thousand expired messages, and a move of all of them."""

    async def scenario() -> None:
        inside = await CloudInside.start(AdversaryStore(1, Trouble(conflicts=0.0)))
        queue, dead = await inside.queue(f"work{suffix}"), await inside.queue(f"dead{suffix}")
        dead_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead{suffix}"
        for at in range(0, 1100, 10):
            entries: list[dict[str, Any]] = [{"Id": str(i), "MessageBody": "x" * 4500} for i in range(10)]
            if suffix:
                for i, entry in enumerate(entries):
                    entry |= {"MessageGroupId": f"g{at + i}", "MessageDeduplicationId": str(at + i)}
            await inside.ok("SendMessageBatch", QueueUrl=queue, Entries=entries)
        while (await inside.ok("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=60)).get(
            "Messages"
        ):
            pass
        await inside.advance(61)
        policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        await inside.ok("SetQueueAttributes", QueueUrl=queue, Attributes={"RedrivePolicy": policy})
        assert not (await inside.ok("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10)).get("Messages")
        assert await _visible(inside, dead) == 1100
        await inside.ok("StartMessageMoveTask", SourceArn=dead_arn)
        await inside.advance(10)
        assert await _visible(inside, queue) == 1100
        await inside.advance(6 * 86_400)
        await inside.advance(3600)
        assert await _visible(inside, queue) == 0
        await inside.close()

    asyncio.run(scenario())


def test_what_the_store_did_not_keep_is_not_acknowledged() -> None:
    async def scenario() -> None:
        inside = await CloudInside.start(AdversaryStore(7, Trouble(conflicts=0.1)))
        queue = await inside.queue("work")
        inside.cloud.store.trouble = Trouble(conflicts=0.1, storage_errors=0.4)  # type: ignore[attr-defined]
        kept, refused = [], 0
        for i in range(100):
            answer = await inside.sqs("SendMessage", QueueUrl=queue, MessageBody=str(i))
            if isinstance(answer, ServiceUnavailable):
                refused += 1
            else:
                kept.append(str(i))
        inside.cloud.store.trouble = Trouble(conflicts=0.1)  # type: ignore[attr-defined]
        got: list[str] = []
        while found := (await inside.ok("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10)).get("Messages"):
            got += [one["Body"] for one in found]
        assert refused > 10
        assert got == kept
        await inside.close()

    asyncio.run(scenario())
