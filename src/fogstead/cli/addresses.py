"""The address a cloud writes into its data directory, so that other commands find it on any port."""

from __future__ import annotations

from pathlib import Path

ADDRESS_FILE = "address"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - names, nothing is bound here


def url_of(host: str, port: int) -> str:
    """How a program on this machine reaches a listener."""
    name = _EVERYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def write_address(data_dir: Path, url: str) -> None:
    """Say where this cloud answers."""
    (data_dir / ADDRESS_FILE).write_text(url + "\n", encoding="ascii")


def remove_address(data_dir: Path) -> None:
    """It no longer does."""
    (data_dir / ADDRESS_FILE).unlink(missing_ok=True)
