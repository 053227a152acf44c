"""Echoes: a body while it still comes, raw bytes after an Upgrade, what is known of the request, and failures."""

import json
from collections.abc import Callable

from fogstead.kernel.cloud import Cloud
from fogstead.kernel.endpoints import RawEndpoint, RawExchange, RawStream, TcpListener, UdpListener

_TEXT = [("content-type", "text/plain")]


async def echo(_cloud: Cloud, exchange: RawExchange) -> None:
    await exchange.answer_stream(200, _TEXT, exchange.body())


async def upgrade(_cloud: Cloud, exchange: RawExchange) -> None:
    stream = exchange.upgrade([("connection", "upgrade"), ("upgrade", "echo")])
    while data := await stream.read():
        if data == b"fail":
            raise RuntimeError("asked to fail")
        await stream.write(data)
    stream.close()


async def facts(_cloud: Cloud, exchange: RawExchange) -> None:
    body = b"".join([piece async for piece in exchange.body()])
    known = {
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "host": exchange.headers["host"],
        "peer": exchange.peer,
        "secure": exchange.secure,
        "trusted": exchange.trusted,
        "region": exchange.region,
        "body": len(body),
    }
    exchange.answer(200, [("content-type", "application/json")], json.dumps(known).encode())


async def fail(_cloud: Cloud, _exchange: RawExchange) -> None:
    raise RuntimeError("asked to fail")


async def silent(_cloud: Cloud, _exchange: RawExchange) -> None:
    """Forgets to answer."""


def echo_datagram(_cloud: Cloud, data: bytes, _peer: str, reply: Callable[[bytes], None]) -> None:
    reply(data)


async def echo_bytes(_cloud: Cloud, stream: RawStream) -> None:
    while data := await stream.read():
        await stream.write(data)


LISTENERS = [
    UdpListener("polly udp echo", echo_datagram),
    TcpListener("polly tcp echo", echo_bytes),
    TcpListener("polly tls echo", echo_bytes, tls=True),
]
ENDPOINTS = [
    RawEndpoint("silent", silent, path_prefix="/_silent"),
    RawEndpoint("echo", echo, path_prefix="/_echo/"),
    RawEndpoint("upgrade", upgrade, path_prefix="/_upgrade"),
    RawEndpoint("fail", fail, path_prefix="/_fail"),
    RawEndpoint("facts", facts, path_prefix="/_facts"),
    RawEndpoint("site", facts, host_suffix=".site.localhost"),
]
