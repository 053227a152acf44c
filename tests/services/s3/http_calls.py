"""Requests that no SDK would send, or whose answers no SDK would show."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import quote, unquote_to_bytes
from xml.etree import ElementTree as ET

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclass(frozen=True, repr=False)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    def __repr__(self) -> str:
        return f"{self.status} {self.headers.items()} {self.body[:2000]!r}"

    @property
    def xml(self) -> ET.Element:
        """The document; AssertionError when it is none."""
        assert self.headers["content-type"].startswith("application/xml"), self
        return ET.fromstring(self.body)

    @property
    def error(self) -> dict[str, str]:
        """An error's members by their names."""
        root = self.xml
        assert root.tag == "Error", self
        return {member.tag: member.text or "" for member in root}

    @property
    def said(self) -> tuple[int, str]:
        """(status, the error's code)."""
        return self.status, self.error["Code"]

    def texts(self, path: str) -> list[str]:
        """The texts of all elements on a path below the root, which is written without the namespace."""
        assert self.status == 200, self
        return [found.text or "" for found in self.xml.findall("/".join(f"{{*}}{part}" for part in path.split("/")))]


class Caller:
    """Sends single requests to one cloud."""

    def __init__(self, port: int, account: str) -> None:
        self.port = port
        self.account = account

    def send(
        self,
        method: str,
        target: str,
        *,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        tls: bool = False,
    ) -> Answer:
        """As it stands, unsigned. A `Host` among the headers takes the place of the address."""
        raw = body.encode() if isinstance(body, str) else body
        connection = self._connection(tls=tls)
        try:
            connection.request(method, target, raw, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def _connection(self, *, tls: bool) -> http.client.HTTPConnection:
        if not tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)

    def sign(
        self,
        method: str,
        target: str,
        *,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        region: str = "us-east-1",
        account: str = "",
    ) -> dict[str, str]:
        """The headers of a signed request."""
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        path, mark, query = target.partition("?")
        canonical = quote(unquote_to_bytes(path), safe="/~") + mark + query
        request = AWSRequest(method, f"http://{given['Host']}{canonical}", headers=given, data=body or b"")
        S3SigV4Auth(Credentials(account or self.account, "test"), "s3", region).add_auth(request)
        return dict(request.headers)

    def ask(
        self,
        method: str,
        target: str,
        *,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        tls: bool = False,
        **signing: Any,
    ) -> Answer:
        """Signed by the test's own account."""
        signed = self.sign(method, target, body=body, headers=headers, **signing)
        return self.send(method, target, body=body, headers=signed, tls=tls)

    def presign(self, method: str, host: str, target: str, *, region: str = "us-east-1", expires: int = 600) -> str:
        """A URL for any host."""
        request = AWSRequest(method, f"http://{host}{target}")
        S3SigV4QueryAuth(Credentials(self.account, "test"), "s3", region, expires).add_auth(request)
        return request.url
