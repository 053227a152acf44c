"""Stretches of the audit: what a trail logs or an event data store takes in while it is switched on."""

from __future__ import annotations

from typing import Final

import msgspec

SPANS_MAX: Final = 64
"""How often one may be switched off and on before what came in between is done with."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Behind `after`, up to `upto`, or on and on where that is 0."""

    after: int
    upto: int = 0


Spans = tuple[Span, ...]


def opened(spans: Spans, last: int) -> Spans:
    """Switched on behind the audit's last record."""
    return (*spans, Span(last))


def closed(spans: Spans, last: int) -> Spans:
    """Switched off behind the audit's last record."""
    return (*spans[:-1], Span(spans[-1].after, last)) if spans and not spans[-1].upto else spans


def moved(spans: Spans, reached: int) -> Spans:
    """The first one begun again behind a record, and left out once it is done."""
    first, *others = spans
    return (Span(reached, first.upto), *others) if not first.upto or reached < first.upto else tuple(others)


def reachable(spans: Spans, first: int) -> tuple[Spans, int]:
    """What of them the audit still has from its `first` record on, and how many records are gone."""
    left, gone = list(spans), 0
    while left:
        span = left[0]
        after = max(span.after, min(first - 1, span.upto or first - 1))
        gone += after - span.after
        if not span.upto or after < span.upto:
            left[0] = Span(after, span.upto)
            break
        del left[0]
    return tuple(left), gone
