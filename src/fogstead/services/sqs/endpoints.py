"""`/_aws/sqs/messages?QueueUrl=...`: look at the messages of a queue without receiving them. For tests and people.

`ShowInvisible=true` and `ShowDelayed=true` show more. Only for trusted callers, for it passes by all policies.
Messages that a key of KMS has sealed are left out: nobody has asked KMS for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec

from fogstead.kernel.endpoints import RawEndpoint, RawExchange
from fogstead.kernel.identity import DEFAULT_ACCOUNT
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.services.sqs import contents, encryption, messages
from fogstead.services.sqs.messages import Wanted
from fogstead.services.sqs.queues import Queue

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

SHOWN_MAX = 1_000
_JSON = [("content-type", "application/json")]
_EVERYTHING = Wanted(frozenset({"All"}), ("All",))


async def peek(cloud: Cloud, exchange: RawExchange) -> None:
    """Answers `{"Messages": [...]}`, at most a thousand."""
    asked = {name: values[-1] for name, values in parse_qs(exchange.query).items()}
    if not exchange.trusted:
        _answer(exchange, 403, {"message": "sign with a root key, or call from a program on this machine"})
        return
    if not asked.get("QueueUrl"):
        _answer(exchange, 400, {"message": "say which queue: ?QueueUrl=..."})
        return
    located = Queue.locate(asked["QueueUrl"], home_of(DEFAULT_ACCOUNT, asked.get("Region") or exchange.region))
    invisible = asked.get("ShowInvisible", "").lower() == "true"
    delayed = asked.get("ShowDelayed", "").lower() == "true"

    def read(tx: Transaction) -> list[dict[str, Any]] | None:
        queue: Queue | None = tx.at(located)
        if queue is None:
            return None
        found = contents.peek(tx, queue, SHOWN_MAX, invisible=invisible, delayed=delayed)
        open_ones = (message for message in found if encryption.unseal_own(tx, message))
        return [messages.shown(message, "SQS/BACKDOOR/ACCESS", _EVERYTHING) for message in open_ones]

    shown = await cloud.transact(located.home, read, read_only=True)
    if shown is None:
        _answer(exchange, 404, {"message": "The specified queue does not exist."})
    else:
        _answer(exchange, 200, {"Messages": shown})


def _answer(exchange: RawExchange, status: int, body: dict[str, Any]) -> None:
    exchange.answer(status, _JSON, msgspec.json.encode(body))


ENDPOINTS = [RawEndpoint("sqs messages", peek, path_prefix="/_aws/sqs/messages")]
