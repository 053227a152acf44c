"""What a server costs: processor time and memory of its whole process tree, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

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


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
