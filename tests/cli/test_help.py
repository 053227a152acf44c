"""Help: every command shows examples that work, its variables and its exit codes; help comes at once."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from fogstead.cli.command import Command, Family
from fogstead.cli.root import SECTIONS, main

NAMES = [name for commands in SECTIONS.values() for name in commands]


def commands() -> Iterator[tuple[str, click.Command]]:
    root = click.Context(main, info_name="fogstead")
    for name in NAMES:
        command = main.get_command(root, name)
        assert command is not None
        yield f"fogstead {name}", command
        if isinstance(command, click.Group):
            yield from ((f"fogstead {name} {inner}", one) for inner, one in command.commands.items())


COMMANDS = dict(commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples_and_exit_codes(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split()[1:], "--help"], prog_name="fogstead")
    assert shown.exit_code == 0
    assert "Examples:\n  # " in shown.output
    assert "Exit codes:\n  0  done" in shown.output
    assert shown.output.startswith(f"Usage: {name} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_line_that_exists(name: str) -> None:
    command = COMMANDS[name]
    assert isinstance(command, Command | Family)
    assert command.examples
    for line, meaning in command.examples:
        assert meaning[:1].isupper()
        words = _own_words(line)
        assert f"fogstead {words[0]}" in COMMANDS
        target, arguments = main.get_command(click.Context(main), words[0]), words[1:]
        if isinstance(target, click.Group):
            target, arguments = target.commands[arguments[0]], arguments[1:]
        assert target is not None
        target.make_parser(click.Context(target)).parse_args(arguments)


def _own_words(line: str) -> list[str]:
    """What follows `fogstead` in an example, up to a pipe or a redirection."""
    inner = line.partition("$(")[2].partition(")")[0] or line
    words = shlex.split(inner.split(" | ")[0].split(" > ")[0])
    return words[words.index("fogstead") + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_the_table_says_what_the_command_says(name: str) -> None:
    summary = next(commands[name] for commands in SECTIONS.values() if name in commands)
    assert (COMMANDS[f"fogstead {name}"].help or "").partition("\n")[0] == summary


def test_every_setting_of_start_has_a_variable_of_our_own() -> None:
    options = [one for one in COMMANDS["fogstead start"].params if one.name not in {"explain", "no_color"}]
    for option in options:
        assert isinstance(option, click.Option)
        assert str(option.envvar).startswith("FOGSTEAD_")
        assert option.show_envvar


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if not isinstance(one, click.Group)])
def test_every_command_can_do_without_colours(name: str) -> None:
    assert any("--no-color" in option.opts for option in COMMANDS[name].params)


def test_an_unknown_command_suggests_the_nearest() -> None:
    for line, wanted in ((["statsu"], "'status'"), (["clock", "advanec"], "'advance'")):
        shown = CliRunner().invoke(main, line)
        assert shown.exit_code == 2
        assert f"Did you mean {wanted}" in shown.output


def test_help_imports_no_command_and_nothing_heavy() -> None:
    found = _modules_after("--help")
    assert not [
        name for name in found if name.startswith(("fogstead.cli.commands.", "fogstead.main", "fogstead.kernel"))
    ]
    assert not found & {"rich", "asyncio", "json", "http.client", "importlib.metadata", "urllib.request"}


def test_start_imports_only_what_a_cloud_needs() -> None:
    found = _modules_after("start", "--help")
    assert not [name for name in found if name.startswith(("fogstead.main", "fogstead.kernel"))]
    assert not found & {"rich", "http.client", "urllib.request", "json", "asyncio"}


def _modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys\nfrom fogstead.cli.root import main\n"
        f"main({list(arguments)!r}, prog_name='fogstead', standalone_mode=False)\n"
        "print('|'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.strip().split("|"))


def test_version_is_an_option_too() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.startswith("fogstead ")
