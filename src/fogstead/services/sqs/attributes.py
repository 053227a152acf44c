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
    kms_key_id: str = ""
    """As it was given; empty where no key of KMS is used."""
    kms_reuse: int = 300
    managed_sse: bool = False
    """Whether messages are sealed under the cloud's own key."""

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
    "KmsDataKeyReusePeriodSeconds": ("kms_reuse", 60, 86_400),
}
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
        else:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    changes.update(_one_encryption(changes))
    made = msgspec.structs.replace(attributes, **changes)
    if not made.kms_key_id and made.kms_reuse != attributes.kms_reuse:
        made = msgspec.structs.replace(made, kms_reuse=attributes.kms_reuse)  # without a key it is ignored
    _check_fifo_only(made, given)
    return made


def _one_encryption(changes: Mapping[str, Any]) -> dict[str, Any]:
    """A queue has one of the two; asking for one gives the other up. No document tells that, but queues begin with one.

    Source of the refusal: github.com/ansible-collections/community.aws/issues/2433.
    """
    if changes.get("kms_key_id") and changes.get("managed_sse"):
        raise InvalidAttributeValue(
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS "
            "SSE."
        )
    if changes.get("kms_key_id"):
        return {"managed_sse": False}
    return {"kms_key_id": ""} if changes.get("managed_sse") else {}


def _number(name: str, value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return int(value)


def _fifo(attributes: QueueAttributes, value: str, *, creating: bool) -> bool:
    if value.lower() != "true" or not (creating or attributes.fifo):
        raise InvalidAttributeValue("Invalid value for the parameter FifoQueue.")
    return True


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return value.lower() == "true"


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
    "KmsMasterKeyId": lambda value: {"kms_key_id": value},
    "SqsManagedSseEnabled": lambda value: {"managed_sse": _boolean("SqsManagedSseEnabled", value)},
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
    out["SqsManagedSseEnabled"] = "true" if attributes.managed_sse else "false"
    if attributes.kms_key_id:
        out["KmsMasterKeyId"] = attributes.kms_key_id
    else:
        del out["KmsDataKeyReusePeriodSeconds"]
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
    known = {*_NUMBERS, *_READERS, *_COMPUTED, "FifoQueue", "All"}
    for name in names:
        if name not in known:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
