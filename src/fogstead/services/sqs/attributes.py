"""A queue's attributes: read from what users send, checked as SQS checks them, shown as SQS shows them.

Source: SQS API reference, CreateQueue and SetQueueAttributes, with the limits of the Developer Guide's quotas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fogstead.kernel.arns import Arn
from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.policies import compile_policy
from fogstead.services.sqs.service import InvalidAttributeName, InvalidAttributeValue

MESSAGE_BYTES_MAX = 1_048_576
_QUEUES_ALLOWED_MAX = 10


class RedrivePolicy(msgspec.Struct, frozen=True, array_like=True):
    """Where messages go that were received too often."""

    target_arn: str
    max_receives: int


class QueueAttributes(msgspec.Struct, frozen=True, array_like=True):
    """What users may set, with SQS's defaults; times in seconds, sizes in bytes."""

    delay: int = 0
    message_bytes_max: int = MESSAGE_BYTES_MAX
    retention: int = 345_600
    wait: int = 0
    visibility: int = 30
    policy: str = ""
    redrive_text: str = ""
    redrive: RedrivePolicy | None = None
    redrive_allow: str = ""
    fifo: bool = False
    content_based_deduplication: bool = False
    deduplication_scope: str = "queue"
    throughput_limit: str = "perQueue"

    @property
    def deduplicates_by_group(self) -> bool:
        """Whether a deduplication id counts within its message group only."""
        return self.fifo and self.deduplication_scope == "messageGroup"


_NUMBERS = {
    "DelaySeconds": ("delay", 0, 900),
    "MaximumMessageSize": ("message_bytes_max", 1024, MESSAGE_BYTES_MAX),
    "MessageRetentionPeriod": ("retention", 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": ("wait", 0, 20),
    "VisibilityTimeout": ("visibility", 0, 43_200),
}
_KMS = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds")
_COMPUTED = frozenset(
    {
        "QueueArn",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
    }
)


def changed(attributes: QueueAttributes, given: Mapping[str, str], *, creating: bool = False) -> QueueAttributes:
    """The attributes with what was given; InvalidAttributeName or InvalidAttributeValue for what SQS would not take."""
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if name in _NUMBERS:
            field, low, high = _NUMBERS[name]
            changes[field] = _number(name, value, low, high)
        elif name in _READERS:
            changes.update(_READERS[name](value))
        elif name == "FifoQueue":
            changes["fifo"] = _fifo(attributes, value, creating=creating)
        elif name in _KMS:
            _refuse_kms(name, value)
        else:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    made = msgspec.structs.replace(attributes, **changes)
    _check_fifo_only(made, given)
    return made


def _number(name: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return int(value)


def _fifo(attributes: QueueAttributes, value: str, *, creating: bool) -> bool:
    if value.lower() != "true" or not (creating or attributes.fifo):
        raise InvalidAttributeValue("Invalid value for the parameter FifoQueue.")
    return True


def _refuse_kms(name: str, value: str) -> None:
    if name == "KmsMasterKeyId" and value:
        raise NotImplementedHere("KmsMasterKeyId is not implemented: KMS has not landed in this cloud.")
    if name == "KmsDataKeyReusePeriodSeconds":
        _number(name, value, 60, 86_400)
        raise NotImplementedHere("KmsDataKeyReusePeriodSeconds is not implemented: KMS has not landed in this cloud.")


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return value.lower() == "true"


def _managed_sse(value: str) -> dict[str, Any]:
    if _boolean("SqsManagedSseEnabled", value):
        raise NotImplementedHere(
            "SqsManagedSseEnabled is not implemented: bodies are not sealed at rest until KMS lands."
        )
    return {}


def _policy(value: str) -> dict[str, Any]:
    if value:
        try:
            compile_policy(value, "resource")
        except PolicyFault as fault:
            raise InvalidAttributeValue(f"Invalid value for the parameter Policy. {fault}") from None
    return {"policy": value}


def _redrive(value: str) -> dict[str, Any]:
    if not value:
        return {"redrive_text": "", "redrive": None}
    document = _json_object("RedrivePolicy", value)
    target, receives = document.get("deadLetterTargetArn"), document.get("maxReceiveCount")
    if target is None or receives is None:
        missing = "deadLetterTargetArn" if target is None else "maxReceiveCount"
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory "
            f"attribute: {missing}."
        )
    if not re.fullmatch(r"[0-9]{1,4}", str(receives)) or not 1 <= int(receives) <= 1000:
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: "
            f"{receives}, valid values are from 1 to 1000 both inclusive."
        )
    _queue_arn(str(target), "RedrivePolicy", value)
    return {"redrive_text": value, "redrive": RedrivePolicy(str(target), int(receives))}


