"""A client for the laws: botocore writes the request and reads the answer, in any protocol, however wrong the input."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import botocore.loaders
import cbor2
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
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
    method: str = "POST"

    def is_any_of(self, codes: set[str]) -> bool:
        """Whether it is one of these errors. An answer to HEAD has no room for a code."""
        return self.code in codes or (self.method == "HEAD" and self.code == str(self.status))

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
        """The body as the protocol's own reader gives it; bytes that are no document are themselves."""
        kind = self.headers.get("content-type", "")
        if not self.body:
            return None
        if "xml" in kind:
            return ET.fromstring(self.body)
        if "cbor" in kind:
            return cbor2.loads(self.body)
        return json.loads(self.body) if "json" in kind else self.body


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
        reading = {"headers": HeadersDict(headers), "status_code": answer.status, "body": body}
        parsed = create_parser(protocol).parse(reading, shape.output_shape)
        return Reply(answer.status, headers, body, parsed, request.method)

    def does(self, service: str, operation: str, given: dict[str, Any], protocol: str = "") -> dict[str, Any]:
        """One call that has to succeed; its output."""
        reply = self.call(service, operation, given, protocol)
        assert reply.status < 300, f"{service} {operation} {given}: {reply.status} {reply.code} {reply.message}"
        return reply.output

    def _request(self, model: ServiceModel, shape: OperationModel, given: dict[str, Any], protocol: str) -> Any:
        serialized = create_serializer(protocol, include_validation=False).serialize_to_request(given, shape)
        if shape.http_checksum.get("requestChecksumRequired") or shape.http_checksum_required:
            digest = hashlib.md5(serialized["body"], usedforsecurity=False).digest()
            serialized["headers"].setdefault("Content-MD5", base64.b64encode(digest).decode("ascii"))
        prepare_request_dict(serialized, self.cloud.endpoint, {})
        body = serialized["body"]
        if isinstance(body, dict):
            body = urlencode(body, doseq=True)
        if isinstance(body, str):
            body = body.encode()
        request = AWSRequest(serialized["method"], serialized["url"], serialized["headers"], body)
        request.context["payload_signing_enabled"] = True
        if self.signs:
            signer = S3SigV4Auth if model.metadata.get("signatureVersion") == "s3" else SigV4Auth
            signer(Credentials(self.account, self.secret), model.signing_name, self.region).add_auth(request)
        return request.prepare()


@cache
def clients_model(service: str, protocol: str) -> ServiceModel:
    """What clients know of a service: botocore's own model, corrected only for a protocol that it no longer speaks."""
    own = ServiceModel(service, botocore.loaders.create_loader().load_service_model(service, "service-2"))
    return own if protocol in own.protocols else standard_models().load(service)


@cache
def _botocore(service: str, protocol: str) -> BotocoreModel:
    return botocore_model(clients_model(service, protocol), protocol)
