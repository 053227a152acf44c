"""One request on an HTTP/1.1 connection, as the application sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from fogstead.gateway.exchanges import BodyStream, Headers
from fogstead.gateway.http1 import Head

if TYPE_CHECKING:
    from fogstead.gateway.connection import Http1Connection


class Http1Exchange:
    """See `exchanges.Exchange`."""

    __slots__ = ("_connection", "body", "head", "on_gone", "stream")

    def __init__(self, connection: Http1Connection, head: Head) -> None:
        self._connection = connection
        self.head = head
        self.body = b""
        self.stream: BodyStream | None = None
        self.on_gone: Callable[[], None] | None = None

    @property
    def peer(self) -> str:
        """The other side's address."""
        return self._connection.peer

    @property
    def secure(self) -> bool:
        """Whether it came over TLS."""
        return self._connection.secure

    def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        if self._connection.serves(self):
            self._connection.answer(status, headers, body)

    async def answer_stream(self, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
        if self._connection.serves(self):
            await self._connection.answer_stream(status, headers, body)

    def upgrade(self, headers: Headers) -> Http1Connection:
        return self._connection.upgrade(headers)
