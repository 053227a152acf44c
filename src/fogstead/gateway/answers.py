"""The head of an answer as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate

from fogstead.gateway.exchanges import Headers


class _DateLine:
    """The Date header, formatted once a second. It shows true time: clients set their clocks by it."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def __call__(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, f"date: {formatdate(second, usegmt=True)}\r\n"
        return self._text


date_line = _DateLine()


def has_length(headers: Headers) -> bool:
    """Whether the application said how long the body is."""
    for name, _ in headers:  # noqa: SIM110 - a generator for every answer costs more than the loop
        if name == "content-length":
            return True
    return False


def encoded(lines: list[str]) -> bytes:
    """A head's bytes; a value that would start a line of its own is written without its line ends."""
    raw = "".join(lines).encode("latin-1", "replace")
    ends = len(lines)
    if raw.count(b"\n") == ends and raw.count(b"\r") == ends:
        return raw
    plain = [line[:-2].replace("\r", " ").replace("\n", " ") + "\r\n" for line in lines]
    return "".join(plain).encode("latin-1", "replace")
