"""What a server costs: processor time and memory of its whole process tree, read from /proc."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

MIB = 1024 * 1024
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def stat_fields(text: str) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold anything."""
    return text.rpartition(")")[2].split()


def ticks_used(text: str) -> int:
    """User and system time, its waited-for children's among it, out of /proc/PID/stat."""
    return sum(int(field) for field in stat_fields(text)[11:15])


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            text = _read(entry / "stat")
            if text:
                children.setdefault(int(stat_fields(text)[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time the tree has used so far."""
    return sum(ticks_used(text) for each in tree(pid) if (text := _read(_PROC / str(each) / "stat"))) / _TICKS


def pss_bytes(pid: int) -> int:
    """Proportional set size of the tree: what is shared counts once."""
    total = 0
    for each in tree(pid):
        for line in _read(_PROC / str(each) / "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def peak_rss_bytes(pid: int) -> int:
    """The most memory that each process of the tree has held at once, added up: the kernel's own record."""
    total = 0
    for each in tree(pid):
        for line in _read(_PROC / str(each) / "status").splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) * 1024
    return total


class Growth:
    """By how much the memory of a tree grows at the worst moment, while this is entered.

    `rss` is exact, by the kernel's high-water mark; `pss` is looked at every few hundredths of a second.
    """

    _EVERY_SECONDS = 0.05

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self.rss = self.pss = 0

    def __enter__(self) -> Self:
        for each in tree(self._pid):
            (_PROC / str(each) / "clear_refs").write_text("5")  # forgets the high-water mark
        self._rss_before, self._pss_before = peak_rss_bytes(self._pid), pss_bytes(self._pid)
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()
        self.rss = max(0, peak_rss_bytes(self._pid) - self._rss_before)

    def _watch(self) -> None:
        while not self._over.wait(self._EVERY_SECONDS):
            self.pss = max(self.pss, pss_bytes(self._pid) - self._pss_before)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
