"""Where the installed clients are, and running them."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from clients.install import CLIENTS, DEBIAN_AWS

RUN_SECONDS = 90
_ENDPOINT_VARIABLE_SINCE = (2, 13)


def missing_client(name: str) -> NoReturn:
    """Skip, and say which client is missing."""
    pytest.skip(f"needs {name}, which is not installed: make clients")


@dataclass(frozen=True)
class Finished:
    """What a program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer, read."""
        return json.loads(self.out)


def run(
    command: list[str],
    environment: dict[str, str],
    cwd: Path | None = None,
    stdin: str = "",
    seconds: float = RUN_SECONDS,
) -> Finished:
    """Run a program to its end, which has to come within so many seconds."""
    done = subprocess.run(
        command, env=environment, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=seconds, check=False
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Cli:
    """One AWS CLI with its environment."""

    command: tuple[str, ...]
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Finished:
        """Run it, and expect it to end well."""
        finished = self.refused(*arguments)
        assert finished.code == 0, f"aws {' '.join(arguments)}: {finished.code} {finished.err}"
        return finished

    def refused(self, *arguments: str, **variables: str) -> Finished:
        """Run it, however it ends."""
        return run([*self.command, *arguments], {**self.environment, **variables})


def installed(environment: str, program: str, client: str) -> str:
    """The path of a program in one of the environments below `.clients/`; skips when it is not there."""
    found = CLIENTS / environment / "bin" / program
    if not found.exists():
        missing_client(client)
    return str(found)


def aws_cli(name: str, environment: dict[str, str]) -> Cli:
    """The AWS CLI of that name; skips when it is not installed."""
    program = DEBIAN_AWS if name == "AWS CLI 2" else CLIENTS / "awscli1" / "bin" / "aws"
    if not program.exists():
        missing_client(name)
    return Cli((str(program), *_endpoint_option(program, environment)), environment)


def _endpoint_option(program: Path, environment: dict[str, str]) -> tuple[str, ...]:
    """Version 2 reads AWS_ENDPOINT_URL since 2.13; version 1 reads it, but for SQS, RDS and EMR it insists on AWS's own
    host names (its `overridesslcommonname`) unless it is told by option."""
    found = re.match(r"aws-cli/(\d+)\.(\d+)", run([str(program), "--version"], environment).out)
    assert found is not None
    reads_variable = (int(found[1]), int(found[2])) >= _ENDPOINT_VARIABLE_SINCE
    return () if reads_variable else ("--endpoint-url", environment["AWS_ENDPOINT_URL"])
