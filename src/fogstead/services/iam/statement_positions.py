"""Where in a policy's text each of its statements stands, for those who are told which one decided."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

_SPACE = " \t\r\n"
_read = json.JSONDecoder().raw_decode


class Span(NamedTuple):
    """Offsets of the first character and of the one after the last."""

    start: int
    end: int


@lru_cache(maxsize=256)
def statement_spans(text: str) -> tuple[Span, ...]:
    """The place of each statement, in their order. The text is known to be a policy."""
    at = _skip(text, _skip(text, 0) + 1)
    while True:
        name, at = _read(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == "Statement":
            return tuple(_statements(text, at))
        _value, at = _read(text, at)
        at = _skip(text, _skip(text, at) + 1)


def _statements(text: str, at: int) -> list[Span]:
    if text[at] != "[":
        return [Span(at, _read(text, at)[1])]
    spans = []
    while text[at] != "]":
        start = _skip(text, at + 1)
        end = _read(text, start)[1]
        spans.append(Span(start, end))
        at = _skip(text, end)
    return spans


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def line_and_column(text: str, offset: int) -> dict[str, int]:
    """Both from one."""
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - text.rfind("\n", 0, offset)}
