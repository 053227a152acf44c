"""Tables with units: for a terminal, for a file without colours, for Markdown."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Table:
    """Text in rows. The first column names things, the others hold figures."""

    name: str
    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> str:
        """Aligned by spaces."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]

        def shown(line: Sequence[str]) -> str:
            cells = [
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            return "  ".join(cells).rstrip()

        body = [shown(self.columns), "  ".join("-" * width for width in widths), *map(shown, self.rows)]
        return "\n".join([self.title, "", *body, *self.notes, ""])

    def markdown(self) -> str:
        """As documents hold it."""

        def shown(line: Sequence[str]) -> str:
            return "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"

        ruler = "| --- |" + " ---: |" * (len(self.columns) - 1)
        notes = ["", *self.notes] if self.notes else []
        return "\n".join([f"**{self.title}**", "", shown(self.columns), ruler, *map(shown, self.rows), *notes])

    def show(self) -> None:
        """On the terminal in colour, elsewhere plain."""
        if not sys.stdout.isatty():
            print(self.plain())
            return
        from rich import box  # noqa: PLC0415 - only for people
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table as RichTable  # noqa: PLC0415

        drawn = RichTable(title=self.title, box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")
        for at, column in enumerate(self.columns):
            ours = at == 1
            drawn.add_column(column, justify="left" if at == 0 else "right", style="bold green" if ours else "")
        for row in self.rows:
            drawn.add_row(*row)
        console = Console(highlight=False)
        console.print(drawn)
        for note in self.notes:
            console.print(f"  {note}", style="dim")
        if self.notes:
            console.print()


def micros(value: float) -> str:
    """Microseconds."""
    return f"{value:,.0f} us"


def cost(value: float) -> str:
    """Processor time, out of microseconds: in milliseconds where it is many."""
    return micros(value) if value < 10_000 else f"{value / 1000:,.1f} ms"


def millis(value: float) -> str:
    """Milliseconds, out of seconds."""
    return f"{value * 1000:,.0f} ms"


def mebibytes(value: float) -> str:
    """MiB, out of bytes."""
    return f"{value / (1024 * 1024):,.1f} MiB"


def rate(value: float) -> str:
    """Operations a second."""
    return f"{value:,.0f}/s"


def write_between_markers(file: Path, name: str, text: str) -> None:
    """Put `text` between `<!-- NAME -->` and `<!-- /NAME -->`; ValueError when the file has no such markers."""
    old = file.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    new, found = pattern.subn(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", old)
    if not found:
        raise ValueError(f"{file} has no markers {name}")
    file.write_text(new, encoding="utf-8")
