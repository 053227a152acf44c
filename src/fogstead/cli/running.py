"""Clouds that run: who holds a data directory, at which address it answers, and talking to it."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fogstead.cli.addresses import read_address
from fogstead.cli.command import Failed, NotRunning

_LOOK_EVERY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a data directory."""

    data_dir: Path
    pid: int

    @property
    def url(self) -> str | None:
        """Where it answers; None until it does."""
        return read_address(self.data_dir, self.pid)


def holder_of(data_dir: Path) -> Holder | None:
    """Who holds a directory, or None. The lock decides: a number left in its file may be anybody's by now."""
    try:
        lock = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(lock, 32).decode("ascii", "replace").strip()
        if not text.isdigit() or not _is_process(int(text)) or not _is_locked(lock):
            return None
        return Holder(data_dir, int(text))
    finally:
        os.close(lock)


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _is_locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def wait_until_free(data_dir: Path, seconds: float) -> bool:
    """Whether the holder let go of the directory in time."""
    deadline = time.monotonic() + seconds
    while holder_of(data_dir) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_SECONDS)
    return True


def wait_until_ready(data_dir: Path, url: str | None, seconds: float) -> str | None:
    """The address once a cloud answers there; None when it did not in time."""
    deadline = time.monotonic() + seconds
    while True:
        address = url or _address_of(data_dir)
        if address is not None and is_ready(address):
            return address
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_EVERY_SECONDS)


def _address_of(data_dir: Path) -> str | None:
    holder = holder_of(data_dir)
    return holder.url if holder is not None else None


def address(data_dir: Path, url: str | None) -> str:
    """Where the cloud answers that the options mean; NotRunning when there is none."""
    if url:
        return url
    found = _address_of(data_dir)
    if found is None:
        raise NotRunning(f"No cloud runs in {data_dir}. Start one with: fogstead start -d --data-dir {data_dir}")
    return found


def is_ready(url: str) -> bool:
    """Whether a cloud answers at an address."""
    try:
        return bool(call(url, "GET", "/_fogstead/ready", seconds=5))
    except (Failed, NotRunning):
        return False


def call(url: str, method: str, path: str, body: Any = None, *, seconds: float = 10) -> Any:
    """One of the cloud's own endpoints; NotRunning when nobody answers, Failed with the cloud's own sentence."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Failed(f"{url} is no address: write it as http://HOST:PORT.")
    made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = made(parts.hostname, parts.port, timeout=seconds)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(f"No cloud answers at {url}: {error}. Start one with: fogstead start") from None
    finally:
        connection.close()
    try:
        value = json.loads(text)
    except ValueError:
        raise Failed(f"{url} is not a Fogstead cloud: {path} answered {answer.status} without JSON.") from None
    if answer.status >= 400:
        said = value.get("message", text.decode("utf-8", "replace")) if isinstance(value, dict) else value
        raise Failed(f"{url} refused: {said}.")
    return value
