"""Starting a cloud that runs on after the command has returned."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from fogstead.cli.command import Failed

LOG_FILE = "fogstead.log"
_READY, _REFUSED = b"+", b"-"


def start_detached(data_dir: Path, chosen: dict[str, Any]) -> None:
    """Start it in a process of its own and return when it is ready; Failed with its own sentence when it is not."""
    log = data_dir / LOG_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failed(f"{data_dir} cannot be used: {error.strerror}.") from None
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run_and_exit(data_dir, chosen, output, writer)
    os.close(output)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        said = told.read()
    text = said[1:].decode("utf-8", "replace")
    if said[:1] == _READY:
        click.echo(f"Fogstead runs at {text} (process {pid}); it logs to {log}.", err=True)
        click.echo(f"Stop it with: fogstead stop --data-dir {shlex.quote(str(data_dir))}", err=True)
        click.echo("Ready.")
        return
    os.waitpid(pid, 0)
    raise Failed(text or f"The cloud ended before it was ready; the reason is at the end of {log}.")


def _run_and_exit(data_dir: Path, chosen: dict[str, Any], output: int, writer: int) -> NoReturn:
    """The new process: leave the terminal, then be a cloud in the foreground of nothing."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)

        from fogstead.cli.foreground import run  # noqa: PLC0415 - the parent does without it

        def told(url: str) -> None:
            os.write(writer, _READY + url.encode("ascii"))
            os.close(writer)

        try:
            run(data_dir, chosen, told)
            code = 0
        except Failed as error:
            os.write(writer, _REFUSED + error.message.encode("utf-8"))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
