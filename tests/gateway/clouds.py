"""A whole cloud on a free port, and requests to it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogstead.main import RunningCloud, Settings
from gateway.sockets import Answer, Client, Front

SERVICES = "fogstead.services"


class Started(Front):
    """A front with a cloud behind it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.running = RunningCloud(Settings(folder, port=0, **settings))
        self.server = self.running.server
        self._clients: list[Client] = []

    async def __aenter__(self) -> Self:
        self.port = await self.running.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            client.writer.close()
        await self.running.close()

    async def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """One request on a connection of its own; `_` in a header's name is a dash."""
        client = await self.client()
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return await send(client, method, target, body, lines)

    async def ask_json(self, method: str, target: str, body: bytes = b"", **headers: str) -> Any:
        """The same, for an answer that must be JSON."""
        answer = await self.ask(method, target, body, **headers)
        assert answer.status == 200, answer
        assert answer.header("content-type") == "application/json"
        return json.loads(answer.body)


async def send(client: Client, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One request with exactly these headers, and its length."""
    lines = {"host": "localhost", **headers}
    if body:
        lines["content-length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    client.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return await client.answer(method)


def signed(
    method: str,
    path: str,
    *,
    body: bytes = b"",
    key: str = "test",
    secret: str = "test",
    service: str = "sts",
    age_seconds: int = 0,
    headers: dict[str, str] | None = None,
    expires: int | None = None,
) -> tuple[str, dict[str, str]]:
    """The target and headers of a request as botocore signs it."""
    request = AWSRequest(method, f"http://localhost{path}", headers=headers or {}, data=body)
    credentials = Credentials(key, secret)
    signer: Any = auth.SigV4Auth(credentials, service, "eu-west-1")
    if expires is not None:
        signer = auth.SigV4QueryAuth(credentials, service, "eu-west-1", expires=expires)
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=age_seconds)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        signer.add_auth(request)
    return request.url.removeprefix("http://localhost"), {n.lower(): str(v) for n, v in request.headers.items()}


def signed_for_s3(
    method: str, target: str, *, payload_hash: str = "UNSIGNED-PAYLOAD", key: str = "test", **headers: str
) -> dict[str, str]:
    """The headers of a request to S3, whose body may come later; `_` in a header's name is a dash."""

    class Signer(auth.S3SigV4Auth):
        def payload(self, request: Any) -> str:
            return payload_hash

    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"http://localhost{target}", headers=lines)
    Signer(Credentials(key, "test"), "s3", "us-east-1").add_auth(request)
    return {"host": "localhost", **{name.lower(): str(value) for name, value in request.headers.items()}}


async def begin(client: Client, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> None:
    """Send a head as it is, and perhaps some of its body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    client.send(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body)
