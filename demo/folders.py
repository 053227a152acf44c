"""The files of a folder, and what was found of them in a bucket and on the disk below it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from demo.carriers import CHANGED, WHOLE

_INLINE_BYTES_MAX = 16 * 1024
_BLOB = re.compile("[0-9a-f]{32}")
_PARTS = re.compile(r"-(\d+)$")


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a folder, by their paths below it, with their sizes."""

    top: Path
    sizes: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(self.sizes.values())


def look(top: Path, files_max: int) -> Tree:
    """Up to so many readable files of a folder, evenly out of all of it; links are passed over."""
    found: dict[str, int] = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK) and _is_text(str(path)):
                found[str(path.relative_to(top))] = path.stat().st_size
    ordered = sorted(found)
    step = max(1.0, len(ordered) / files_max)
    chosen = [ordered[int(number * step)] for number in range(min(len(ordered), files_max))]
    if not chosen:
        raise SystemExit(f"{top} has no files")
    return Tree(top, {name: found[name] for name in chosen})


def _is_text(name: str) -> bool:
    """A name that is no UTF-8 can be no key."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of the bucket as it was found when all was done."""

    files: int
    sent: int
    whole: int
    changed: int
    lost: int
    invented: int
    cut_off: int
    swept: int
    unneeded: int

    @property
    def good(self) -> bool:
        """Whether the cloud kept its promises; uploads that a kill cut off are the clients' to abort."""
        wrong = self.changed or self.lost or self.invented or self.unneeded
        return not wrong and self.sent == self.whole == self.files


def judge(
    tree: Tree, sent: bytes, fetched: bytes, listed: dict[str, int], *, cut_off: int, swept: int, unneeded: int
) -> Verdict:
    """Compare what was carried with what is listed: a file of another size is lost, and what is there is invented."""
    same = {name for name, size in listed.items() if tree.sizes.get(name) == size}
    return Verdict(
        files=len(tree.sizes),
        sent=sum(mark != 0 for mark in sent),
        whole=fetched.count(WHOLE),
        changed=fetched.count(CHANGED),
        lost=len(tree.sizes) - len(same),
        invented=len(listed) - len(same),
        cut_off=cut_off,
        swept=swept,
        unneeded=unneeded,
    )


def is_blob(path: Path) -> bool:
    """Whether a file of the data directory holds a body."""
    return _BLOB.fullmatch(path.name) is not None


def files_needed(size: int, etag: str) -> int:
    """How many files an object needs: one for each part, none when it lies in its record."""
    if parts := _PARTS.search(etag.strip('"')):
        return int(parts[1])
    return int(size > _INLINE_BYTES_MAX)
