"""Messages as they are kept and shown, and the handles that consumers delete them by."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from fogstead.kernel.errors import MissingParameter
from fogstead.services.sqs.attributes import QueueAttributes
from fogstead.services.sqs.service import InvalidMessageContents, InvalidParameterValue, ReceiptHandleIsInvalid

INLINE_BYTES = 4096
ATTRIBUTES_MAX = 10
_NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws\.|amazon\.))[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")
_DATA_TYPE = re.compile(r"(String|Number|Binary)(\.[\s\S]{1,250})?\Z")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")
_GROUP = re.compile(r"[\x21-\x7e]{1,128}\Z")
_LENGTH = struct.Struct(">I")
_HANDLE = struct.Struct(">QQQQI")
_INTEGER_MAX = (1 << 63) - 1


class Seal(msgspec.Struct, frozen=True, array_like=True):
    """What a message's contents are sealed under; they stay so in other queues."""

    queue: int
    """The identity of the queue it was sent to."""
    queue_arn: str = ""
    key_arn: str = ""
    data_key: bytes = b""
    """As KMS sealed it; empty under the cloud's own key alone."""


class Message(msgspec.Struct, array_like=True):
    """One message at rest. Times in cloud milliseconds; `body` is None when it has a row of its own, or is sealed."""

    id: str
    body: str | None
    md5: str
    sender: str
    sent_at: int
    attributes: dict[str, Any] | None = None
    trace: str = ""
    group: str = ""
    deduplication_id: str = ""
    sequence: str = ""
    size: int = 0
    receives: int = 0
    first_received_at: int = 0
    received_at: int = 0
    visible_at: int = 0
    moved: bool = False
    delayed: bool = False
    source_arn: str = ""
    seal: Seal | None = None
    sealed: bytes = b""
    """Body, digest and attributes, when there is a seal."""

    @property
    def is_long(self) -> bool:
        """Whether its contents have a row of their own."""
        return self.size > INLINE_BYTES


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode
VERSION = b"\x01"


def to_bytes(message: Message) -> bytes:
    """A message's row; of a sealed message nothing is in the clear that its sender wrote."""
    if message.seal is not None:
        message = msgspec.structs.replace(message, body=None, md5="", attributes=None)
    return VERSION + _encode(message)


def from_bytes(raw: bytes) -> Message:
    """The message of a row; ValueError when a newer program wrote it."""
    if raw[0] != 1:
        raise ValueError(f"a message of version {raw[0]} cannot be read by this program")
    return _decode(memoryview(raw)[1:])


def take_apart(message: Message) -> bytes:
    """Take the contents of a long message out of it, to be kept in a row of their own."""
    if message.seal is not None:
        contents, message.sealed = message.sealed, b""
        return contents
    assert message.body is not None
    body, message.body = message.body, None
    return body.encode("utf-8", "surrogatepass")


def put_together(message: Message, contents: bytes) -> None:
    """Give a message back what was taken out of it."""
    if message.seal is not None:
        message.sealed = contents
    else:
        message.body = contents.decode("utf-8", "surrogatepass")


class Handle(NamedTuple):
    """What a receipt handle says: which queue, which of its lives, which receive of which message."""

    identity: int
    incarnation: int
    visible_at: int
    number: int
    receives: int
    group: str

    def encode(self) -> str:
        """Opaque to users."""
        packed = _HANDLE.pack(self.identity, self.incarnation, self.visible_at, self.number, self.receives)
        return base64.b64encode(packed + self.group.encode("utf-8")).decode("ascii")

    @classmethod
    def decode(cls, text: str, identity: int) -> Handle:
        """ReceiptHandleIsInvalid when it is none, or another queue's."""
        try:
            raw = base64.b64decode(text, validate=True)
            identity_given, incarnation, visible_at, number, receives = _HANDLE.unpack_from(raw)
            group = raw[_HANDLE.size :].decode("utf-8")
        except (binascii.Error, struct.error, ValueError):
            identity_given = None
        if identity_given != identity or max(visible_at, number, incarnation) > _INTEGER_MAX:
            raise ReceiptHandleIsInvalid(f'The input receipt handle "{text[:200]}" is not a valid receipt handle.')
        return cls(identity, incarnation, visible_at, number, receives, group)


# --------------------------------------------------------------------------- taking a message
def read(entry: Mapping[str, Any], queue: QueueAttributes, message_id: str, sender: str, now: int) -> Message:
    """A checked message from what the sender gave; the errors are SQS's own."""
    body = entry["MessageBody"]
    if not body:
        raise MissingParameter("The request must contain the parameter MessageBody.")
    if not (body.isascii() and body.isprintable()) and _NOT_ALLOWED.search(body):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to "
            "#xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )
    raw = body.encode("utf-8")
    attributes = entry.get("MessageAttributes")
    size = len(raw) + (_check_attributes(attributes) if attributes else 0)
    if size > queue.message_bytes_max:
        raise InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.message_bytes_max} bytes."
        )
    message = Message(
        message_id,
        body,
        hashlib.md5(raw, usedforsecurity=False).hexdigest(),
        sender,
        now,
        attributes or None,
        size=size,
    )
    system = entry.get("MessageSystemAttributes")
    if system:
        message.trace = _trace(system)
    group = entry.get("MessageGroupId")
    if group is not None:
        message.group = checked_id("MessageGroupId", group)
    return message


