"""The AWS CLI's own files: changing one profile and leaving every other line as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEADER = re.compile(r"^\s*\[\s*(.*?)\s*\]")
_SETTING = re.compile(r"^([^\s#;=\[][^=]*?)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile by name; the two files write its heading differently."""

    name: str

    @property
    def config_section(self) -> str:
        """Its heading in the config file."""
        return self.name if self.name == "default" else f"profile {self.name}"

    @property
    def credentials_section(self) -> str:
        """Its heading in the credentials file."""
        return self.name


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """`AWS_CONFIG_FILE`, else ~/.aws/config; behind links, so that a link stays one."""
    return Path(environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser().resolve()


def credentials_file(environ: Mapping[str, str] = os.environ) -> Path:
    """`AWS_SHARED_CREDENTIALS_FILE`, else ~/.aws/credentials."""
    return Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser().resolve()


def read_text(file: Path) -> str:
    """What a file says, line ends untouched; nothing when it is not there."""
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""


def settings_of(text: str, section: str) -> dict[str, str]:
    """The plain settings of a section; nested ones are left out."""
    found = {}
    start, end = _bounds(text.splitlines(), section)
    for line in text.splitlines()[start:end]:
        match = _SETTING.match(line)
        if match is not None:
            found[match[1]] = match[2]
    return found


def with_settings(text: str, section: str, wanted: Mapping[str, str]) -> str:
    """The text with these settings in this section. Comments, order and all other sections stay as they are."""
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    start, end = _bounds([line.rstrip("\r\n") for line in lines], section)
    if start < 0:
        head = "" if not text else ("" if text.endswith("\n") else newline) + newline
        return text + head + newline.join([f"[{section}]", *(f"{name} = {wanted[name]}" for name in wanted), ""])
    missing = dict(wanted)
    for at in range(start, end):
        match = _SETTING.match(lines[at].rstrip("\r\n"))
        if match is None or match[1] not in wanted:
            continue
        missing.pop(match[1], None)
        if match[2] != wanted[match[1]]:
            lines[at] = f"{match[1]} = {wanted[match[1]]}{newline}"
    if missing:
        at = _last_line(lines, start, end)
        if not lines[at - 1].endswith("\n"):
            lines[at - 1] += newline
        lines[at:at] = [f"{name} = {value}{newline}" for name, value in missing.items()]
    return "".join(lines)


def _bounds(lines: list[str], section: str) -> tuple[int, int]:
    """The lines of a section after its heading; (-1, -1) when there is none."""
    start = -1
    for at, line in enumerate(lines):
        match = _HEADER.match(line)
        if match is None:
            continue
        if start >= 0:
            return start, at
        if " ".join(match[1].replace('"', "").split()) == section:
            start = at + 1
    return (start, len(lines)) if start >= 0 else (-1, -1)


def _last_line(lines: list[str], start: int, end: int) -> int:
    """The place after the last setting of a section, before the blank lines and comments that lead to the next."""
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(("#", ";"))):
        end -= 1
    return end


def write_with_backup(file: Path, text: str) -> Path | None:
    """Replace a file at once, keeping the old one beside it under today's date; gives the copy, if there was any."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    backup = None
    mode = 0o600
    if file.exists():
        mode = file.stat().st_mode & 0o777
        backup = _free_name(file)
        _write_new(backup, file.read_bytes(), mode)
    beside = file.with_name(f"{file.name}.{os.getpid()}.new")
    _write_new(beside, text.encode("utf-8"), mode)
    beside.replace(file)
    return backup


def _write_new(file: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _free_name(file: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    name, number = file.with_name(f"{file.name}.{stamp}.bak"), 1
    while name.exists():
        number += 1
        name = file.with_name(f"{file.name}.{stamp}-{number}.bak")
    return name
