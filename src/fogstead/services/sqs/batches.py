"""Batches: up to ten entries, each with a result or an error of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.services.sqs.service import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
    sqs,
)

ENTRIES_MAX = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")

Entry = Mapping[str, Any]


def check(entries: Sequence[Entry]) -> None:
    """Faults of the batch as a whole, in the order SQS looks for them."""
    if not entries:
        raise EmptyBatchRequest
    if len(entries) > ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {ENTRIES_MAX}. You have sent {len(entries)}."
        )
    ids = [entry["Id"] for entry in entries]
    for one in ids:
        if _ID.match(one) is None:
            raise InvalidBatchEntryId
    if len(set(ids)) < len(ids):
        repeated = next(one for one in ids if ids.count(one) > 1)
        raise BatchEntryIdsNotDistinct(f"Id {repeated} repeated.")


def run(tx: Transaction, entries: Sequence[Entry], work: Callable[[Entry], Mapping[str, Any]]) -> dict[str, Any]:
    """Each entry by itself: one that fails leaves nothing behind and stops no other. `work` checks before it writes."""
    successful, failed = [], []
    for entry in entries:
        outcome = tx.attempt(work, entry, checks_first=True)
        if outcome.error is None:
            successful.append({"Id": entry["Id"], **(outcome.value or {})})
        else:
            failed.append(_failed(entry["Id"], outcome.error))
    return {"Successful": successful, "Failed": failed}


def _failed(entry_id: str, error: ServiceError) -> dict[str, Any]:
    known = sqs.model.query_errors.get(error.code)
    code = known[0] if known is not None else error.code
    return {"Id": entry_id, "SenderFault": error.sender_fault, "Code": code, "Message": error.message}
