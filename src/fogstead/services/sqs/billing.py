"""What SQS costs: requests, one for every 64 KiB of what they carry.

Source: SQS pricing page; FIFO prices are for sending, receiving, deleting and changing visibility.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.meter import Meter, is_billed, payer_of
from fogstead.primitives.clock import Millis
from fogstead.services.sqs.queues import Queue
from fogstead.services.sqs.sends import size_of
from fogstead.services.sqs.service import sqs

CHUNK_BYTES: Final = 64 * 1024
STANDARD: Final = sqs.price_line("Requests-Tier1", per="request")
FIFO: Final = sqs.price_line("Requests-FIFO-Tier1", per="request")


@sqs.bill
def bill(meter: Meter, now: Millis, invocation: Invocation, result: Any, refusal: ServiceError | None) -> None:
    """The owner of the queue pays, an empty answer as much as a full one."""
    if not is_billed(invocation, refusal):
        return
    operation, queue = invocation.operation, invocation.resource
    if isinstance(queue, Queue):
        line = FIFO if queue.is_fifo and operation.data_event else STANDARD
        chunks = 1 if refusal is not None else _chunks(operation.name, invocation.input, result)
        meter.count(now, line, chunks, payer_of(queue), operation.name)
    elif operation.on is None:
        home = invocation.home
        meter.add(now, home.account, home.region, STANDARD, operation.name, 1)


def _chunks(operation: str, given: Mapping[str, Any], result: Any) -> int:
    """Bodies and attributes of all messages together, begun chunks counted whole."""
    messages: Iterable[Mapping[str, Any]] = ()
    if operation == "SendMessage":
        messages = (given,)
    elif operation == "SendMessageBatch":
        messages = given["Entries"]
    elif operation == "ReceiveMessage":
        messages = result.get("Messages", ())
    return max(1, -(-sum(map(size_of, messages)) // CHUNK_BYTES))
