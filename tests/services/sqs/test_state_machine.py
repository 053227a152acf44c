"""Standard and FIFO queues against a small model, with the cloud killed and restarted among the rules.

Every message that was sent is received until it is deleted, none is invented, groups keep their order and are locked
while one of theirs is in flight, deduplication holds for five minutes, and the counts add up.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from cloud import CloudProcess
from machines import CloudMachine, run

from .helpers import arn, counts, with_dead_letters

RECEIVES_MAX = 3
DEDUPLICATION_SECONDS = 300
MARGIN = 5
"""Seconds that a step may take in true time; nothing is asserted so close to an edge."""

_accounts = itertools.count(1)


@dataclass
class Sent:
    """A message as the model knows it; times in seconds that were advanced."""

    body: str
    group: str
    visible_at: float = 0
    receives: int = 0
    handle: str = ""


@dataclass
class Model:
    """A queue: its messages in order, by the clock that the test moves."""

    fifo: bool
    now: float = 0
    messages: list[Sent] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    seen: dict[str, float] = field(default_factory=dict)

    def near_an_edge(self) -> bool:
        return any(0 <= one.visible_at - self.now <= MARGIN for one in self.messages if one.visible_at > self.now)

    def locked(self, group: str) -> bool:
        return self.fifo and any(one.group == group and self.hidden(one) for one in self.messages)

    def hidden(self, one: Sent) -> bool:
        return one.visible_at > self.now

    def available(self) -> list[Sent]:
        return [one for one in self.messages if not self.hidden(one) and not self.locked(one.group)]


class Queues(CloudMachine):
    """One queue, standard or FIFO, with a dead-letter queue."""

    @initialize(fifo=st.booleans())
    def make(self, fifo: bool) -> None:
        self.sqs = self.cloud.client("sqs", account=f"77{next(_accounts):010}")
        self.queue, self.dead = with_dead_letters(self.sqs, RECEIVES_MAX, ".fifo" if fifo else "")
        self.model, self.number, self.purged_at = Model(fifo), 0, -100.0

    def _entry(self, group: int, delay: int) -> dict[str, Any]:
        self.number += 1
        entry: dict[str, Any] = {"MessageBody": f"m{self.number}"}
        if self.model.fifo:
            return {**entry, "MessageGroupId": f"g{group}", "MessageDeduplicationId": f"m{self.number}"}
        return {**entry, "DelaySeconds": delay}

    def _keep(self, entry: dict[str, Any]) -> None:
        visible_at = self.model.now + entry.get("DelaySeconds", 0)
        sent = Sent(
            entry["MessageBody"], entry.get("MessageGroupId", ""), visible_at if entry.get("DelaySeconds") else 0
        )
        self.model.messages.append(sent)
        self.model.seen[sent.body] = self.model.now

    @rule(group=st.integers(0, 1), delay=st.sampled_from([0, 0, 60]))
    def send(self, group: int, delay: int) -> None:
        entry = self._entry(group, delay)
        self.sqs.send_message(QueueUrl=self.queue, **entry)
        self._keep(entry)

    @rule(groups=st.lists(st.integers(0, 1), min_size=1, max_size=10))
    def send_batch(self, groups: list[int]) -> None:
        entries = [{"Id": str(i), **self._entry(group, 0)} for i, group in enumerate(groups)]
        assert not self.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)["Failed"]
        for entry in entries:
            self._keep(entry)

    @precondition(lambda self: self.model.fifo and self.model.seen)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """The same deduplication id: nothing new within five minutes, a new message after."""
        body = data.draw(st.sampled_from(sorted(self.model.seen)))
        age = self.model.now - self.model.seen[body]
        if age <= DEDUPLICATION_SECONDS - MARGIN:
            self.sqs.send_message(
                QueueUrl=self.queue, MessageBody="again", MessageGroupId="g0", MessageDeduplicationId=body
            )
        elif age > DEDUPLICATION_SECONDS:
            self.number += 1
            new = f"m{self.number}"
            self.sqs.send_message(
                QueueUrl=self.queue, MessageBody=new, MessageGroupId="g0", MessageDeduplicationId=body
            )
            self.model.messages.append(Sent(new, "g0"))
            self.model.seen[body] = self.model.now

    @precondition(lambda self: not self.model.near_an_edge())
    @rule(limit=st.integers(1, 10), seconds=st.sampled_from([0, 60, 60, 600]))
    def receive(self, limit: int, seconds: int) -> None:
        expected = self.model.available()
        got = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=limit, VisibilityTimeout=seconds).get(
            "Messages", []
        )
        bodies = [one["Body"] for one in got]
        known = {one.body: one for one in expected}
        assert len(set(bodies)) == len(bodies) <= limit
        assert set(bodies) <= set(known), "invented, deleted, locked or in flight"
        alive = [one for one in expected if one.receives < RECEIVES_MAX]
        assert all(known[body].receives < RECEIVES_MAX for body in bodies)
        assert bodies or not alive, f"lost: {[one.body for one in alive]}"
        if self.model.fifo:
            for group in {known[body].group for body in bodies}:
                order = [one.body for one in alive if one.group == group]
                came = [body for body in bodies if known[body].group == group]
                assert came == order[: len(came)], "out of order"
        for one in got:
            sent = known[one["Body"]]
            sent.receives += 1
            sent.handle = one["ReceiptHandle"]
            sent.visible_at = self.model.now + seconds if seconds else 0
        self._find_the_dead(set(bodies))

    def _find_the_dead(self, received: set[str]) -> None:
        """The cloud buries on the way what it looks at; which it looked at is told by the peek."""
        left = self._lying(self.queue)
        for one in list(self.model.messages):
            if one.body not in left:
                assert one.receives >= RECEIVES_MAX, f"lost: {one.body}"
                assert one.body not in received
                self.model.messages.remove(one)
                self.model.dead.add(one.body)

    def _lying(self, queue: str) -> set[str]:
        path = f"/_aws/sqs/messages?QueueUrl={queue}&ShowInvisible=true&ShowDelayed=true"
        return {one["Body"] for one in self.cloud.admin("GET", path)["Messages"]}

    def _held(self) -> list[Sent]:
        return [one for one in self.model.messages if one.handle]

    @precondition(lambda self: self._held() and not self.model.near_an_edge())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self._held()))
        if self.model.fifo and not self.model.hidden(one):
            with pytest.raises(self.sqs.exceptions.ClientError):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one.handle)
            return
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one.handle)
        self.model.messages.remove(one)

    @precondition(lambda self: self._held() and not self.model.near_an_edge())
    @rule(data=st.data(), seconds=st.sampled_from([0, 30, 600]))
    def change_visibility(self, data: st.DataObject, seconds: int) -> None:
        one = data.draw(st.sampled_from(self._held()))
        change = {"QueueUrl": self.queue, "ReceiptHandle": one.handle, "VisibilityTimeout": seconds}
        if self.model.hidden(one):
            self.sqs.change_message_visibility(**change)
            one.visible_at = self.model.now + seconds if seconds else 0
        else:
            with pytest.raises(self.sqs.exceptions.MessageNotInflight):
                self.sqs.change_message_visibility(**change)

    @rule(seconds=st.sampled_from([10, 70, 400]))
    def advance(self, seconds: int) -> None:
        self.cloud.advance(seconds)
        self.model.now += seconds

    @precondition(lambda self: self.model.now - self.purged_at > 60 and self.number % 7 == 6)
    @rule()
    def purge(self) -> None:
        self.sqs.purge_queue(QueueUrl=self.queue)
        self.model.messages.clear()
        self.model.seen.clear()
        self.purged_at = self.model.now

    @precondition(lambda self: self.model.dead)
    @rule()
    def redrive(self) -> None:
        """The dead come back as new messages, behind those that are there."""
        lying = self._lying(self.dead)
        assert lying == self.model.dead
        self.sqs.start_message_move_task(SourceArn=arn(self.sqs, self.dead))
        self.cloud.advance(10)
        self.model.now += 10
        back = [one for one in self._in_order(self.queue) if one["Body"] in self.model.dead]
        assert {one["Body"] for one in back} == self.model.dead, "lost on the way back"
        groups = {one["Body"]: one["Attributes"].get("MessageGroupId", "") for one in back}
        self.model.messages += [Sent(one["Body"], groups[one["Body"]]) for one in back]
        self.model.dead.clear()

    def _in_order(self, queue: str) -> list[dict[str, Any]]:
        path = f"/_aws/sqs/messages?QueueUrl={queue}&ShowInvisible=true&ShowDelayed=true"
        return self.cloud.admin("GET", path)["Messages"]

    @rule(hard=st.booleans())
    def restart(self, hard: bool) -> None:
        """A power cut, nearly: everything that was answered is there afterwards."""
        self.cloud.kill() if hard else self.cloud.stop()
        self.cloud.start()

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self._lying(self.queue) == {one.body for one in self.model.messages}
        assert sum(counts(self.sqs, self.queue)) == len(self.model.messages)
        if not self.model.near_an_edge():
            hidden = sum(self.model.hidden(one) for one in self.model.messages)
            visible, flying, delayed = counts(self.sqs, self.queue)
            assert (visible, flying + delayed) == (len(self.model.messages) - hidden, hidden)

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self.sqs.delete_queue(QueueUrl=self.queue)


def test_queues_do_what_the_model_does_whatever_happens(own_cloud: CloudProcess) -> None:
    run(Queues, own_cloud, examples=10, steps=30, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_queues_do_what_the_model_does_for_a_long_time(own_cloud: CloudProcess) -> None:
    run(Queues, own_cloud, examples=300, steps=60, seed=random.randrange(1 << 32))
