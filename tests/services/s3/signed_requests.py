"""S3 spoken byte by byte: heads signed by botocore's own signer, bodies in chunks that are signed here, and a
connection that shows everything that comes back."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

EMPTY_HASH = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_CODE = re.compile(rb"<Code>([^<]+)</Code>")


class _Signer(S3SigV4Auth):
    """Signs with the payload's hash that a test says, true or not."""

    def __init__(self, account: str, payload_hash: str) -> None:
        super().__init__(Credentials(account, "test"), "s3", "us-east-1")
        self._payload_hash = payload_hash

    def payload(self, request: AWSRequest) -> str:
        return self._payload_hash


@dataclass
class Head:
    """A signed head, and what the signatures of chunks go on from."""

    request: AWSRequest
    signer: _Signer
    method: str
    target: str

    @property
    def signature(self) -> str:
        """The signature of the head itself."""
        return str(self.request.headers["Authorization"]).rpartition("Signature=")[2]

    def lines(self, *extra: str) -> bytes:
        """The bytes of the head, with more header lines that were not signed."""
        known = [f"{name}: {value}" for name, value in self.request.headers.items()]
        return "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *known, *extra, "", ""]).encode()

    def sign(self, kind: str, previous: str, *hashes: str) -> str:
        """The signature of a chunk or of trailers."""
        moment, scope = self.request.context["timestamp"], self.signer.credential_scope(self.request)
        return self.signer.signature("\n".join([kind, moment, scope, previous, *hashes]), self.request)

    def signed_chunks(self, pieces: Iterable[bytes], trailers: dict[str, str] | None = None) -> bytes:
        """The body: each piece with its signature, the empty one, and trailers with theirs."""
        out, previous = [], self.signature
        for piece in [*pieces, b""]:
            previous = self.sign("AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY_HASH, hashlib.sha256(piece).hexdigest())
            out.append(b"%x;chunk-signature=%s\r\n" % (len(piece), previous.encode()))
            out.append(piece + b"\r\n" if piece else b"")
        if trailers:
            text = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            signature = self.sign("AWS4-HMAC-SHA256-TRAILER", previous, hashlib.sha256(text.encode()).hexdigest())
            out.append(_trailer_lines({**trailers, "x-amz-trailer-signature": signature}))
        return b"".join(out) + b"\r\n"


def unsigned_chunks(pieces: Iterable[bytes], trailers: dict[str, str]) -> bytes:
    """The body of chunks without signatures."""
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    return b"".join([*chunks, b"0\r\n", _trailer_lines(trailers), b"\r\n"])


def _trailer_lines(trailers: dict[str, str]) -> bytes:
    return "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def code(self) -> str:
        """The error's code, or nothing."""
        found = _CODE.search(self.body)
        return found[1].decode() if found else ""


@dataclass
class Line:
    """One connection to the cloud, as one account."""

    port: int
    account: str
    _socket: socket.socket = field(init=False)
    _read: bytes = b""

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def head(
        self, method: str, target: str, headers: dict[str, str] | None = None, payload_hash: str = EMPTY_HASH
    ) -> Head:
        """A head signed with these headers."""
        host = f"127.0.0.1:{self.port}"
        request = AWSRequest(method, f"http://{host}{target}", {"Host": host, **(headers or {})})
        signer = _Signer(self.account, payload_hash)
        signer.add_auth(request)
        return Head(request, signer, method, target)

    def send(self, data: bytes) -> None:
        """Write everything."""
        self._socket.sendall(data)

    def stop_sending(self) -> None:
        """Say that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        payload_hash: str | None = None,
    ) -> Answer:
        """A request with a body of known length, and its answer."""
        known = hashlib.sha256(body).hexdigest() if payload_hash is None else payload_hash
        given = {"Content-Length": str(len(body))} if body or method in {"PUT", "POST"} else {}
        self.send(self.head(method, target, {**given, **(headers or {})}, known).lines() + body)
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, a `100 Continue` too."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = (line.partition(":")[::2] for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, value in pairs}
        answer = Answer(int(lines[0].split()[1]), headers)
        if method == "HEAD" or answer.status in {100, 204, 304}:
            return answer
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                answer.body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
        else:
            answer.body = self._exactly(int(headers["content-length"]))
        return answer

    def ended(self) -> bool:
        """Whether the other side closes without another byte."""
        try:
            return not self._read and self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes for a while."""
        self._socket.settimeout(seconds)
        try:
            self._read += self._socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(20)
        return False

    def _more(self) -> None:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"the other side closed after {self._read[:200]!r}")
        self._read += data

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        found, _, self._read = self._read.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        found, self._read = self._read[:size], self._read[size:]
        return found
