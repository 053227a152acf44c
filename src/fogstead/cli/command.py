"""What every command has: examples, exit codes, the names of its environment variables, and the shared options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Examples = Sequence[tuple[str, str]]

OK, FAILED, USAGE, NOT_RUNNING = 0, 1, 2, 3
EXIT_CODES: Mapping[int, str] = {
    OK: "done",
    FAILED: "it could not be done; the reason is on standard error",
    USAGE: "the command line was not understood",
    NOT_RUNNING: "no cloud runs there",
}


class Failed(click.ClickException):
    """It could not be done; the message is a sentence that says what to do next."""

    exit_code = FAILED


class NotRunning(click.ClickException):
    """There is no cloud to talk to."""

    exit_code = NOT_RUNNING


class Command(click.Command):
    """A command whose help ends with examples and exit codes. `examples` are (command line, what it does)."""

    def __init__(self, *args: Any, examples: Examples = (), exits: Iterable[int] = (), **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.examples = examples
        self.exits = {code: EXIT_CODES[code] for code in sorted({OK, FAILED, USAGE, *exits})}

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples as they are typed, never wrapped."""
        write_examples(formatter, self.examples)
        write_codes(formatter, self.exits)


class Family(click.Group):
    """Commands about one thing, such as `fogstead clock advance`."""

    def __init__(self, *args: Any, examples: Examples = (), **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.examples = examples

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was meant, or a usage error with the nearest names."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f"There is no command '{ctx.info_name} {args[0]}'.{nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As for single commands."""
        write_examples(formatter, self.examples)
        write_codes(formatter, EXIT_CODES)


def write_examples(formatter: click.HelpFormatter, examples: Examples) -> None:
    """Each example under the sentence that says what it does."""
    with formatter.section("Examples"):
        for line, meaning in examples:
            formatter.write(f"  # {meaning}\n  {line}\n")


def write_codes(formatter: click.HelpFormatter, codes: Mapping[int, str]) -> None:
    """What the exit codes mean."""
    with formatter.section("Exit codes"):
        formatter.write_dl([(str(code), meaning) for code, meaning in codes.items()])


def nearest(wanted: str, names: Iterable[str]) -> str:
    """' Did you mean ...?', or nothing when no name is alike."""
    import difflib  # noqa: PLC0415 - only ever needed for an error

    alike = difflib.get_close_matches(wanted, sorted(names), n=2, cutoff=0.5)
    return f" Did you mean {' or '.join(repr(name) for name in alike)}?" if alike else ""


def setting(*names: str, env: str, **extra: Any) -> Callable[[F], F]:
    """An option that a variable can set too; its help names the variable and the default."""
    extra.setdefault("show_default", True)
    return click.option(*names, envvar=env, show_envvar=True, **extra)


def data_dir_default() -> Path:
    """Where a cloud lives when nobody says otherwise: the platform's folder for a user's data."""
    base = os.environ.get("XDG_DATA_HOME")
    if base:
        return Path(base) / "fogstead"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "fogstead"
    return Path.home() / ".local" / "share" / "fogstead"


data_dir_option = setting(
    "--data-dir",
    env="FOGSTEAD_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=data_dir_default,
    show_default="the platform's data folder/fogstead",
    help="The folder the cloud lives in.",
)
url_option = setting(
    "--url",
    env="FOGSTEAD_URL",
    default=None,
    show_default=False,
    help="The cloud's address, when it is not the one of the data directory.",
)
output_option = setting(
    "-o",
    "--output",
    env="FOGSTEAD_OUTPUT",
    type=click.Choice(["table", "json"]),
    default="table",
    help="For people or for programs.",
)


def _set_color(ctx: click.Context, _option: click.Parameter, without: bool) -> None:
    if without:
        ctx.find_root().color = ctx.color = False


color_option = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=_set_color,
    help="No colours; NO_COLOR does the same, and files and pipes never get any.",
)
