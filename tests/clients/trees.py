"""Folders full of files for clients to carry: names that are awkward, sizes at the edges, the same on every machine."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KIB, MIB = 1024, 1024 * 1024
_SEED = 4566
_LONG_AGO = 1_600_000_000
# Where the AWS CLI and boto3 change from one request to a multipart upload.
_THRESHOLD = 8 * MIB
_INLINE = 16 * KIB
_EDGES = (0, 0, 1, _INLINE - 1, _INLINE, _INLINE + 1, 5 * MIB - 1, 5 * MIB, _THRESHOLD - 1, _THRESHOLD, _THRESHOLD + 1)
_SMALL_EDGES = (0, 0, 1, _INLINE - 1, _INLINE, _INLINE + 1, _THRESHOLD - 1, _THRESHOLD + 1)
_NAMES = (
    "plain.txt",
    "with space.txt",
    "two  spaces and a tail .txt",
    "plus+and%20percent.txt",
    "amp&equals=semi;colon.txt",
    "hash#quote'tilde~.txt",
    "parentheses (1), brackets {2}.txt",
    "at@dollar$comma,bang!.txt",
    "Zürich.txt",
    "日本語の名前.txt",
    "emoji 🌫️.txt",
    "decomposed Zu\u0308rich.txt",
    ".hidden",
    "UPPER and lower.TXT",
    "no-extension",
    "page.html",
    "x" * 200,
)
_FOLDERS = (
    "",
    "docs/",
    "docs/with space/",
    "docs/ünïcode/",
    "docs/a+b & c/",
    "deep/" + "/".join(f"level-{number}" for number in range(20)) + "/",
    "empty at the top/then/",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many files, and how many bytes at least."""

    files: int
    bytes_min: int
    edges: tuple[int, ...]
    large_bytes: int


SMALL = Shape(files=300, bytes_min=20 * MIB, edges=_SMALL_EDGES, large_bytes=3 * MIB)
LARGE = Shape(files=10_000, bytes_min=1024 * MIB, edges=_EDGES, large_bytes=30 * MIB)


def grow(top: Path, shape: Shape) -> None:
    """Make the tree: awkward names first, then files of the sizes at the edges, then many small and a few large ones.

    All are older than any upload: to some programs a newer file is a changed one.
    """
    source = random.Random(_SEED)
    left = shape.bytes_min
    for path, size in _plan(shape, source):
        left -= size
        _write(top / path, size, source)
    for number in range(-(-left // shape.large_bytes)):
        _write(top / f"large/{number:03}.bin", shape.large_bytes, source)
    for path in top.rglob("*"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def _plan(shape: Shape, source: random.Random) -> Iterator[tuple[str, int]]:
    named = [f"{folder}{name}" for folder in _FOLDERS for name in _NAMES]
    for path in named:
        yield path, source.randrange(2 * KIB)
    for number, size in enumerate(shape.edges):
        yield f"edges/{number:02} of {size} bytes.bin", size
    for number in range(shape.files - len(named) - len(shape.edges)):
        # One in ten is too large to be kept inside its record.
        size = source.randrange(_INLINE, 20 * _INLINE) if number % 10 == 0 else source.randrange(_INLINE)
        yield f"many/{number % 37:02}/{number % 11}/file {number}.dat", size


def _write(path: Path, size: int, source: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.randbytes(size))


def alter(top: Path) -> None:
    """Another content, another size, another file, one less: what a second synchronisation has to carry over."""
    source = random.Random(_SEED + 1)
    _write(top / "plain.txt", 3 * KIB, source)
    _write(top / "docs/with space/Zürich.txt", 4 * KIB, source)
    _write(top / "docs/new & fresh.txt", KIB, source)
    (top / "no-extension").unlink()


def differences(one: Path, other: Path) -> str:
    """What `diff -r` says: nothing when the two trees are the same."""
    found = subprocess.run(["diff", "-r", "-q", one, other], capture_output=True, text=True, check=False)
    return found.stdout + found.stderr