def checked_id(name: str, value: str) -> str:
    """A group or deduplication id."""
    if _GROUP.match(value) is None:
        raise InvalidParameterValue(
            f"Value {value[:128]} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
            "punctuation characters. 1 to 128 in length."
        )
    return value


def _trace(system: Mapping[str, Any]) -> str:
    for name, value in system.items():
        if name != "AWSTraceHeader" or value.get("DataType") != "String":
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
    return str(system["AWSTraceHeader"].get("StringValue", ""))


def _check_attributes(attributes: Mapping[str, Any]) -> int:
    """The size of the attributes; InvalidParameterValue for what SQS would not take."""
    if len(attributes) > ATTRIBUTES_MAX:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10]."
        )
    return sum(_check_attribute(name, value) for name, value in attributes.items())


def _check_attribute(name: str, value: Mapping[str, Any]) -> int:
    if not 1 <= len(name) <= 256 or _ATTRIBUTE_NAME.match(name) is None:
        raise InvalidParameterValue(
            f"Can only include alphanumeric characters, hyphens, underscores, or periods: {name[:256]!r}."
        )
    if value.get("StringListValues") or value.get("BinaryListValues"):
        raise InvalidParameterValue("Message attribute list values in SendMessage operation are not supported.")
    match = _DATA_TYPE.match(value.get("DataType", ""))
    if match is None:
        raise InvalidParameterValue(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    given = value.get("BinaryValue" if match[1] == "Binary" else "StringValue")
    if not given:
        raise InvalidParameterValue(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
            f"type '{value['DataType']}'."
        )
    if match[1] == "Number" and _NUMBER.match(given) is None:
        raise InvalidParameterValue(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    if isinstance(given, str) and _NOT_ALLOWED.search(given):
        raise InvalidMessageContents(f"Invalid characters found in the value of message attribute '{name}'.")
    return len(name) + len(value["DataType"]) + (len(given) if isinstance(given, bytes) else len(given.encode("utf-8")))


def attributes_md5(attributes: Mapping[str, Any]) -> str:
    """The digest that clients check. Source: Developer Guide, "Calculating the MD5 message digest for attributes"."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        for text in (name.encode("utf-8"), value["DataType"].encode("utf-8")):
            digest.update(_LENGTH.pack(len(text)) + text)
        binary = value["DataType"].startswith("Binary")
        given = value["BinaryValue"] if binary else value["StringValue"].encode("utf-8")
        digest.update((b"\x02" if binary else b"\x01") + _LENGTH.pack(len(given)) + given)
    return digest.hexdigest()


# --------------------------------------------------------------------------- showing a message
class Wanted(NamedTuple):
    """Which attributes a receiver asked for."""

    system: frozenset[str]
    user: tuple[str, ...]

    @classmethod
    def of(cls, req: Mapping[str, Any]) -> Wanted:
        """From a ReceiveMessage request, in its old and its new form."""
        system = frozenset((*req.get("AttributeNames", ()), *req.get("MessageSystemAttributeNames", ())))
        return cls(system, tuple(req.get("MessageAttributeNames", ())))


def shown(message: Message, handle: str, wanted: Wanted) -> Any:
    """A received message as SQS shows it."""
    out: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": handle,
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    if wanted.system:
        system = _system_attributes(message)
        chosen = system if "All" in wanted.system else {n: v for n, v in system.items() if n in wanted.system}
        if chosen:
            out["Attributes"] = chosen
    if message.attributes and wanted.user:
        chosen = {name: value for name, value in message.attributes.items() if _is_wanted(name, wanted.user)}
        if chosen:
            out["MessageAttributes"] = chosen
            out["MD5OfMessageAttributes"] = attributes_md5(chosen)
    return out


def _is_wanted(name: str, wanted: tuple[str, ...]) -> bool:
    return any(one in {"All", ".*", name} or (one.endswith(".*") and name.startswith(one[:-2])) for one in wanted)


def _system_attributes(message: Message) -> dict[str, str]:
    out = {
        "SenderId": message.sender,
        "SentTimestamp": str(message.sent_at),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(message.first_received_at),
    }
    optional = {
        "SequenceNumber": message.sequence,
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group,
        "AWSTraceHeader": message.trace,
        "DeadLetterQueueSourceArn": message.source_arn,
    }
    out.update({name: value for name, value in optional.items() if value})
    return out


def sent(message: Message) -> Any:
    """What a sender is told."""
    out: dict[str, Any] = {"MD5OfMessageBody": message.md5, "MessageId": message.id}
    if message.attributes:
        out["MD5OfMessageAttributes"] = attributes_md5(message.attributes)
    if message.trace:
        value = {"AWSTraceHeader": {"DataType": "String", "StringValue": message.trace}}
        out["MD5OfMessageSystemAttributes"] = attributes_md5(value)
    if message.sequence:
        out["SequenceNumber"] = message.sequence
    return out