def _redrive_allow(value: str) -> dict[str, Any]:
    if not value:
        return {"redrive_allow": ""}
    document = _json_object("RedriveAllowPolicy", value)
    permission, sources = document.get("redrivePermission"), document.get("sourceQueueArns")
    known = permission in {"allowAll", "denyAll", "byQueue"}
    listed = isinstance(sources, list) and 1 <= len(sources) <= _QUEUES_ALLOWED_MAX
    if not known or (permission == "byQueue") != (sources is not None) or (sources is not None and not listed):
        raise InvalidAttributeValue("Invalid value for the parameter RedriveAllowPolicy.")
    return {"redrive_allow": value}


def _json_object(name: str, value: str) -> dict[str, Any]:
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidAttributeValue(
            f"Value {value} for parameter {name} is invalid. Reason: Redrive policy is not valid JSON."
        )
    return document


def _queue_arn(text: str, name: str, value: str) -> Arn:
    try:
        arn = Arn.parse(text)
    except ValueError:
        arn = None
    if arn is None or arn.service != "sqs" or not arn.resource:
        raise InvalidAttributeValue(
            f"Value {value} for parameter {name} is invalid. Reason: Invalid value for deadLetterTargetArn."
        )
    return arn


def _choice(name: str, field: str, *choices: str) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        if value not in choices:
            raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
        return {field: value}

    return read


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Policy": _policy,
    "RedrivePolicy": _redrive,
    "RedriveAllowPolicy": _redrive_allow,
    "SqsManagedSseEnabled": _managed_sse,
    "ContentBasedDeduplication": lambda value: {
        "content_based_deduplication": _boolean("ContentBasedDeduplication", value)
    },
    "DeduplicationScope": _choice("DeduplicationScope", "deduplication_scope", "queue", "messageGroup"),
    "FifoThroughputLimit": _choice("FifoThroughputLimit", "throughput_limit", "perQueue", "perMessageGroupId"),
}
_FIFO_ONLY = ("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")


def _check_fifo_only(attributes: QueueAttributes, given: Mapping[str, str]) -> None:
    if not attributes.fifo:
        for name in _FIFO_ONLY:
            if name in given:
                raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if attributes.throughput_limit == "perMessageGroupId" and attributes.deduplication_scope != "messageGroup":
        raise InvalidAttributeValue(
            "FifoThroughputLimit can be set to perMessageGroupId only when DeduplicationScope is messageGroup."
        )


def shown(attributes: QueueAttributes) -> dict[str, str]:
    """What GetQueueAttributes answers of what was set."""
    out = {name: str(getattr(attributes, field)) for name, (field, _, _) in _NUMBERS.items()}
    out["SqsManagedSseEnabled"] = "false"
    documents = {
        "Policy": attributes.policy,
        "RedrivePolicy": attributes.redrive_text,
        "RedriveAllowPolicy": attributes.redrive_allow,
    }
    out.update({name: value for name, value in documents.items() if value})
    if attributes.fifo:
        out["FifoQueue"] = "true"
        out["ContentBasedDeduplication"] = "true" if attributes.content_based_deduplication else "false"
        out["DeduplicationScope"] = attributes.deduplication_scope
        out["FifoThroughputLimit"] = attributes.throughput_limit
    return out


def check_names(names: list[str]) -> None:
    """InvalidAttributeName for a name that no queue has."""
    known = {*_NUMBERS, *_READERS, *_KMS, *_COMPUTED, "FifoQueue", "All"}
    for name in names:
        if name not in known:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
