"""The operations that are timed. Each prepares its own fresh queue, so that nothing carries over between rounds."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.replay import Drained, Load, Outcome, Script, replay, run_scripts
from benchmarks.servers import API, Server
from benchmarks.signing import Signer
from benchmarks.wire import Connection, Reply

BODY_BYTES = 256
_DISTINCT = 1000
_PREFILL = 6_000
_names = itertools.count(1)


class WrongAnswer(Exception):
    """The first reply is not the real thing, so there is nothing worth timing."""


@dataclass(frozen=True, slots=True)
class Work:
    """Ready to be timed."""

    run: Callable[[Load], Outcome]
    first: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Row:
    """An operation with a name for `--only` and a title for people.

    `needs` is what a server has to do to be measured at it, `bytes_each` what one operation carries, and `longer` how
    many times the usual seconds it takes to see enough of them.
    """

    name: str
    title: str
    prepare: Callable[[Server, Load], Work]
    needs: str = API
    connections: int = 16
    bytes_each: int = 0
    longer: float = 1


def text_of(number: int) -> str:
    """A message's body, different for every number."""
    return f"{number:08d} {hashlib.sha256(str(number).encode()).hexdigest() * 4}"[:BODY_BYTES]


def new_queue(server: Server, *, signer: Signer | None = None, **attributes: str) -> str:
    """A fresh queue's URL."""
    name = f"bench-{os.getpid()}-{next(_names)}"
    request = (signer or server.signer).sqs("CreateQueue", QueueName=name, Attributes=attributes)
    return str(Connection(server.port).call(request).json()["QueueUrl"])


def expect(condition: object, reply: Reply) -> None:
    """WrongAnswer unless it holds."""
    if not condition:
        raise WrongAnswer(f"{reply.status} {reply.body[:200].decode('utf-8', 'replace')}")


def static(server: Server, requests: Sequence[bytes], good: Callable[[Reply], object]) -> Work:
    """The same requests over and over, once the first reply to the first of them is good."""

    def first() -> None:
        reply = Connection(server.port).call(requests[0])
        expect(good(reply), reply)

    return Work(lambda load: replay(server.port, requests, load), first)


def _identity(server: Server, _load: Load) -> Work:
    return static(server, [server.signer.identity()], lambda reply: b"<Arn>arn:aws" in reply.body)


def sends(server: Server, url: str, signer: Signer | None = None) -> Work:
    """Sending to a queue, by others than the queue's own account where a signer is given."""
    signed = signer or server.signer
    requests = [signed.sqs("SendMessage", QueueUrl=url, MessageBody=text_of(number)) for number in range(_DISTINCT)]
    digest = hashlib.md5(text_of(0).encode()).hexdigest()
    return static(server, requests, lambda reply: reply.json().get("MD5OfMessageBody") == digest)


def _attributes(server: Server, _load: Load) -> Work:
    url = new_queue(server, VisibilityTimeout="77")
    request = server.signer.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    return static(server, [request], lambda reply: reply.json()["Attributes"].get("VisibilityTimeout") == "77")


def _entries(start: int) -> list[dict[str, str]]:
    return [{"Id": str(number), "MessageBody": text_of(start + number)} for number in range(10)]


def _batch_requests(server: Server, url: str) -> list[bytes]:
    starts = range(0, _DISTINCT * 10, 10)
    return [server.signer.sqs("SendMessageBatch", QueueUrl=url, Entries=_entries(start)) for start in starts]


def _send_batch(server: Server, _load: Load) -> Work:
    digests = sorted(hashlib.md5(text_of(number).encode()).hexdigest() for number in range(10))

    def good(reply: Reply) -> bool:
        return sorted(entry["MD5OfMessageBody"] for entry in reply.json()["Successful"]) == digests

    return static(server, _batch_requests(server, new_queue(server)), good)


def _receive_delete(server: Server, load: Load) -> Work:
    url = new_queue(server, VisibilityTimeout="600")
    replay(server.port, _batch_requests(server, url), Load(8, max(1.0, load.seconds), _PREFILL // 10))
    receive = server.signer.sqs("ReceiveMessage", QueueUrl=url)
    bodies = {text_of(number) for number in range(_DISTINCT * 10)}

    def one(_number: int) -> Script:
        reply = yield receive
        messages = reply.json().get("Messages") or []
        if not messages:
            raise Drained
        yield server.signer.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])

    def first() -> None:
        connection = Connection(server.port)
        reply = connection.call(receive)
        messages = reply.json().get("Messages") or []
        expect(messages and messages[0]["Body"] in bodies, reply)
        handle = messages[0]["ReceiptHandle"]
        connection.call(server.signer.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handle))

    return Work(lambda limits: run_scripts(server.port, one, limits), first)


CALLS: Sequence[Row] = (
    Row("identity", "STS GetCallerIdentity", _identity),
    Row("attributes", "SQS GetQueueAttributes", _attributes),
    Row("send", "SQS SendMessage", lambda server, _: sends(server, new_queue(server))),
    Row("send-batch", "SQS SendMessageBatch of 10", _send_batch),
    Row("receive-delete", "SQS ReceiveMessage + DeleteMessage", _receive_delete),
)
DURABLE: Sequence[Row] = CALLS[2:]
