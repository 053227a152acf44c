"""The address a cloud writes into its data directory, so that other commands find it on any port."""

from __future__ import annotations

import os
from pathlib import Path

ADDRESS_FILE = "address"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - names, nothing is bound here


def url_of(host: str, port: int) -> str:
    """How a program on this machine reaches a listener."""
    name = _EVERYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def write_address(data_dir: Path, url: str) -> None:
    """Say where this process answers."""
    (data_dir / ADDRESS_FILE).write_text(f"{os.getpid()} {url}\n", encoding="ascii")


def read_address(data_dir: Path, pid: int) -> str | None:
    """Where a process answers; None until it says so. What an earlier process has left is nobody's."""
    try:
        writer, _, url = (data_dir / ADDRESS_FILE).read_text(encoding="ascii").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return url if writer == str(pid) and url else None


def remove_address(data_dir: Path) -> None:
    """This process no longer answers; another may have taken its place already."""
    if read_address(data_dir, os.getpid()) is not None:
        (data_dir / ADDRESS_FILE).unlink(missing_ok=True)
