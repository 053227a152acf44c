"""The blobs that the shared suite runs on, a disk below them that fails, and the little that tests need beside."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
from stores import in_loop

from fogstead.primitives.blobs import CHUNK_BYTES, Blobs
from fogstead.primitives.blobs.directory import DirectoryBlobs, Durability
from fogstead.primitives.blobs.folders import KEY_CHECK_FILE
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.ids import Ids

T = TypeVar("T")

KINDS: dict[str, tuple[int, Durability]] = {
    "one-process": (1, "process"),
    "one-power": (1, "power"),
    "three-process": (3, "process"),
    "three-power": (3, "power"),
}
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 9 * CHUNK_BYTES + 7]
ROOT = RootKey(bytes(range(32)))


@cache
def content(size: int) -> bytes:
    """Bytes without a pattern, the same ones each time."""
    return random.Random(size).randbytes(size)


def zone_paths(path: Path, count: int = 3) -> list[Path]:
    return [path / f"zone-{number}" for number in range(count)]


def with_blobs(
    path: Path, work: Callable[[DirectoryBlobs], Awaitable[T]], kind: str = "three-process", **options: Any
) -> T:
    """Run a test's coroutine on blobs that are opened before and closed after it."""
    count, durability = KINDS[kind]
    options = {"root": ROOT, "ids": Ids(), "durability": durability, **options}

    async def opened() -> T:
        blobs = DirectoryBlobs(zone_paths(path, count), **options)
        try:
            return await work(blobs)
        finally:
            await blobs.close()

    return in_loop(opened)


async def pieces_of(data: bytes, sizes: Iterable[int] = ()) -> AsyncIterator[bytes]:
    """In pieces of these sizes, and what is left in one."""
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


async def read_all(blobs: Blobs, blob: str, size: int, start: int = 0, end: int | None = None) -> bytes:
    async with aclosing(blobs.read(blob, size, start, end)) as pieces:
        return b"".join([piece async for piece in pieces])


def files_in(path: Path) -> list[Path]:
    """Every file below, but for those that say whose a zone is."""
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name != KEY_CHECK_FILE)


def open_files(path: Path) -> list[str]:
    """The files below that this process holds open."""
    held = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:
            continue
        if target.startswith(f"{path}/"):
            held.append(target)
    return held


class FaultyDisk:
    """Stands under the calls that blobs make to the system, for files below one folder.

    `fail` makes a kind of call fail, and `failed` says that one did. `shorten` makes writes take only so many bytes at
    once. `calls` says what was asked of which file, and `on_loop` what was asked on the event loop's thread.
    """

    _BY_DESCRIPTOR = ("pwrite", "pwritev", "pread", "preadv", "fsync", "fstat")
    _BY_PATH = ("open", "unlink", "mkdir", "scandir")

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = str(path)
        self._faults: dict[str, tuple[str, int, int]] = {}
        self._lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self.on_loop: list[tuple[str, str]] = []
        self.shorten: int | None = None
        self.failed = threading.Event()
        for name in (*self._BY_DESCRIPTOR, *self._BY_PATH):
            monkeypatch.setattr(os, name, self._standing_for(name, getattr(os, name)))

    def fail(self, call: str, number: int = errno.EIO, *, within: Path | None = None, after: int = 0) -> None:
        """Fail this kind of call after so many that went well."""
        self._faults[call] = (str(within or self._path), number, after)

    def mend(self) -> None:
        self._faults.clear()

    def _standing_for(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *rest: Any, **more: Any) -> Any:
            file = os.readlink(f"/proc/self/fd/{target}") if name in self._BY_DESCRIPTOR else os.fspath(target)
            if not str(file).startswith(self._path):
                return real(target, *rest, **more)
            self._meet(name, file)
            if self.shorten is not None and name in ("pwrite", "pwritev"):
                given, at = rest
                whole = b"".join(given) if name == "pwritev" else bytes(given)
                return os.lseek(target, at, os.SEEK_SET) - at + os.write(target, whole[: self.shorten])
            return real(target, *rest, **more)

        return call

    def _meet(self, name: str, file: str) -> None:
        with self._lock:
            self.calls.append((name, file))
            if threading.current_thread() is threading.main_thread():
                self.on_loop.append((name, file))
            within, number, after = self._faults.get(name, ("\0", 0, 0))
            if not file.startswith(within):
                return
            if after:
                self._faults[name] = (within, number, after - 1)
                return
        self.failed.set()
        raise OSError(number, os.strerror(number), file)


def flipped(data: bytes, at: int) -> bytes:
    """The same bytes but for one bit."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def names_of(zones: Sequence[Path]) -> list[set[str]]:
    return [{file.name for file in files_in(zone)} for zone in zones]
