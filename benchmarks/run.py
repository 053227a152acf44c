"""Speed of this cloud beside its peers, in one run and in turns, so that a noisy machine is unfair to all alike.

The unit is server CPU per operation: user and system time of the server's whole process tree, from /proc. Requests are
signed beforehand and replayed over 16 keep-alive connections on loopback; the first answer of every cell is looked at
before anything is timed.

examples:
  make bench                                          everything, about three minutes
  python -m benchmarks.run --no-peers --rounds 1      a quick look at ourselves
  python -m benchmarks.run --only send,receive-delete two rows beside the peers
  python -m benchmarks.run --only start,polls         what it takes to start and to wait
  python -m benchmarks.run --rounds 5 --markdown      also write the tables of docs/performance.md
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if __package__ in {None, ""}:  # `python benchmarks/run.py`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import peers, report
from benchmarks.measure import Plan, Sample, interleaved, started
from benchmarks.polls import idle_polls
from benchmarks.progress import Steps
from benchmarks.replay import Load, compiled_engine
from benchmarks.rows import AUTHORISED, CALLS, DURABLE, Row
from benchmarks.servers import PEERS, Kind, NotStarted, Server, fogstead
from benchmarks.tables import Table, write_between_markers

SECTIONS = ("durability", "authorisation", "start", "polls")
RESULTS = Path(__file__).with_name("results")
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


class Bench:
    """A run: what was asked for, and what was measured so far."""

    def __init__(self, plan: Plan, only: set[str], steps: Steps, file: Path) -> None:
        self.plan, self.only, self.steps = plan, only, steps
        self.samples: list[Sample] = []
        self._file = file

    def wants(self, name: str) -> bool:
        """Whether a row or a section is asked for."""
        return not self.only or name in self.only

    def keep(self, sample: Sample) -> None:
        """Remember, and write down at once."""
        self.samples.append(sample)
        with self._file.open("a") as file:
            file.write(json.dumps({"at": int(time.time()), **sample}) + "\n")

    def servers(self, kinds: Sequence[Kind]) -> list[Server]:
        """Started; those that do not come up count as missing."""
        up = []
        for kind in kinds:
            self.steps.say(f"starting {kind.name}")
            try:
                up.append(Server(kind).start())
            except NotStarted as error:
                self.plan.missing[kind.name] = str(error)
        return up

    def beside(self, title: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> None:
        """Rows on servers, in turns."""
        up = self.servers(kinds)
        try:
            self.steps.begin(title, self.plan.rounds * len(rows) * len(up))
            interleaved(self.plan, tuple(rows), up, self.keep, self.steps.next)
        finally:
            for server in up:
                server.stop()

    def starts(self) -> None:
        """First start ever, then warm ones in turns."""
        self.steps.begin("start and memory", 1 + self.plan.rounds * len(self.plan.kinds))
        self.steps.next("the first start ever")
        with tempfile.TemporaryDirectory(prefix="fogstead-bench-cache-") as cache:
            self.keep({**started(fogstead(cache=Path(cache))), "row": "first-start"})
        started(fogstead())  # fills the cache, not counted
        for number in range(self.plan.rounds):
            for kind in self.plan.kinds:
                self.steps.next(f"start: {kind.name}")
                self.keep({**started(kind), "round": number})

    def polls(self) -> None:
        """Idle long polls, on a server of their own."""
        self.steps.begin("long polls", 0)
        for server in self.servers([fogstead()]):
            try:
                self.keep(idle_polls(server, self.steps.say))
            finally:
                server.stop()

    def run(self) -> list[Table]:
        """Measure what is wanted; gives the tables."""
        tables: list[Table] = []
        names = [kind.name for kind in self.plan.kinds]
        missing = self.plan.missing
        calls = [row for row in CALLS if self.wants(row.name)]
        if calls:
            self.beside("calls", calls, self.plan.kinds)
            tables += report.calls_tables(self.samples, names, missing)
        if self.wants("durability"):
            before = len(self.samples)
            self.beside("durability", DURABLE, [fogstead(), fogstead("fogstead power", "--durability", "power")])
            tables.append(report.durability_table(self.samples[before:]))
        if self.wants("authorisation"):
            before = len(self.samples)
            self.beside("authorisation", AUTHORISED[:1], [fogstead("fogstead auth off", "--auth", "off")])
            self.beside("authorisation", AUTHORISED, [fogstead()])
            tables.append(report.authorisation_table(self.samples[before:]))
        if self.wants("start"):
            self.starts()
            tables.append(report.start_table(self.samples, names, missing))
        if self.wants("polls"):
            self.polls()
            tables.append(report.polls_table(self.samples))
        return tables


def machine() -> str:
    """Where this was measured, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    load = os.getloadavg()[0]
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} cores ({model}), Python {python}, load average {load:.1f} at the end"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    asked = _parser().parse_args(arguments)
    only = {name for name in asked.only.split(",") if name}
    known = {row.name for row in CALLS} | set(SECTIONS)
    if unknown := only - known:
        _parser().error(f"there is no row {', '.join(sorted(unknown))}; the rows are {', '.join(sorted(known))}")
    if not Path("/proc/self/smaps_rollup").exists():
        print("This needs Linux: processor time and memory are read from /proc.", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with Steps() as steps:
        plan = Plan(Load(seconds=asked.seconds), asked.rounds, [fogstead()])
        if not asked.no_peers:
            steps.say("installing the peers (once)")
            plan.missing = peers.install_all()
            plan.kinds += [kind for kind in PEERS if kind.name not in plan.missing]
        try:
            tables = Bench(plan, only, steps, file).run()
        except KeyboardInterrupt:
            steps.close()
            print(f"Stopped; what was measured so far is in {file}.", file=sys.stderr)
            return 130
    _show(tables, asked.rounds, asked.seconds, file)
    if asked.markdown:
        for table in tables:
            write_between_markers(DOCUMENT, table.name, table.markdown())
        write_between_markers(DOCUMENT, "machine", f"{machine()}; medians of {asked.rounds} rounds.")
        print(f"Written into {DOCUMENT}.")
    return 0


def _show(tables: Sequence[Table], rounds: int, seconds: float, file: Path) -> None:
    for table in tables:
        table.show()
    engine = "C" if compiled_engine() else "Python (no C compiler was found)"
    print(f"{machine()}.")
    print(f"Medians of {rounds} rounds of {seconds:g} s a cell; load engine: {engine}; samples: {file}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join([*(row.name for row in CALLS), *SECTIONS])
    parser.add_argument("--rounds", type=_positive(int), default=3, help="times each cell is measured (3)")
    parser.add_argument("--seconds", type=_positive(float), default=2.0, help="how long each measurement takes (2)")
    parser.add_argument("--only", default="", metavar="NAMES", help=f"with commas, of: {names}")
    parser.add_argument("--no-peers", action="store_true", help="only ourselves; nothing is installed")
    parser.add_argument("--markdown", action="store_true", help="write the tables into docs/performance.md")
    return parser


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("must be more than nothing")
        return value

    return read


if __name__ == "__main__":
    sys.exit(main())
