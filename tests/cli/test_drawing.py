"""Tables: whole in a pipe, without colours where they are not wanted."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from cli.commands_run import fogstead


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    line = [sys.executable, "-m", "fogstead.cli", *arguments]
    process = subprocess.Popen(line, stdout=theirs, env={**environment, "TERM": "xterm", **variables})
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def test_a_terminal_gets_a_heading_in_bold() -> None:
    assert "\x1b[1m" in on_a_terminal("coverage")


@pytest.mark.parametrize("how", ["option", "option of the program", "variable"])
def test_colours_can_be_refused(how: str) -> None:
    if how == "variable":
        shown = on_a_terminal("coverage", NO_COLOR="1")
    elif how == "option":
        shown = on_a_terminal("coverage", "--no-color")
    else:
        shown = on_a_terminal("--no-color", "coverage")
    assert "sts" in shown
    assert "\x1b" not in shown


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    shown = fogstead("coverage", "sqs", COLUMNS="20").stdout
    assert "\x1b" not in shown
    assert "ChangeMessageVisibilityBatch" in shown
