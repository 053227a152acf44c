"""What a person sees while it runs: a bar with the step under way; without a terminal, a line a section."""

from __future__ import annotations

import sys
from typing import Any, Self


class Steps:
    """Progress on stderr."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None
        self._spoken = ""

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich import progress  # noqa: PLC0415 - only for people
            from rich.console import Console  # noqa: PLC0415 - only for people

            self._progress = progress.Progress(
                progress.SpinnerColumn(),
                progress.TextColumn("[bold]{task.fields[section]}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("{task.description}", style="dim"),
                console=Console(stderr=True),
                transient=True,
                refresh_per_second=4,
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=None, section="preparing")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Clear the bar."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def begin(self, section: str, total: int) -> None:
        """A section of so many steps starts; 0 for an unknown number."""
        if self._progress is not None:
            self._progress.reset(self._task, total=total or None, section=section, completed=-1 if total else 0)
        elif section != self._spoken:
            print(f"{section} ...", file=sys.stderr, flush=True)
            self._spoken = section

    def next(self, text: str) -> None:
        """The next step is this."""
        if self._progress is not None:
            self._progress.update(self._task, description=text, advance=1)

    def say(self, text: str) -> None:
        """The step goes on with this."""
        if self._progress is not None:
            self._progress.update(self._task, description=text)
