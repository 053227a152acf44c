"""Disks that fail and disks that forget, put under SQLite as an apsw VFS."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import apsw


class FailingDisk(apsw.VFS):
    """Passes everything on until it is told to fail; `fail_writes_after=n` lets n more writes through first."""

    def __init__(self, name: str = "failing") -> None:
        self.fail_writes_after: int | None = None
        self.fail_reads = False
        self.writes = 0
        self.failures = 0
        self.name = name
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _FailingFile(name, flags, self)

    def meet_write(self) -> None:
        self.writes += 1
        if self.fail_writes_after is not None and self.writes > self.fail_writes_after:
            self.failures += 1
            raise apsw.IOError("the disk failed")

    def meet_read(self) -> None:
        if self.fail_reads:
            self.failures += 1
            raise apsw.IOError("the disk failed")

    @contextmanager
    def failing(self, *, writes_after: int | None = None, reads: bool = False) -> Iterator[None]:
        self.writes = self.failures = 0
        self.fail_writes_after, self.fail_reads = writes_after, reads
        try:
            yield
        finally:
            self.fail_writes_after, self.fail_reads = None, False


class _FailingFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], disk: FailingDisk) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.meet_read()
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.meet_write()
        super().xWrite(data, offset)


_Change = tuple[int, bytes | None]
_SECTOR = 512


class ForgetfulDisk(apsw.VFS):
    """Remembers, beside the real files, what of them would be on the platter if the power went now.

    A write or truncation counts once its file was synced. `after_power_cut` gives the files as the next start finds
    them: unsynced sectors may be there or not, in any order, as real disks have it.
    """

    def __init__(self, name: str = "forgetful") -> None:
        self._lock = threading.Lock()
        self._platter: dict[str, bytearray] = {}
        self._unsynced: dict[str, list[_Change]] = {}
        self.syncs = 0
        self.name = name
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _ForgetfulFile(name, flags, self)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        with self._lock:
            self._platter.pop(filename, None)
            self._unsynced.pop(filename, None)
        super().xDelete(filename, syncdir)

    def changed(self, name: str, at: int, data: bytes | None) -> None:
        with self._lock:
            self._platter.setdefault(name, bytearray())
            self._unsynced.setdefault(name, []).append((at, data))

    def synced(self, name: str) -> None:
        with self._lock:
            self.syncs += 1
            for at, data in self._unsynced.pop(name, []):
                _apply(self._platter[name], at, data)

    def synced_descriptor(self, descriptor: int) -> None:
        """Stands in for `os.fdatasync`."""
        self.synced(os.readlink(f"/proc/self/fd/{descriptor}"))

    def after_power_cut(self, folder: Path, chance: random.Random | None = None) -> None:
        """Write what is left into `folder`; without `chance` nothing unsynced is."""
        with self._lock:
            for name, platter in self._platter.items():
                left = bytearray(platter)
                for at, data in self._unsynced.get(name, []) if chance else []:
                    for change in _sectors(at, data):
                        if chance.random() < 0.7:
                            _apply(left, *change)
                (folder / Path(name).name).write_bytes(left)


class _ForgetfulFile(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], disk: ForgetfulDisk) -> None:
        self._disk = disk
        self._name = (name.filename() if isinstance(name, apsw.URIFilename) else name) or ""
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.changed(self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._disk.changed(self._name, newsize, None)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.synced(self._name)


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
        return
    if len(content) < at + len(data):
        content.extend(bytes(at + len(data) - len(content)))
    content[at : at + len(data)] = data


def _sectors(at: int, data: bytes | None) -> list[_Change]:
    if data is None:
        return [(at, None)]
    edges = [at, *range(at - at % _SECTOR + _SECTOR, at + len(data), _SECTOR), at + len(data)]
    return [(low, data[low - at : high - at]) for low, high in pairwise(edges)]
