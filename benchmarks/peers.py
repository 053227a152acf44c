"""Installs the servers that stand beside us in the tables, each into an environment of its own, pinned by hash.

python -m benchmarks.peers            install what is missing
python -m benchmarks.peers --again    install everything anew
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).with_name(".peers")
PINS = Path(__file__).with_name("peers")
NAMES = ("moto", "ministack", "fauxqs", "s3rver", "seaweedfs")
_INSTALL_SECONDS = 600


class NotInstalled(Exception):
    """A peer cannot be had here; the message says why, in one line."""


def version(name: str) -> str:
    """The pinned version."""
    requirements = PINS / f"{name}.in"
    if requirements.exists():
        return re.split("==", requirements.read_text().strip())[1]
    return str(json.loads((PINS / name / "package.json").read_text())["dependencies"][name])


def ready(name: str) -> bool:
    """Whether the pinned version stands installed."""
    stamp = FOLDER / name / ".installed"
    return stamp.exists() and stamp.read_text() == _digest(name)


def install(name: str, *, again: bool = False) -> None:
    """Bring one peer in; NotInstalled when it cannot be done."""
    if ready(name) and not again:
        return
    home = FOLDER / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if (PINS / f"{name}.txt").exists():
        _run([sys.executable, "-m", "venv", str(home)])
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        _run([*pip, "-r", str(PINS / f"{name}.txt")])
    else:
        npm = shutil.which("npm")
        if npm is None:
            raise NotInstalled("npm is not on this machine")
        for file in ("package.json", "package-lock.json"):
            shutil.copy(PINS / name / file, home)
        _run([npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--prefix", str(home)])
    (home / ".installed").write_text(_digest(name))


def install_all(names: Iterable[str] = NAMES, *, again: bool = False) -> dict[str, str]:
    """Install these; gives the reasons of those that could not be."""
    missing = {}
    for name in names:
        try:
            install(name, again=again)
        except NotInstalled as error:
            missing[name] = str(error)
    return missing


def _digest(name: str) -> str:
    pins = PINS / f"{name}.txt"
    return hashlib.sha256((pins if pins.exists() else PINS / name / "package-lock.json").read_bytes()).hexdigest()


def _run(command: list[str]) -> None:
    try:
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{Path(command[0]).name}: {error}") from None
    if ended.returncode:
        errors = [line for line in ended.stderr.splitlines() if "error" in line.lower()] or ["it failed"]
        raise NotInstalled(f"{Path(command[0]).name}: {errors[0].strip()[:200]}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (all of them)")
    parser.add_argument("--again", action="store_true", help="even what is there already")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no peer {', '.join(sorted(unknown))}")
    missing = install_all(asked.names or NAMES, again=asked.again)
    for name in asked.names or NAMES:
        print(f"{name:<10} {version(name):<8} {missing.get(name, 'installed')}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
