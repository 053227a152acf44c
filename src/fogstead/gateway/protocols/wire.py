"""What a protocol is to the gateway: bytes to input, output to bytes, errors to bytes."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation, ServiceModel

Headers = list[tuple[str, str]]
Input = dict[str, Any]
Body = bytes | AsyncIterator[bytes]


@dataclass(slots=True)
class WireRequest:
    """A request as the codecs see it. Header names are lower case; repeated ones are joined by commas."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    stream: AsyncIterable[bytes] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class WireReply:
    """An answer before the front adds its own headers."""

    status: int
    headers: Headers
    body: Body = b""


Decode = Callable[[WireRequest], Input]
Encode = Callable[[Mapping[str, Any], str], WireReply]


class WireProtocol(Protocol):
    """One of AWS's protocols. Decoders and encoders are compiled once per operation."""

    name: str

    def decoder(self, operation: Operation) -> Decode:
        """Raises a SerializationError or MalformedInput for what cannot be read."""

    def encoder(self, operation: Operation) -> Encode:
        """Writes a result under the operation's output shape; the second argument is the request's id."""

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        """Writes an error in the protocol's own form."""


def message_member(model: ServiceModel, error: ServiceError) -> str:
    """What the error's shape calls its sentence: message, or Message in some services."""
    if error.code in model.error_shapes:
        for name in ("message", "Message", "errorMessage", "ErrorMessage"):
            if name in model.shape(error.code).members:
                return name
    return "message"
