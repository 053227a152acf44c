"""The protocols by their names in the models."""

from __future__ import annotations

from fogstead.gateway.protocols.cbor import CborProtocol
from fogstead.gateway.protocols.ec2 import Ec2Protocol
from fogstead.gateway.protocols.json import JsonProtocol
from fogstead.gateway.protocols.query import QueryProtocol
from fogstead.gateway.protocols.rest_json import RestJsonProtocol
from fogstead.gateway.protocols.rest_xml import RestXmlProtocol
from fogstead.gateway.protocols.wire import Decode, Encode, WireProtocol
from fogstead.model import Operation

PROTOCOLS: dict[str, WireProtocol] = {
    protocol.name: protocol
    for protocol in (
        JsonProtocol(),
        CborProtocol(),
        QueryProtocol(),
        Ec2Protocol(),
        RestJsonProtocol(),
        RestXmlProtocol(),
    )
}


class Codecs:
    """Compiled decoders and encoders, made at an operation's first call in a protocol."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], tuple[Decode, Encode]] = {}

    def of(self, protocol: str, operation: Operation) -> tuple[Decode, Encode]:
        """The decoder and encoder of an operation in one of its service's protocols."""
        key = (protocol, operation.service.name, operation.name)
        made = self._made.get(key)
        if made is None:
            codec = PROTOCOLS[protocol]
            made = self._made[key] = (codec.decoder(operation), codec.encoder(operation))
        return made
