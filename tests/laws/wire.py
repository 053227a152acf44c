"""A client for the laws: botocore writes the request and reads the answer, in any protocol, however wrong the input."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.credentials import Credentials
from botocore.model import OperationModel
from botocore.model import ServiceModel as BotocoreModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cloud import CloudProcess
from fogstead.model import ServiceModel
from fogstead.model.standard import standard_models
from gateway.botocore_client import botocore_model

REGION = "us-east-1"
SECRET = "test"


@dataclass(frozen=True)
class Reply:
    """An answer as it came and as botocore reads it."""

    status: int
    headers: dict[str, str]
    body: bytes
    parsed: dict[str, Any]

    @property
    def code(self) -> str:
        """The error's code, or empty."""
        return str(self.parsed.get("Error", {}).get("Code", ""))

    @property
    def message(self) -> str:
        """The error's sentence, or empty."""
        return str(self.parsed.get("Error", {}).get("Message", ""))

    @property
    def output(self) -> dict[str, Any]:
        """The operation's members alone."""
        return {name: value for name, value in self.parsed.items() if name not in {"ResponseMetadata", "Error"}}

    @property
    def raw(self) -> Any:
        """The body as the protocol's own reader gives it."""
        kind = self.headers.get("content-type", "")
        if not self.body:
            return None
        if "xml" in kind:
            return ET.fromstring(self.body)
        return cbor2.loads(self.body) if "cbor" in kind else json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """Someone with an access key, in a Region."""

    cloud: CloudProcess
    account: str
    region: str = REGION
    secret: str = SECRET
    signs: bool = True

    def of(self, **changed: Any) -> Caller:
        """The same with something changed."""
        kept = {"account": self.account, "region": self.region, "secret": self.secret, "signs": self.signs}
        return Caller(self.cloud, **{**kept, **changed})

    def call(self, service: str, operation: str, given: dict[str, Any], protocol: str = "") -> Reply:
        """One call; the answer, whatever it says."""
        model = standard_models().load(service)
        protocol = protocol or model.protocols[0]
        shape = _botocore(service, protocol).operation_model(operation)
        request = self._request(model, shape, given, protocol)
        parts = urlsplit(request.url)
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=60)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(request.method, target, request.body, dict(request.headers.items()))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        reading = {"headers": headers, "status_code": answer.status, "body": body}
        parsed = create_parser(protocol).parse(reading, shape.output_shape)
        return Reply(answer.status, headers, body, parsed)

    def does(self, service: str, operation: str, given: dict[str, Any], protocol: str = "") -> dict[str, Any]:
        """One call that has to succeed; its output."""
        reply = self.call(service, operation, given, protocol)
        assert reply.status < 300, f"{service} {operation} {given}: {reply.status} {reply.code} {reply.message}"
        return reply.output

    def _request(self, model: ServiceModel, shape: OperationModel, given: dict[str, Any], protocol: str) -> Any:
        serialized = create_serializer(protocol, include_validation=False).serialize_to_request(given, shape)
        prepare_request_dict(serialized, self.cloud.endpoint, {})
        body = serialized["body"]
        if isinstance(body, dict):
            body = urlencode(body, doseq=True)
        if isinstance(body, str):
            body = body.encode()
        request = AWSRequest(serialized["method"], serialized["url"], serialized["headers"], body)
        request.context["payload_signing_enabled"] = True
        if self.signs:
            SigV4Auth(Credentials(self.account, self.secret), model.signing_name, self.region).add_auth(request)
        return request.prepare()


@cache
def _botocore(service: str, protocol: str) -> BotocoreModel:
    return botocore_model(standard_models().load(service), protocol)
