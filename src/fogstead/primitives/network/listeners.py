"""Ports for protocols that are not HTTP: TCP, TLS and UDP, from one range, the same ones after a restart."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, cast

from fogstead.primitives.tasks import Tasks

log = logging.getLogger(__name__)

PORTS: Final = range(4510, 4560)
"""Where clients of this field expect service ports."""

CONNECTIONS_MAX: Final = 1_000
_READ_BYTES: Final = 64 * 1024

Reply = Callable[[bytes], None]
OnDatagram = Callable[[bytes, str, Reply], None]
OnConnection = Callable[["TcpStream"], Awaitable[None]]


class PortTaken(Exception):
    """Another program has the port."""


class TcpStream:
    """One connection: bytes both ways, writing held back while the other side does not read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def peer(self) -> str:
        """The other side's address."""
        return str(self._writer.get_extra_info("peername")[0])

    async def read(self) -> bytes:
        """Some bytes, or none when the other side has finished."""
        return await self._reader.read(_READ_BYTES)

    async def write(self, data: bytes) -> None:
        """Returns once there is room for more."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """No more in either direction."""
        self._writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, on_datagram: OnDatagram) -> None:
        self._on_datagram = on_datagram

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def reply(answer: bytes) -> None:
            if not self._transport.is_closing():
                self._transport.sendto(answer, addr)

        try:
            self._on_datagram(data, addr[0], reply)
        except Exception:
            log.exception("a datagram could not be answered")


class Listeners:
    """Everything that listens on one address besides the front."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._closers: list[Callable[[], None]] = []
        self._tasks = Tasks()

    async def open_udp(self, port: int, on_datagram: OnDatagram) -> int:
        """Give every datagram to `on_datagram`; PortTaken when the port is not free. Gives the port."""
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(on_datagram), local_addr=(self._host, port)
            )
        except OSError as error:
            raise PortTaken(f"port {port}: {error.strerror}") from None
        self._closers.append(transport.close)
        return int(transport.get_extra_info("sockname")[1])

    async def open_tcp(self, port: int, on_connection: OnConnection, tls: ssl.SSLContext | None = None) -> int:
        """Give every connection to `on_connection`; PortTaken when the port is not free. Gives the port."""
        try:
            server = await asyncio.start_server(
                lambda reader, writer: self._accept(on_connection, TcpStream(reader, writer)),
                self._host,
                port,
                ssl=tls,
                limit=_READ_BYTES,
            )
        except OSError as error:
            raise PortTaken(f"port {port}: {error.strerror}") from None
        self._closers.append(server.close)
        return int(server.sockets[0].getsockname()[1])

    def _accept(self, on_connection: OnConnection, stream: TcpStream) -> None:
        if len(self._tasks) >= CONNECTIONS_MAX:
            stream.close()
            return
        self._tasks.start(self._serve(on_connection, stream))

    async def _serve(self, on_connection: OnConnection, stream: TcpStream) -> None:
        try:
            await on_connection(stream)
        except (ConnectionError, TimeoutError):
            log.debug("a connection ended early")
        except Exception:
            log.exception("a connection could not be served")
        finally:
            stream.close()

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        for close in self._closers:
            close()
        self._closers.clear()
        await self._tasks.cancel()
