"""Replies as they come off a socket, and a connection that asks one thing after another."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection:[ \t]*([^\r]+)", re.IGNORECASE)
_XML_ERROR = re.compile(rb"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>")
_BODILESS = frozenset({204, 304})


class ConnectionLost(Exception):
    """The server went away before its reply was whole."""


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, reply: Reply) -> None:
        said = _XML_ERROR.search(reply.body)
        why = b": ".join(said.groups()) if said else reply.body[:300]
        super().__init__(f"{reply.status} {why.decode('utf-8', 'replace')}")
        self.reply = reply


class Reply:
    """A whole reply."""

    __slots__ = ("body", "closes", "head", "status")

    def __init__(self, status: int, body: bytes, *, closes: bool = False, head: bytes = b"") -> None:
        self.status = status
        self.body = body
        self.closes = closes
        self.head = head

    @property
    def good(self) -> bool:
        """Whether the call succeeded."""
        return self.status < 300

    def header(self, name: str) -> str:
        """Its value, or nothing."""
        found = re.search(rb"\r\n" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]*)", self.head, re.IGNORECASE)
        return found[1].decode("latin-1").strip() if found else ""

    def json(self) -> Any:
        """The body's JSON value."""
        return json.loads(self.body) if self.body else {}


class ReplyReader:
    """Put bytes in as they arrive; takes one reply at a time."""

    __slots__ = ("_body_at", "_buffer", "_chunked", "_closes", "_head", "_length", "_status")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_at = 0

    def feed(self, data: bytes) -> Reply | None:
        """The reply, once it is whole. Nothing may follow it: only one request is under way."""
        self._buffer += data
        if not self._body_at and not self._read_head():
            return None
        if self._chunked:
            return self._take(_joined_chunks(self._buffer, self._body_at))
        if self._length is not None and len(self._buffer) - self._body_at >= self._length:
            return self._take(bytes(self._buffer[self._body_at : self._body_at + self._length]))
        return None

    def end(self) -> Reply:
        """The connection was closed: the reply if that is what ends it, else ConnectionLost."""
        if self._body_at and self._length is None and not self._chunked:
            self._closes = True
            reply = self._take(bytes(self._buffer[self._body_at :]))
            assert reply is not None
            return reply
        raise ConnectionLost

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[: end + 2])
        self._status = int(head[9:12])
        if self._status == 100:
            del self._buffer[: end + 4]
            return self._read_head()
        self._body_at, self._head = end + 4, head
        connection = _CONNECTION.search(head)
        words = connection[1].lower() if connection else b""
        self._closes = b"close" in words or (head.startswith(b"HTTP/1.0") and b"keep-alive" not in words)
        length = _LENGTH.search(head)
        self._length = int(length[1]) if length else 0 if self._status in _BODILESS else None
        self._chunked = self._length is None and _CHUNKED.search(head) is not None
        return True

    def _take(self, body: bytes | None) -> Reply | None:
        if body is None:
            return None
        reply = Reply(self._status, body, closes=self._closes, head=self._head)
        self._buffer.clear()
        self._body_at = 0
        return reply


def _joined_chunks(buffer: bytearray, at: int) -> bytes | None:
    pieces = []
    while True:
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(buffer[at:end].partition(b";")[0], 16)
        at = end + 2
        if len(buffer) < at + size + 2:
            return None
        if size == 0:
            return b"".join(pieces)
        pieces.append(bytes(buffer[at : at + size]))
        at += size + 2


class Connection:
    """One keep-alive connection to a port of this machine, made when it is needed."""

    def __init__(self, port: int, *, timeout: float = 60.0) -> None:
        self._port = port
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Reply:
        """Send a request, wait for its reply; ConnectionLost when there is nobody or they go away."""
        try:
            return self._ask(request)
        except OSError as error:
            self.close()
            raise ConnectionLost(str(error)) from None
        except ConnectionLost:
            self.close()
            raise

    def call(self, request: bytes) -> Reply:
        """As `ask`, but tries once more on a fresh connection, and Refused for an error."""
        try:
            reply = self.ask(request)
        except ConnectionLost:
            reply = self.ask(request)
        if not reply.good:
            raise Refused(reply)
        return reply

    def _ask(self, request: bytes) -> Reply:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before it went away
            self._socket.sendall(request)
        reader = ReplyReader()
        while True:
            data = self._socket.recv(1 << 18)
            reply = reader.feed(data) if data else reader.end()
            if reply is not None:
                if reply.closes:
                    self.close()
                return reply

    def close(self) -> None:
        """Let go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
