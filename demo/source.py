"""The text that goes through the queues: the lines of a large real file of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import iglob
from itertools import chain, cycle, islice
from pathlib import Path

_PLACES = (
    "/usr/share/dict/*",
    "/var/log/*.log",
    "/var/log/syslog*",
    "/usr/share/misc/*",
    "/usr/share/common-licenses/*",
)
_BYTES_MAX = 200_000_000
_CHARACTERS_MAX = 1_000
_NOT_ALLOWED = re.compile("[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PROJECT = Path(__file__).resolve().parent.parent
_ENOUGH = 20_000


@dataclass(frozen=True, slots=True)
class Text:
    """Where lines come from, and the lines, each with its number so that all differ."""

    origin: str
    lines: list[str]


def read(count: int, file: Path | None = None) -> Text:
    """So many lines of a file, of the largest one that is found, or of the project's own files."""
    found = file or _largest()
    if found is not None:
        lines = _lines([found])
        if file is not None or len(lines) >= _ENOUGH:
            return _numbered(str(found), lines, count)
    own = sorted(path for pattern in ("src/**/*.py", "docs/**/*.md", "*") for path in _PROJECT.glob(pattern))
    return _numbered("this project's own files", _lines(path for path in own if path.is_file()), count)


def _largest() -> Path | None:
    sizes = []
    for path in map(Path, chain.from_iterable(map(iglob, _PLACES))):
        try:
            if path.is_file() and path.stat().st_size <= _BYTES_MAX and b"\x00" not in path.open("rb").read(4096):
                sizes.append((path.stat().st_size, path))
        except OSError:
            continue
    return max(sizes)[1] if sizes else None


def _lines(files: Iterable[Path]) -> list[str]:
    return [line for file in files for line in _lines_of(file)]


def _lines_of(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        yield _NOT_ALLOWED.sub(" ", line)[:_CHARACTERS_MAX]


def _numbered(origin: str, lines: list[str], count: int) -> Text:
    if not lines:
        raise SystemExit(f"{origin} has no lines")
    times = -(-count // len(lines))
    shown = f"{origin}, {len(lines):,} lines" + (f", {times} times over" if times > 1 else "")
    return Text(shown, [f"{number} {line}" for number, line in enumerate(islice(cycle(lines), count))])
