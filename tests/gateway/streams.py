"""Bodies as a connection gives them: bytes cut anywhere, as a stream of the loop that reads it."""

from collections.abc import Iterable
from itertools import pairwise

from fogstead.gateway.exchanges import BodyStream


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces, none of them empty."""
    borders = sorted({0, len(data), *(border for border in at if border < len(data))})
    return [data[low:high] for low, high in pairwise(borders)]


def streamed(*pieces: bytes, end: Exception | None = None) -> BodyStream:
    """A stream that has come whole, or that ends with an error."""
    stream = BodyStream(want=lambda: None, hold=lambda: None)
    for piece in pieces:
        stream.feed(piece)
    stream.end(end)
    return stream
