"""Listening: plain HTTP and TLS on the same port, told apart by the first byte; draining on stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Final

from fogstead.gateway.bounds import HEAD_SECONDS
from fogstead.gateway.connection import Http1Connection
from fogstead.gateway.exchanges import Application
from fogstead.primitives.tasks import Tasks

log = logging.getLogger(__name__)

CONNECTIONS_MAX: Final = 10_000
_BACKLOG: Final = 1024
_SWEEP_SECONDS: Final = 1.0
_TLS_HANDSHAKE: Final = 0x16

TlsContext = Callable[[], ssl.SSLContext]


class Server:
    """Accepts connections on any number of addresses and gives their requests to one application."""

    def __init__(self, application: Application, tls: TlsContext) -> None:
        self._application = application
        self._tls = tls
        self._connections: set[Http1Connection] = set()
        self._sockets: list[socket.socket] = []
        self._tasks = Tasks()
        self._empty = asyncio.Event()

    async def listen(self, host: str, port: int) -> int:
        """Start accepting; gives the port, which the system chose when 0 was asked for."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG, reuse_port=False)
        listener.setblocking(False)
        self._sockets.append(listener)
        if len(self._sockets) == 1:
            loop.call_later(_SWEEP_SECONDS, self._sweep)
        self._tasks.start(self._accept(listener))
        return int(listener.getsockname()[1])

    async def stop(self, patience_seconds: float = 5.0) -> None:
        """Stop accepting, let answers under way leave, then close what is left."""
        await self._tasks.cancel()
        for listener in self._sockets:
            listener.close()
        self._sockets.clear()
        for connection in list(self._connections):
            connection.drain_and_close()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), patience_seconds)
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # the connections hear of it

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:
                if listener.fileno() < 0:
                    return
                log.warning("cannot accept connections for now: %s", error)
                await asyncio.sleep(0.1)
                continue
            if len(self._connections) + len(self._tasks) >= CONNECTIONS_MAX:
                accepted.close()
                continue
            self._tasks.start(self._greet(accepted))

    async def _greet(self, accepted: socket.socket) -> None:
        """Look at the first byte without taking it, then speak what it speaks."""
        loop = asyncio.get_running_loop()
        try:
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(HEAD_SECONDS):
                first = await _peek(accepted)
                if not first:
                    accepted.close()
                    return
                context = self._tls() if first[0] == _TLS_HANDSHAKE else None
                await loop.connect_accepted_socket(self._connection, accepted, ssl=context)
        except (OSError, TimeoutError):
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    def _connection(self) -> Http1Connection:
        return Http1Connection(self._application, self._meet, self._forget)

    def _meet(self, connection: Http1Connection) -> None:
        self._connections.add(connection)
        self._empty.clear()

    def _forget(self, connection: Http1Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def _sweep(self) -> None:
        if not self._sockets:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._connections):
            connection.check_deadline(now)
        loop.call_later(_SWEEP_SECONDS, self._sweep)


async def _peek(accepted: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    try:
        return accepted.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        readable = asyncio.Event()
        loop.add_reader(accepted, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(accepted)
        return accepted.recv(1, socket.MSG_PEEK)
