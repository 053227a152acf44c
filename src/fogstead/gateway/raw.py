"""An exchange as raw endpoints see it; see `kernel.endpoints` for the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from fogstead.gateway.exchanges import Duplex, Exchange, Headers


class RawHttp:
    """Wraps an exchange of any HTTP version."""

    def __init__(self, exchange: Exchange, *, trusted: bool, region: str) -> None:
        head = exchange.head
        self._exchange = exchange
        self.method, self.path, self.query = head.method, head.path, head.query
        self.headers: Mapping[str, str] = head.headers
        self.peer, self.secure = exchange.peer, exchange.secure
        self.trusted, self.region = trusted, region
        self._duplex: Duplex | None = None

    async def body(self) -> AsyncIterator[bytes]:
        """See `kernel.endpoints.RawExchange`."""
        if self._exchange.stream is not None:
            async for piece in self._exchange.stream:
                yield piece
        elif self._exchange.body:
            yield self._exchange.body

    def answer(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """See `kernel.endpoints.RawExchange`."""
        self._exchange.answer(status, headers, body)

    async def answer_stream(self, status: int, headers: Headers, body: AsyncIterator[bytes]) -> None:
        """See `kernel.endpoints.RawExchange`."""
        await self._exchange.answer_stream(status, headers, body)

    def upgrade(self, headers: Headers) -> Duplex:
        """See `kernel.endpoints.RawExchange`."""
        self._duplex = self._exchange.upgrade(headers)
        return self._duplex

    def finish(self) -> None:
        """Say that the endpoint went without an answer, if it did."""
        if self._duplex is None:
            self._exchange.answer(500, [("content-type", "text/plain")], b"No answer was given\n")

    def fail(self) -> None:
        """Say that the endpoint broke, or after an Upgrade end the connection."""
        if self._duplex is not None:
            self._duplex.close()
        else:
            self._exchange.answer(500, [("content-type", "text/plain")], b"Internal failure\n")
