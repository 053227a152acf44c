"""The folders that blobs lie in: one per zone, in it 4,096 shelves."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from fogstead.primitives.blobs import BlobError, BlobFull, BlobsRefused

SHELF_DIGITS: Final = 3
SHELVES: Final = tuple(f"{number:0{SHELF_DIGITS}x}" for number in range(16**SHELF_DIGITS))
BLOB_NAME: Final = re.compile(r"[0-9a-f]{32}")
KEY_CHECK_FILE: Final = "key-check"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_ABSENT = (FileNotFoundError, NotADirectoryError)


@contextmanager
def disk_faults() -> Iterator[None]:
    """What the system says of a file, as an error of blobs; the text names no path, for it may reach a client."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise BlobFull("There is no room left for the bytes.") from error
        raise BlobError(f"The bytes could not be reached: {error.strerror}.") from error


def make_folder(folder: Path) -> None:
    """Make it and what is missing above it, for its owner alone, so that a power cut does not take it away again."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    flush_folder(folder.parent)


def keep_file(file: Path, content: bytes) -> None:
    """Make a file for its owner alone: whole and on the disk, or not there, whatever happens in between."""
    beside = file.with_name(f"{file.name}.new")
    beside.unlink(missing_ok=True)
    new = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(new, content)
        os.fsync(new)
    finally:
        os.close(new)
    beside.rename(file)
    flush_folder(file.parent)


def flush_folder(folder: str | Path) -> None:
    """Have the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class Zone:
    """One folder, on a disk of its own at best. Its methods may run on any thread; they raise OSError."""

    def __init__(self, root: Path, *, durable: bool) -> None:
        self._root = str(root)
        self._durable = durable
        # Shelves whose names are known to be on the disk; at most one entry per shelf.
        self._kept_shelves: set[str] = set()

    @classmethod
    def open(cls, root: Path, key_check: bytes, *, durable: bool) -> Zone:
        """Make the folder if it is missing. Raises BlobsRefused when it belongs to another key."""
        try:
            make_folder(root)
            known = root / KEY_CHECK_FILE
            if not known.exists():
                keep_file(known, key_check)
            with known.open("rb") as kept:
                found = kept.read(len(key_check) + 1)
        except OSError as error:
            raise BlobsRefused(f"The zone {root} cannot be used: {error.strerror}. Mend it or leave it out.") from None
        if found != key_check:
            raise BlobsRefused(f"What lies in the zone {root} was sealed with another root key: put that key back.")
        return cls(root, durable=durable)

    def create(self, blob: str) -> int | None:
        """A descriptor of a new file to write to, or None when the zone is gone."""
        shelf = blob[:SHELF_DIGITS]
        file = self._file(blob)
        if self._durable and shelf not in self._kept_shelves and not self._keep_shelf(shelf):
            return None
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(file, flags, 0o600)
        except _ABSENT:
            return os.open(file, flags, 0o600) if self._keep_shelf(shelf) else None

    def open_file(self, blob: str) -> int:
        """A descriptor to read from."""
        return os.open(self._file(blob), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def flush_shelf(self, blob: str) -> None:
        """Have the name of a blob on the disk."""
        flush_folder(f"{self._root}/{blob[:SHELF_DIGITS]}")

    def remove(self, blob: str) -> None:
        """Nothing happens when it is gone."""
        with suppress(*_ABSENT):
            os.unlink(self._file(blob))

    def changes_on(self, shelf: str) -> dict[str, float]:
        """When each blob on a shelf was last written to, in seconds since the epoch; other files are passed over."""
        changes: dict[str, float] = {}
        with suppress(*_ABSENT), os.scandir(f"{self._root}/{shelf}") as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if BLOB_NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        changes[entry.name] = entry.stat(follow_symlinks=False).st_mtime
        return changes

    def _file(self, blob: str) -> str:
        return f"{self._root}/{blob[:SHELF_DIGITS]}/{blob}"

    def _keep_shelf(self, shelf: str) -> bool:
        """Whether the shelf is there now; it is not when the zone is gone."""
        try:
            os.mkdir(f"{self._root}/{shelf}", 0o700)
        except FileExistsError:
            pass
        except _ABSENT:
            return False
        if self._durable:
            # Also when another made it: that one may not have flushed it yet.
            flush_folder(self._root)
            self._kept_shelves.add(shelf)
        return True
