"""Contracts for what is not an AWS API call: raw HTTP endpoints, listeners and certificates.

A service's `endpoints.py` lists `ENDPOINTS`; the gateway matches them by host and path and hands over the exchange.
They do their own authentication: `trusted` says that a root key signed the request, or that it came from a program (no
web page) on this machine. `LISTENERS`, if it has any, are ports of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

    from fogstead.kernel.cloud import Cloud

Headers = list[tuple[str, str]]


class RawStream(Protocol):
    """Bytes both ways after an Upgrade."""

    async def read(self) -> bytes:
        """Some bytes, or none when the other side has finished."""

    async def write(self, data: bytes) -> None:
        """Returns once there is room for more."""

    def close(self) -> None:
        """No more in either direction."""


class RawExchange(Protocol):
    """A request that is not an API call. Exactly one of `answer`, `answer_stream` and `upgrade` ends it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    peer: str
    secure: bool
    trusted: bool
    region: str

    def body(self) -> AsyncIterator[bytes]:
        """The body as it comes; reading is what asks for more."""

    def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Write the whole answer."""

    async def answer_stream(self, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """Write the answer as it is made; may run while the body is still read."""

    def upgrade(self, headers: Headers) -> RawStream:
        """Answer 101 and take the connection."""


@dataclass(frozen=True, slots=True)
class OriginQuestion:
    """A request that says which web page it comes from; the path begins with the bucket, whatever the host was."""

    path: str
    method: str
    headers: Mapping[str, str]


OriginRules = Callable[["Cloud", OriginQuestion], Awaitable["Headers | None"]]
"""A service's `ORIGIN_RULES`: the headers that let a page of another origin in, or None; a refused preflight raises."""

Serve = Callable[["Cloud", RawExchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RawEndpoint:
    """Where it answers: on any host, or on hosts below `host_suffix`; for paths that start with `path_prefix`."""

    name: str
    serve: Serve
    path_prefix: str = "/"
    host_suffix: str = ""

    def matches(self, host: str, path: str) -> bool:
        """Whether a request is for it."""
        return path.startswith(self.path_prefix) and (not self.host_suffix or host.endswith(self.host_suffix))


@dataclass(frozen=True, slots=True)
class TcpListener:
    """A port for connections, in TLS with the cloud's certificate when `tls`. The name is durable: so is its port."""

    name: str
    serve: Callable[[Cloud, RawStream], Awaitable[None]]
    tls: bool = False


@dataclass(frozen=True, slots=True)
class UdpListener:
    """A port for datagrams; `answer` gets each one with its sender's address and a function that replies."""

    name: str
    answer: Callable[[Cloud, bytes, str, Callable[[bytes], None]], None]


class CertificateSource(Protocol):
    """Which certificate a TLS client gets, by the name it asks for. A port, implemented by ACM when it lands."""

    def context(self) -> ssl.SSLContext:
        """A context that chooses by SNI."""
