"""A front on a real port with an application of one function, and a client that speaks bytes to it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import uvloop

from fogstead.gateway.connection import Http1Connection
from fogstead.gateway.exchanges import Exchange, Headers
from fogstead.gateway.server import Server

T = TypeVar("T")
BODY_MAX = 1 << 20
LOOPS = {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


class SteppedLoop(asyncio.SelectorEventLoop):
    """A loop whose time a test moves forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def run(work: Coroutine[Any, Any, T], loop: Callable[[], asyncio.AbstractEventLoop] = SteppedLoop) -> T:
    """Run it to its end, and whatever it has left behind."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_bounded(work))


async def _bounded(work: Coroutine[Any, Any, T]) -> T:
    # Real seconds: a test that hangs says where.
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    if isinstance(loop, SteppedLoop):
        return await work
    async with asyncio.timeout(30):
        return await work


async def later(seconds: float) -> None:
    """Move time forward and let what falls due run."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    loop.ahead += seconds
    await turns()


async def turns(number: int = 20) -> None:
    """Let everything that is ready run."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Turn the loop until something is so; the test's own time limit ends a wait for what never comes."""
    while not condition():  # noqa: ASYNC110 - conditions are the server's own state
        await asyncio.sleep(0)


def say_ok(exchange: Exchange) -> None:
    """An answer that shows the request."""
    text = f"{exchange.head.method} {exchange.head.target} {len(exchange.body)}"
    exchange.answer(200, [("content-type", "text/plain")], text.encode())


@dataclass
class Tiny:
    """An application of one function."""

    answer: Callable[[Exchange], Any] = say_ok
    limit: Callable[[Exchange], int | None] = lambda _exchange: BODY_MAX
    seen: list[Exchange] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    def plan(self, exchange: Exchange) -> int | None:
        return self.limit(exchange)

    def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange)
        work = self.answer(exchange)
        if asyncio.iscoroutine(work):
            self.tasks.append(asyncio.get_running_loop().create_task(work))


def streaming(_exchange: Exchange) -> None:
    """Wants every body as a stream."""


@dataclass
class Answer:
    """What a client read."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a header that must not come twice."""
        found = [value for known, value in self.headers if known == name]
        assert len(found) < 2, found
        return found[0] if found else None


class Client:
    """Sends bytes, reads answers strictly."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes | str) -> None:
        """Write without waiting."""
        self.writer.write(data.encode() if isinstance(data, str) else data)

    def get(self, path: str = "/", *lines: str, method: str = "GET", version: str = "1.1", body: bytes = b"") -> None:
        """Write a request."""
        if body:
            lines = (*lines, f"Content-Length: {len(body)}")
        head = "\r\n".join([f"{method} {path} HTTP/{version}", "Host: localhost", *lines, "", ""])
        self.send(head.encode() + body)

    async def answer(self, method: str = "GET") -> Answer:
        """Read the next answer whole."""
        answer = await self.head()
        if method == "HEAD" or answer.status in {204, 304} or answer.status < 200:
            return answer
        length = answer.header("content-length")
        if answer.header("transfer-encoding") == "chunked":
            assert length is None
            answer.body = b"".join([piece async for piece in self.chunks()])
        elif length is not None:
            answer.body = await self.reader.readexactly(int(length))
        else:
            answer.body = await self.reader.read()
        return answer

    async def head(self) -> Answer:
        """Read a status line and headers."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1"
        pairs = [line.partition(": ")[::2] for line in lines[1:]]
        return Answer(int(status), pairs)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read chunks to the last one."""
        while True:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            piece = await self.reader.readexactly(size + 2)
            assert piece.endswith(b"\r\n")
            if not size:
                return
            yield piece[:-2]

    async def ended(self) -> bool:
        """Whether the other side closes, without another byte, or reset the connection."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True

    def vanish(self) -> None:
        """Reset the connection."""
        own = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Front:
    """A server on a free port."""

    def __init__(self, application: Any, tls: Callable[[], ssl.SSLContext] | None = None) -> None:
        self.server = Server(application, tls or _no_tls)
        self._clients: list[Client] = []

    async def __aenter__(self) -> Self:
        self.port = await self.server.listen("127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            client.writer.close()
        await self.server.stop(0.1)

    async def client(self, **options: Any) -> Client:
        """Connect."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20, **options))
        self._clients.append(client)
        return client

    @property
    def connections(self) -> set[Http1Connection]:
        """What the server keeps of its clients."""
        return self.server._connections

    async def empty(self) -> None:
        """Wait until the server has forgotten every client."""
        await until(lambda: not self.connections)


def _no_tls() -> ssl.SSLContext:
    raise AssertionError("nobody asked for TLS")


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    """A streamed answer's body."""
    for piece in given:
        await asyncio.sleep(0)
        yield piece


def stream_of(
    *given: bytes, status: int = 200, headers: Headers | None = None
) -> Callable[[Exchange], Awaitable[None]]:
    """A handler that streams these pieces."""
    return lambda exchange: exchange.answer_stream(status, headers or [], pieces(*given))
