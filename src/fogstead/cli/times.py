"""Times as people write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")


def seconds(_ctx: click.Context, _argument: click.Parameter, value: str) -> float:
    """`1h30m` as seconds: the callback of an option or argument."""
    if re.fullmatch(f"(?:{_PART.pattern})+", value) is None:
        raise click.BadParameter(f"{value!r} is no duration: write 30s, 15m, 2h, 15d, 1w or 1h30m.")
    return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(value))


def iso(millis: int) -> str:
    """Milliseconds since the epoch as a person reads them."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
