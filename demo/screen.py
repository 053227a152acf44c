"""What a person sees: bars that move, kills as they happen, and tables at the end; plain lines without a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, Self

from benchmarks.tables import Table

_PLAIN_EVERY_SECONDS = 5.0
_EVENTS_SHOWN = 8


class Screen:
    """Bars for each queue: sent, received, deleted."""

    def __init__(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        self._title, self._facts = title, facts
        self._live: Any = None
        self._bars: dict[tuple[str, str], Any] = {}
        self._totals: dict[tuple[str, str], int] = {}
        self._ended: dict[tuple[str, str], float] = {}
        self._events: list[str] = []
        self._state = ""
        self._began = self._spoken = time.monotonic()

    def __enter__(self) -> Self:
        if not sys.stdout.isatty():
            print(self._title)
            for name, value in self._facts:
                print(f"  {name:<10} {value}")
            return self
        from rich import progress  # noqa: PLC0415 - only for people
        from rich.live import Live  # noqa: PLC0415

        self._progress = progress.Progress(
            progress.TextColumn("{task.fields[queue]:<14}", style="bold cyan"),
            progress.TextColumn("{task.description:<8}"),
            progress.BarColumn(bar_width=36, complete_style="green", finished_style="bold green"),
            progress.TextColumn("{task.completed:>7,.0f}", style="bold"),
            progress.TextColumn("of {task.total:,.0f}", style="dim"),
            progress.TextColumn("{task.fields[rate]:>9}", style="yellow"),
            auto_refresh=False,
        )
        self._live = Live(get_renderable=self._drawn, refresh_per_second=10)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def bar(self, queue: str, what: str, total: int) -> None:
        """Another bar."""
        self._totals[queue, what] = total
        if self._live is not None:
            shown = queue if not any(name == queue for name, _ in self._bars) else ""
            self._bars[queue, what] = self._progress.add_task(what, total=total, queue=shown, rate="")

    def update(self, counts: dict[tuple[str, str], int], state: str) -> None:
        """How far each bar is now, and what the cloud is doing."""
        self._state = state
        elapsed = time.monotonic() - self._began
        if self._live is not None:
            for key, done in counts.items():
                total = self._totals[key]
                ended = self._ended.setdefault(key, elapsed) if done >= total else elapsed
                self._progress.update(self._bars[key], completed=done, rate=f"{done / max(ended, 0.1):,.0f}/s")
        elif time.monotonic() - self._spoken >= _PLAIN_EVERY_SECONDS:
            self._spoken = time.monotonic()
            print(f"  {elapsed:5.1f} s  " + ", ".join(f"{q} {w} {n:,}" for (q, w), n in counts.items()), flush=True)

    def event(self, text: str) -> None:
        """Something that deserves a line."""
        line = f"{time.monotonic() - self._began:5.1f} s  {text}"
        self._events.append(line)
        if self._live is None:
            print(f"  {line}", flush=True)

    def _drawn(self) -> Any:
        from rich.console import Group  # noqa: PLC0415
        from rich.padding import Padding  # noqa: PLC0415
        from rich.panel import Panel  # noqa: PLC0415
        from rich.table import Table as Grid  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        facts = Grid.grid(padding=(0, 2))
        for name, value in self._facts:
            facts.add_row(Text(name, style="dim"), Text(value))
        events = Text("\n".join(self._events[-_EVENTS_SHOWN:]), style="red")
        state = Text(f"{time.monotonic() - self._began:5.1f} s  {self._state}", style="dim")
        inside = Group(facts, Text(), self._progress, Padding(Group(events, state), (1, 0, 0, 0)))
        return Panel(inside, title=f"[bold]{self._title}", title_align="left", border_style="blue", padding=(1, 2))


def show(table: Table, *, good: bool) -> None:
    """A closing table, green or red."""
    if not sys.stdout.isatty():
        print()
        print(table.plain())
        return
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as Drawn  # noqa: PLC0415

    drawn = Drawn(title=table.title, box=box.ROUNDED, title_justify="left", title_style="bold")
    drawn.border_style = "green" if good else "red"
    for at, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if at == 0 else "right")
    for row in table.rows:
        drawn.add_row(*row)
    console = Console(highlight=False)
    console.print(drawn)
    for note in table.notes:
        console.print(f"  {note}", style="dim")


def say(text: str, *, good: bool) -> None:
    """The last word."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console  # noqa: PLC0415

    Console(highlight=False).print(f"\n[bold {'green' if good else 'red'}]{text}")
