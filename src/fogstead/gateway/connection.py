"""One HTTP/1.1 connection: requests one after another, answers in the same order, every wait bounded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import cast

from fogstead.gateway import bounds, http1
from fogstead.gateway.answers import date_line, encoded, has_length
from fogstead.gateway.exchanges import Application, BodyStream, Disconnected, Headers
from fogstead.gateway.http1 import BadRequest, ChunkedReader, Head
from fogstead.gateway.http1_exchange import Http1Exchange

log = logging.getLogger(__name__)

# Bytes are taken out of it before the loop reads again, so all connections share one.
_receive_buffer = bytearray(bounds.RECEIVE_BYTES)
_receive_view = memoryview(_receive_buffer)


class Http1Connection(asyncio.BufferedProtocol):
    """Reads heads and bodies from a socket and writes answers to it."""

    def __init__(
        self,
        application: Application,
        meet: Callable[[Http1Connection], None],
        forget: Callable[[Http1Connection], None],
    ) -> None:
        self._application = application
        self._meet = meet
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._pending = b""
        self._exchange: Http1Exchange | None = None
        self._gathering: list[bytes] | None = None
        self._limit = 0
        self._left = 0
        self._chunks: ChunkedReader | None = None
        self._reading_body = False
        self._planning = False
        self._answered = True
        self._closing = False
        self._lingering = False
        self._other_ended = False
        self._paused = False
        self._raw: BodyStream | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._head_deadline = 0.0
        self.deadline = self._loop.time() + bounds.HEAD_SECONDS
        self.peer, self.secure = "", False

    # ------------------------------------------------------------- the loop's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is none by name
        address = transport.get_extra_info("peername")
        self.peer = address[0] if isinstance(address, tuple) else ""
        self.secure = transport.get_extra_info("ssl_object") is not None
        self._meet(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _receive_view

    def buffer_updated(self, nbytes: int) -> None:
        if self._lingering:
            return
        self.deadline = self._loop.time() + bounds.STALL_SECONDS
        data = bytes(_receive_view[:nbytes])
        if self._raw is not None:
            self._raw.feed(data)
        else:
            self._receive(data)

    def eof_received(self) -> bool:
        if self._raw is not None:
            self._raw.end()
            return not self.secure
        if self.secure or self._reading_body or (self._answered and not self._pending):
            return False
        # Most clients that end their side are gone, so nobody waits for them any more; one that only has nothing more
        # to say still gets the answers that come.
        self._other_ended = True
        self._loop.call_soon(self._receive_pending)
        self._tell_gone()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget(self)
        self._room.set()
        self._tell_gone()
        exchange, self._exchange = self._exchange, None
        for stream in (self._raw, exchange.stream if exchange else None):
            if stream is not None:
                stream.end(Disconnected("the connection was closed"))

    def _tell_gone(self) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.on_gone is not None and not self._answered:
            gone, exchange.on_gone = exchange.on_gone, None
            gone()

    def pause_writing(self) -> None:
        self._room.clear()
        self.deadline = self._loop.time() + bounds.STALL_SECONDS

    def resume_writing(self) -> None:
        self._room.set()
        self.deadline = self._loop.time() + bounds.IDLE_SECONDS

    # ------------------------------------------------------------- reading
    def _receive(self, data: bytes) -> None:
        if self._pending:
            data = self._pending + data
            self._pending = b""
        try:
            while data:
                if self._reading_body:
                    data = self._take_body(data)
                elif self._answered and not self._closing:
                    rest = self._take_head(data)
                    if rest is None:
                        return
                    data = rest
                else:
                    self._hold_pipelined(data)
                    return
        except BadRequest as error:
            self._refuse(error)

    def _hold_pipelined(self, data: bytes) -> None:
        if self._raw is not None:
            self._raw.feed(data)
            return
        if self._lingering:
            return
        self._pending = data
        if len(data) >= bounds.PIPELINED_BYTES_MAX:
            self._pause()

    def _take_head(self, data: bytes) -> bytes | None:
        """Read a head; the bytes after it, or None when it is not whole yet."""
        if data.startswith(b"\r\n"):
            data = http1.without_empty_lines(data)
        end = data.find(b"\r\n\r\n", 0, http1.HEAD_BYTES_MAX + 4)
        if end < 0:
            if len(data) > http1.HEAD_BYTES_MAX:
                raise BadRequest("the request's head is too long", 431)
            if self._other_ended:
                self._transport.close()
            elif data:
                self._head_deadline = self._head_deadline or self._loop.time() + bounds.HEAD_SECONDS
                self.deadline = self._head_deadline
                self._pending = data
            return None
        exchange = self._exchange = Http1Exchange(self, http1.parse_head(data[:end]))
        self._answered = False
        self._head_deadline = 0.0
        return self._start(exchange, data, end + 4)

    def _start(self, exchange: Http1Exchange, data: bytes, at: int) -> bytes:
        head = exchange.head
        if head.expects and head.expects != "100-continue":
            raise BadRequest("the only expectation known is 100-continue", 417)
        self._planning = True
        limit = self._application.plan(exchange)
        self._planning = False
        if self._answered:
            return data[at:]
        length = head.content_length
        if limit is not None and not head.chunked and len(data) - at >= length <= limit:
            if head.expects:
                self._send_continue()  # some clients wait for it though they send nothing, or have sent all
            exchange.body = data[at : at + length] if length else b""
            self._application.handle(exchange)
            return data[at + length :]
        self._prepare_body(exchange, limit)
        return data[at:]

    def _prepare_body(self, exchange: Http1Exchange, limit: int | None) -> None:
        head = exchange.head
        self._reading_body = head.has_body
        self._left = head.content_length
        self._chunks = ChunkedReader() if head.chunked else None
        if limit is None:
            stream = exchange.stream = BodyStream(want=self._wanted, hold=self._pause)
            if not head.has_body:
                stream.end()
            self._application.handle(exchange)
            return
        if head.content_length > limit:
            raise BadRequest("the request body is too long", 413)
        self._gathering, self._limit = [], limit
        if head.expects:
            self._send_continue()

    def _wanted(self) -> None:
        """The application asks for more of a streamed body."""
        exchange = self._exchange
        if exchange is not None and exchange.head.expects:
            exchange.head.expects = ""
            self._send_continue()
        self._resume()

    def _send_continue(self) -> None:
        if not self._answered:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take_body(self, data: bytes) -> bytes:
        if self._chunks is not None:
            piece, rest = self._chunks.feed(data)
            ended = rest is not None
        else:
            piece, rest = data[: self._left], data[self._left :]
            self._left -= len(piece)
            ended = self._left == 0
        self._keep(piece)
        if ended:
            self._end_body()
        return rest or b""

    def _keep(self, piece: bytes) -> None:
        exchange = self._exchange
        if self._gathering is not None:
            self._limit -= len(piece)
            if self._limit < 0:
                raise BadRequest("the request body is too long", 413)
            self._gathering.append(piece)
        elif exchange is not None and exchange.stream is not None and not self._answered:
            if piece:
                exchange.stream.feed(piece)
        else:
            self._limit -= len(piece)
            if self._limit < 0:
                self._linger()

    def _end_body(self) -> None:
        self._reading_body = False
        self._chunks = None
        exchange = self._exchange
        if self._gathering is not None and exchange is not None:
            exchange.body = b"".join(self._gathering)
            self._gathering = None
            self._application.handle(exchange)
        elif exchange is not None and exchange.stream is not None:
            exchange.stream.end()
        if self._answered:
            self._next()

    # ------------------------------------------------------------- writing
    def serves(self, exchange: Http1Exchange) -> bool:
        """Whether an exchange still waits for its answer; the connection may be at the next one."""
        return self._exchange is exchange and not self._answered

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Write a whole answer and go on to the next request."""
        exchange = self._exchange
        if exchange is None or self._answered:
            return
        head = exchange.head
        lines = [http1.status_line(status), date_line()]
        lines += [f"{name}: {value}\r\n" for name, value in headers]
        if status not in {204, 304} and not has_length(headers):
            lines.append(f"content-length: {len(body)}\r\n")
        self._finish_head(head, lines)
        raw = encoded(lines)
        self._transport.write(raw if head.method == "HEAD" or status in {204, 304} else raw + body)
        self._done()

    async def answer_stream(self, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """Write an answer piece by piece; chunked where its length is not known before."""
        exchange = self._exchange
        if exchange is None or self._answered:
            return
        head, bodiless = exchange.head, status in {204, 304}
        measured = bodiless or has_length(headers)
        lines = [http1.status_line(status), date_line(), *(f"{name}: {value}\r\n" for name, value in headers)]
        if not measured:
            if head.minor:
                lines.append("transfer-encoding: chunked\r\n")
            else:
                self._closing = True  # the end of the connection is the end of the body
        self._finish_head(head, lines)
        self._transport.write(encoded(lines))
        try:
            if head.method != "HEAD" and not bodiless:
                await self._write_pieces(body, chunked=not measured and head.minor == 1)
        except BaseException:
            self._transport.abort()  # half an answer must not look like a whole one
            raise
        finally:
            if isinstance(body, AsyncGenerator):
                await body.aclose()
        self._done()

    async def _write_pieces(self, body: AsyncIterator[bytes], *, chunked: bool) -> None:
        async for piece in body:
            if not piece:
                continue
            if chunked:
                self._transport.writelines([f"{len(piece):x}\r\n".encode("ascii"), piece, b"\r\n"])
            else:
                self._transport.write(piece)
            await self.drain()
        if chunked:
            self._transport.write(b"0\r\n\r\n")

    def _finish_head(self, head: Head, lines: list[str]) -> None:
        if self._reading_body or (self._planning and head.has_body):
            self._skip_body(head)
        if not head.keep_alive or self._closing or (self._other_ended and not self._pending):
            self._closing = True
            lines.append("connection: close\r\n")
        elif head.minor == 0:
            lines.append("connection: keep-alive\r\n")
        lines.append("\r\n")

    def _skip_body(self, head: Head) -> None:
        """What is left of an unwanted body is read and dropped, up to a bound; beyond it the connection ends."""
        if not self._reading_body and head.has_body:
            self._reading_body, self._left = True, head.content_length
            self._chunks = ChunkedReader() if head.chunked else None
        self._gathering, self._limit = None, bounds.UNREAD_BYTES_MAX
        if head.expects or self._left > bounds.UNREAD_BYTES_MAX:
            self._closing = True
        head.expects = ""
        self._resume()

    def _done(self) -> None:
        self._answered = True
        if not self._reading_body:
            self._next()
            return
        if self._exchange is not None and self._exchange.stream is not None:
            self._exchange.stream.end(Disconnected("the request was answered before its body was read"))
        if self._closing:
            self._linger()
        else:
            self._resume()

    def _next(self) -> None:
        self._exchange = None
        if self._closing or (self._other_ended and not self._pending):
            self._transport.close()
            return
        self.deadline = self._loop.time() + bounds.IDLE_SECONDS
        self._resume()
        if self._pending:
            self._loop.call_soon(self._receive_pending)

    def _receive_pending(self) -> None:
        if self._answered and self._pending and not self._transport.is_closing():
            data, self._pending = self._pending, b""
            self._receive(data)

    def _refuse(self, error: BadRequest) -> None:
        """Answer what is not HTTP, and close: nothing after it can be trusted."""
        if not self._answered and self._exchange is not None and self._exchange.stream is not None:
            self._exchange.stream.end(Disconnected(str(error)))
            self._answered = True
            self._transport.close()
            return
        if not (self._answered and self._reading_body):  # a second answer would be taken for another request's
            body = f"{error}\n".encode("ascii", "replace")
            head = f"{http1.status_line(error.status)}{date_line()}content-type: text/plain\r\nconnection: close\r\n"
            self._transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode("ascii") + body)
        self._linger()

    def _linger(self) -> None:
        """Close once the other side has: bytes left unread would reset the connection, and the answer be lost."""
        self._answered = self._closing = self._lingering = True
        self._reading_body, self._pending = False, b""
        self._resume()
        self.deadline = self._loop.time() + bounds.LINGER_SECONDS
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    # ------------------------------------------------------------- raw bytes
    def upgrade(self, headers: Headers) -> Http1Connection:
        """Answer 101; from here on the connection is a Duplex."""
        lines = [http1.status_line(101), date_line(), *(f"{name}: {value}\r\n" for name, value in headers), "\r\n"]
        self._transport.write(encoded(lines))
        self._answered = self._closing = True  # no request comes after this one
        self._raw = BodyStream(want=self._resume, hold=self._pause)
        if self._pending:
            self._raw.feed(self._pending)
            self._pending = b""
        if self._other_ended:
            self._raw.end()
        return self

    async def read(self) -> bytes:
        """See `exchanges.Duplex`."""
        assert self._raw is not None
        return await self._raw.read()

    async def write(self, data: bytes) -> None:
        """See `exchanges.Duplex`."""
        self._transport.write(data)
        await self.drain()

    async def drain(self) -> None:
        """Wait until the other side has taken what was written; Disconnected when it has gone."""
        if not self._room.is_set():
            await self._room.wait()
        if self._transport.is_closing():
            raise Disconnected("the connection was closed")

    def close(self) -> None:
        """No more in either direction, once what was written is out."""
        self._transport.close()

    def abort(self) -> None:
        """No more in either direction, at once."""
        self._transport.abort()

    # ------------------------------------------------------------- bounds
    def check_deadline(self, now: float) -> None:
        """A connection that waits too long is ended."""
        if now < self.deadline:
            return
        if not self._room.is_set() or self._lingering:
            self._transport.abort()
        elif self._paused or self._raw is not None or not (self._answered or self._reading_body):
            if self._other_ended and self._raw is None:
                self._transport.abort()  # else the wait is ours
        elif self._pending or self._reading_body:
            self._refuse(BadRequest("the request came too slowly", 408))
        else:
            self._transport.close()

    def drain_and_close(self) -> None:
        """The server stops: end at once when idle, else after the answer under way."""
        self._closing = True
        if self._answered and not self._reading_body:
            at_once = self.secure and not self._transport.get_write_buffer_size()  # a close in TLS awaits the other's
            (self._transport.abort if at_once else self._transport.close)()

    def _pause(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self.deadline = self._loop.time() + bounds.STALL_SECONDS
            self._transport.resume_reading()
