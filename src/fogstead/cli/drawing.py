"""Printing what a command found: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

_WIDE = 100_000


def print_json(value: Any) -> None:
    """Indented, with names in the order they were made."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns with a heading; cut to the width of a terminal, whole in a file or pipe."""
    from rich.console import Console  # noqa: PLC0415 - only to draw
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    terminal = sys.stdout.isatty()
    plain = bool(os.environ.get("NO_COLOR")) or click.get_current_context().find_root().color is False
    console = Console(file=sys.stdout, width=None if terminal else _WIDE, no_color=plain or None, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="" if plain else "bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*[Text(str(cell)) for cell in row])
    console.print(table)


def print_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one a line."""
    listed = list(facts)
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        click.echo(f"{name:<{width}}  {value}")
