"""Permissions by label: short forms of statements in the queue's policy."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.errors import MissingParameter
from fogstead.kernel.identity import is_account
from fogstead.kernel.transaction import Transaction
from fogstead.services.sqs.queues import Queue, owner_only
from fogstead.services.sqs.service import InvalidParameterValue, OverLimit, sqs

if TYPE_CHECKING:
    from fogstead.shapes.sqs import AddPermissionRequest, RemovePermissionRequest

ACTIONS_MAX = 7
STATEMENTS_MAX = 20
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
_ACTIONS = frozenset(
    {
        "*",
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "ChangeMessageVisibility",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
    }
)


@sqs.operation(on=Queue, at="QueueUrl")
def add_permission(tx: Transaction, req: AddPermissionRequest) -> None:
    """Adds a statement that allows the actions to the accounts."""
    owner_only(tx)
    queue: Queue = tx.resource
    label, accounts, actions = req["Label"], req["AWSAccountIds"], req["Actions"]
    _check(label, accounts, actions)
    document = _document(queue)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise InvalidParameterValue(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
    if len(document["Statement"]) >= STATEMENTS_MAX:
        raise OverLimit(f"{STATEMENTS_MAX + 1} Statements were found, maximum allowed is {STATEMENTS_MAX}.")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    names = [f"SQS:{action}" for action in actions]
    document["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": names[0] if len(names) == 1 else names,
            "Resource": queue.arn,
        }
    )
    _keep(tx, queue, document)


def _check(label: str, accounts: list[str], actions: list[str]) -> None:
    if _LABEL.match(label) is None:
        raise InvalidParameterValue(f"Value {label[:80]} for parameter Label is invalid.")
    for name, values in (("AWSAccountIds", accounts), ("Actions", actions)):
        if not values:
            raise MissingParameter(f"The request must contain the parameter {name}.")
    for account in accounts:
        if not is_account(account):
            raise InvalidParameterValue(
                f"Value {[account]} for parameter PrincipalId is invalid. Reason: Unable to verify."
            )
    for action in actions:
        if action not in _ACTIONS:
            raise InvalidParameterValue(
                f"Value SQS:{action} for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL "
                "for a list of valid actions."
            )
    if len(actions) > ACTIONS_MAX:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {ACTIONS_MAX}.")


@sqs.operation(on=Queue, at="QueueUrl")
def remove_permission(tx: Transaction, req: RemovePermissionRequest) -> None:
    """Removes the statement with that label."""
    owner_only(tx)
    queue: Queue = tx.resource
    document = _document(queue)
    kept = [statement for statement in document["Statement"] if statement.get("Sid") != req["Label"]]
    if len(kept) == len(document["Statement"]):
        raise InvalidParameterValue(
            f"Value {req['Label'][:80]} for parameter Label is invalid. Reason: can't find label on existing policy."
        )
    document["Statement"] = kept
    _keep(tx, queue, document)


def _document(queue: Queue) -> dict[str, Any]:
    if not queue.attributes.policy:
        return {"Version": "2012-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    document: dict[str, Any] = json.loads(queue.attributes.policy)
    if isinstance(document["Statement"], dict):
        document["Statement"] = [document["Statement"]]
    return document


def _keep(tx: Transaction, queue: Queue, document: dict[str, Any]) -> None:
    policy = json.dumps(document) if document["Statement"] else ""
    tx.replace(queue, attributes=msgspec.structs.replace(queue.attributes, policy=policy), modified_at=tx.now)
