"""The folder a cloud lives in: one program at a time, one format, one identity."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import apsw

from fogstead.primitives.store import APPLICATION_ID, FORMAT

STORE_FILE = "cloud.db"
_ID_BYTES = 16


class DirectoryRefused(Exception):
    """The folder cannot be used; the message is one sentence for the person who asked."""


class DataDirectory:
    """An opened folder; the lock lasts until `close` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DirectoryRefused(f"{path} cannot be used: {error.strerror}.") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._lock, 32).decode("ascii", "replace").strip()
            os.close(self._lock)
            raise DirectoryRefused(f"{path} is in use by another fogstead (process {holder or 'unknown'}).") from None
        try:
            self._refuse_newer()
        except DirectoryRefused:
            os.close(self._lock)
            raise
        # Made here, so that nobody else may read it, whatever the folder allows.
        self.store_file.touch(mode=0o600)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode("ascii"), 0)

    @property
    def store_file(self) -> Path:
        """Where the keys are."""
        return self.path / STORE_FILE

    @property
    def cloud_id(self) -> str:
        """Made once, with the folder."""
        file = self.path / "cloud-id"
        known = file.read_text(encoding="ascii").strip() if file.exists() else ""
        if known:
            return known
        made = os.urandom(_ID_BYTES).hex()
        beside = file.with_name("cloud-id.new")
        with beside.open("w", encoding="ascii") as new:
            new.write(made + "\n")
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
        return made

    def _refuse_newer(self) -> None:
        if not self.store_file.exists():
            return
        try:
            connection = apsw.Connection(str(self.store_file), flags=apsw.SQLITE_OPEN_READWRITE)
            kept = connection.execute("PRAGMA user_version").get
            owner = connection.execute("PRAGMA application_id").get
            connection.close()
        except apsw.Error as error:
            raise DirectoryRefused(f"{self.store_file} is not a readable store: {error}.") from None
        if owner not in (0, APPLICATION_ID):
            raise DirectoryRefused(f"{self.store_file} belongs to another program.")
        if kept > FORMAT:
            raise DirectoryRefused(
                f"{self.path} was written by a newer fogstead (format {kept}, this one knows {FORMAT}): upgrade first."
            )

    def close(self) -> None:
        """Give the folder free for another program."""
        os.close(self._lock)
