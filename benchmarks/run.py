"""Speed of this cloud beside its peers, in one run and in turns, so that a noisy machine is unfair to all alike.

The unit is server CPU per operation: user and system time of the server's whole process tree, from /proc. Requests are
signed beforehand and replayed over 16 keep-alive connections on loopback; the first answer of every cell is looked at
before anything is timed.

examples:
  make bench                                          nearly everything, about fifteen minutes
  python -m benchmarks.run --full                     also a million keys and an object of 5 GiB
  python -m benchmarks.run --no-peers --rounds 1      a quick look at ourselves
  python -m benchmarks.run --only send,receive-delete two rows beside the peers
  python -m benchmarks.run --only start,polls         what it takes to start and to wait
  python -m benchmarks.run --only keys,authorisation  keys and secrets, and what policies cost
  python -m benchmarks.run --only s3 --no-peers --rounds 1 --seconds 1
                                                      a quick look at our S3
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
from functools import partial
from pathlib import Path

if __package__ in {None, ""}:  # `python benchmarks/run.py`
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import bulk, keys, objects, peers, report
from benchmarks.authorised import AUTHORISED
from benchmarks.measure import Plan, Sample, interleaved, started, tried
from benchmarks.polls import idle_polls
from benchmarks.progress import Steps
from benchmarks.replay import Load, compiled_engine
from benchmarks.rows import CALLS, DURABLE, Row
from benchmarks.servers import API, BULK, KEYS, OBJECTS, PEERS, Kind, NotStarted, Server, fogstead, fogstead_plain
from benchmarks.tables import Table, write_between_markers

SECTIONS = ("durability", "authorisation", "start", "polls", "objects-durability", "uploads", "large")
FULL = frozenset({"large", objects.CURVE[-1].name})
GROUPS = {
    "calls": [row.name for row in CALLS],
    "keys": [row.name for row in keys.ROWS],
    "objects": [row.name for row in objects.ROWS],
    "listing": [row.name for row in objects.CURVE],
}
GROUPS["s3"] = [*GROUPS["objects"], *GROUPS["listing"], "objects-durability", "uploads", "large"]
NAMES = [*GROUPS["calls"], *GROUPS["keys"], *GROUPS["objects"], *GROUPS["listing"], *SECTIONS]
RESULTS = Path(__file__).with_name("results")
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


class Bench:
    """A run: what was asked for, and what was measured so far."""

    def __init__(self, plan: Plan, names: set[str], steps: Steps, file: Path) -> None:
        self.plan, self.names, self.steps = plan, names, steps
        self.samples: list[Sample] = []
        self._file = file

    def wanted(self, rows: Sequence[Row]) -> list[Row]:
        """Those that are asked for."""
        return [row for row in rows if row.name in self.names]

    def kinds(self, needs: str) -> list[Kind]:
        """The servers that are measured at this."""
        return [kind for kind in self.plan.kinds if needs in kind.does]

    def keep(self, sample: Sample) -> None:
        """Remember, and write down at once."""
        self.samples.append(sample)
        with self._file.open("a") as file:
            file.write(json.dumps({"at": int(time.time()), **sample}) + "\n")

    def missing(self, needs: str) -> dict[str, str]:
        """Why others that do this are not measured at it."""
        able = {kind.name for kind in (fogstead(), fogstead_plain(), *PEERS) if needs in kind.does}
        return {name: why for name, why in self.plan.missing.items() if name in able}

    def servers(self, kinds: Sequence[Kind]) -> list[Server]:
        """Started; those that do not come up count as missing."""
        up: list[Server] = []
        try:
            for kind in kinds:
                self.steps.say(f"starting {kind.name}")
                try:
                    up.append(Server(kind).start())
                except NotStarted as error:
                    self.plan.missing[kind.name] = str(error)
        except BaseException:  # Ctrl-C, most likely: nobody else knows of these
            for server in up:
                server.stop()
            raise
        return up

    def beside(self, title: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> list[Sample]:
        """Rows on servers, in turns; gives what came of it."""
        before = len(self.samples)
        up = self.servers(kinds)
        try:
            pairs = sum(row.needs in server.kind.does for row in rows for server in up)
            self.steps.begin(title, self.plan.rounds * pairs)
            interleaved(self.plan, tuple(rows), up, self.keep, self.steps.next)
        finally:
            for server in up:
                server.stop()
        return self.samples[before:]

    def durability(self, rows: Sequence[Row]) -> list[Sample]:
        """Rows with and without waiting for the disk."""
        return self.beside("durability", rows, [fogstead(), fogstead("fogstead power", "--durability", "power")])

    def starts(self) -> None:
        """First start ever, then warm ones in turns."""
        kinds = self.kinds(API)
        self.steps.begin("start and memory", 1 + self.plan.rounds * len(kinds))
        self.steps.next("the first start ever")
        with tempfile.TemporaryDirectory(prefix="fogstead-bench-cache-") as cache:
            self.keep({**started(fogstead(cache=Path(cache))), "row": "first-start"})
        started(fogstead())  # fills the cache, not counted
        for number in range(self.plan.rounds):
            for kind in kinds:
                self.steps.next(f"start: {kind.name}")
                self.keep({**started(kind), "round": number})

    def alone(self, title: str, name: str, work: Callable[[Server], Sequence[Sample]]) -> list[Sample]:
        """Something of ours, on a server of its own."""
        before = len(self.samples)
        self.steps.begin(title, 0)
        for server in self.servers([fogstead()]):
            try:
                for sample in tried(name, server, partial(work, server)):
                    self.keep(sample)
            finally:
                server.stop()
        return self.samples[before:]

    def run(self) -> list[Table]:
        """Measure what is wanted; gives the tables."""
        return [*self.run_calls(), *self.run_keys(), *self.run_objects()]

    def run_calls(self) -> list[Table]:
        """STS and SQS, and what concerns every service."""
        tables: list[Table] = []
        kinds, missing = self.kinds(API), self.missing(API)
        names = [kind.name for kind in kinds]
        if calls := self.wanted(CALLS):
            tables += report.calls_tables(self.beside("calls", calls, kinds), names, missing)
        if "durability" in self.names:
            tables.append(report.durability_table(self.durability(DURABLE)))
        if "authorisation" in self.names:
            before = len(self.samples)
            self.beside("authorisation", AUTHORISED[:1], [fogstead("fogstead auth off", "--auth", "off")])
            self.beside("authorisation", AUTHORISED, [fogstead()])
            tables.append(report.authorisation_table(self.samples[before:]))
        if "start" in self.names:
            self.starts()
            tables.append(report.start_table(self.samples, names, missing))
        if "polls" in self.names:
            samples = self.alone("long polls", "polls", lambda server: [idle_polls(server, self.steps.say)])
            tables.append(report.polls_table(samples))
        return tables

    def run_keys(self) -> list[Table]:
        """KMS, Secrets Manager and SSM."""
        kinds = self.kinds(KEYS)
        if not (rows := self.wanted(keys.ROWS)):
            return []
        samples = self.beside("keys", rows, kinds)
        return report.keys_tables(samples, [kind.name for kind in kinds], self.missing(KEYS))

    def run_objects(self) -> list[Table]:
        """S3."""
        tables: list[Table] = []
        ours, *others = self.kinds(OBJECTS)
        kinds = [ours, fogstead_plain(), *others]
        if rows := self.wanted(objects.ROWS):
            samples = self.beside("objects", rows, kinds)
            tables += report.objects_tables(samples, [kind.name for kind in kinds], self.missing(BULK))
        if "objects-durability" in self.names:
            samples = self.durability(objects.DURABLE)
            tables.append(report.durability_table(samples, "objects-durability", objects.DURABLE))
        if curve := self.wanted(objects.CURVE):
            tables.append(report.curve_table(self.beside("listing", curve, [fogstead()])))
        moved: list[Sample] = []
        if "uploads" in self.names:
            moved += self.alone("parallel uploads", "uploads", lambda server: [bulk.parallel_uploads(server)])
        if "large" in self.names:
            moved += self.alone("a large object", "large", lambda server: bulk.large_object(server, self.steps.say))
        if moved:
            tables.append(report.bulk_table(moved))
        return tables


def wanted_names(only: str, *, full: bool) -> set[str]:
    """The rows and sections behind the names of `--only`, groups among them; ValueError for a name there is not.

    What takes long is left out unless it is named itself or everything is wanted.
    """
    given = [name for name in only.split(",") if name]
    if unknown := set(given) - {*NAMES, *GROUPS}:
        known = ", ".join([*NAMES, *GROUPS])
        raise ValueError(f"there is no row {', '.join(sorted(unknown))}; the rows are {known}")
    through_groups = [name for each in given for name in GROUPS.get(each, [])] if given else NAMES
    return {name for name in through_groups if full or name not in FULL} | {name for name in given if name in NAMES}


def needed(names: set[str]) -> set[str]:
    """What a server has to do to be measured at any of these beside us."""
    return {row.needs for row in (*CALLS, *keys.ROWS, *objects.ROWS) if row.name in names} | (
        {API} if "start" in names else set()
    )


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
    try:
        names = wanted_names(asked.only, full=asked.full)
    except ValueError as error:
        _parser().error(str(error))
    if not Path("/proc/self/smaps_rollup").exists():
        print("This needs Linux: processor time and memory are read from /proc.", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with Steps() as steps:
        plan = Plan(Load(seconds=asked.seconds), asked.rounds, [fogstead()])
        if not asked.no_peers:
            steps.say("installing the peers (once)")
            able = [kind for kind in PEERS if kind.does & needed(names)]
            plan.missing = peers.install_all([kind.name for kind in able])
            plan.kinds += [kind for kind in able if kind.name not in plan.missing]
        try:
            tables = Bench(plan, names, steps, file).run()
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
    names = f"{', '.join(NAMES)}; or of the groups {', '.join(GROUPS)}"
    parser.add_argument("--rounds", type=_positive(int), default=3, help="times each cell is measured (3)")
    parser.add_argument("--seconds", type=_positive(float), default=2.0, help="how long each measurement takes (2)")
    parser.add_argument("--only", default="", metavar="NAMES", help=f"with commas, of: {names}")
    parser.add_argument("--full", action="store_true", help="also what takes long: a million keys, an object of 5 GiB")
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
