"""Where the time of one operation goes, by stage or by line.

A cloud under load looks at its own stack every millisecond of processor time and says which stage it is in; the shares
are then laid over the CPU of an operation of the same cloud. Nothing is wrapped, so little is disturbed.

examples:
  python -m benchmarks.profile send
  python -m benchmarks.profile receive-delete --seconds 10
  python -m benchmarks.profile send --lines           the lines that are seen most often
  python -m benchmarks.profile identity,send,send-batch,receive-delete --markdown
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:  # `python benchmarks/profile.py`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import keys, objects
from benchmarks.authorised import AUTHORISED
from benchmarks.measure import WARM_SECONDS
from benchmarks.process import cpu_seconds
from benchmarks.replay import Load
from benchmarks.rows import CALLS, Row
from benchmarks.run import DOCUMENT
from benchmarks.servers import Kind, Server, fogstead
from benchmarks.tables import Table, write_between_markers

_LINES_SHOWN = 40
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Seen:
    """What a sampled cloud saw of itself under load."""

    cpu_us: float
    stages: Mapping[str, int]
    lines: list[list[Any]]

    @property
    def samples(self) -> int:
        """How often it looked."""
        return sum(self.stages.values())

    def each(self, count: int) -> float:
        """Microseconds an operation that so many samples stand for."""
        return self.cpu_us * count / max(1, self.samples)


def sampled(file: Path) -> Kind:
    """This cloud, looking at itself."""
    plain = fogstead("fogstead sampled")

    def command(port: int, data: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.sampled", str(file), *plain.command(port, data)[3:]]

    def environment(port: int, data: Path) -> dict[str, str]:
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return plain.environment(port, data) | {"PYTHONPATH": os.pathsep.join(paths)}

    return replace(plain, command=command, environment=environment)


def look(row: Row, load: Load) -> Seen:
    """Load a cloud that samples itself."""
    load = replace(load, connections=row.connections)
    with tempfile.TemporaryDirectory(prefix="fogstead-profile-") as folder:
        file = Path(folder) / "seen.json"
        server = Server(sampled(file)).start()
        try:
            work = row.prepare(server, load)
            work.first()
            work.run(replace(load, seconds=WARM_SECONDS))
            os.kill(server.pid, signal.SIGUSR1)
            time.sleep(0.1)
            before = cpu_seconds(server.pid)
            outcome = work.run(load)
            used = cpu_seconds(server.pid) - before
            os.kill(server.pid, signal.SIGUSR2)
            deadline = time.monotonic() + 10
            while not file.exists():
                if time.monotonic() > deadline:
                    raise TimeoutError("the sampled cloud does not say what it saw")
                time.sleep(0.02)
            seen = json.loads(file.read_text())
        finally:
            server.stop()
    return Seen(used / (outcome.operations + outcome.failures) * 1e6, seen["stages"], seen["lines"])


def stages_table(row: Row, seen: Seen) -> Table:
    """Shares by stage, largest first."""
    title = f"{row.title}: {seen.cpu_us:,.0f} us of server CPU, {seen.samples:,} samples"
    table = Table(f"profile-{row.name}", title, ["stage", "us", "share"])
    for stage, count in sorted(seen.stages.items(), key=lambda item: -item[1]):
        table.rows.append([stage, f"{seen.each(count):.1f}", f"{count / seen.samples:.0%}"])
    return table


def lines_table(row: Row, seen: Seen) -> Table:
    """The lines that were seen most often; what a line calls in C counts as the line's."""
    table = Table(f"lines-{row.name}", f"{row.title}: lines, and what they call in C", ["line", "us", "share"])
    for line, count in seen.lines[:_LINES_SHOWN]:
        table.rows.append([line, f"{seen.each(count):.1f}", f"{count / seen.samples:.1%}"])
    return table


def main() -> int:
    """The command."""
    rows = {row.name: row for row in (*CALLS, *AUTHORISED, *keys.ROWS, *objects.ROWS)}
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="ROWS", help=f"with commas, of: {', '.join(rows)}")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long to load (5)")
    parser.add_argument("--lines", action="store_true", help="by line, too")
    parser.add_argument("--markdown", action="store_true", help="write the tables into docs/performance.md")
    asked = parser.parse_args()
    names = asked.names.split(",")
    if unknown := set(names) - set(rows):
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    made = []
    for name in names:
        seen = look(rows[name], Load(seconds=asked.seconds))
        made.append(stages_table(rows[name], seen))
        made[-1].show()
        if asked.lines:
            lines_table(rows[name], seen).show()
    if asked.markdown:
        write_between_markers(DOCUMENT, "stages", "\n\n".join(table.markdown() for table in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
