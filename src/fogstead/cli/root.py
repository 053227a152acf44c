"""The command `fogstead`: a table of commands, each imported when it is used, so that help comes at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import click

from fogstead.cli.command import EXIT_CODES, color_option, nearest, write_codes

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Run a cloud": {
        "start": "Start a cloud on this machine.",
        "stop": "Stop the cloud of a data directory.",
        "status": "Say whether a cloud runs, and where.",
        "wait": "Wait until a cloud answers.",
        "clock": "Show or move the time that the cloud lives in.",
        "iam": "Explain decisions, and write the policy that calls need.",
        "bill": "Show what an account's usage costs.",
        "inspect": "Show what a data directory holds, without changing it.",
    },
    "Set up clients": {
        "env": "Print the variables that point AWS clients here.",
        "configure": "Write an AWS profile for this cloud.",
        "completion": "Print the completion script of a shell.",
    },
    "Build a cloud": {
        "coverage": "List which operations are implemented.",
        "check": "Import every service and report wrong declarations.",
        "laws": "Run the laws that hold for every operation of a service.",
        "new-service": "Write the first files of a service from its model.",
        "shapes": "Write the type checker's stubs.",
        "version": "Print the versions of what runs here.",
    },
}
_SUMMARIES = {name: summary for commands in SECTIONS.values() for name, summary in commands.items()}


class Root(click.Group):
    """Finds commands by name and suggests the nearest for one that is not there."""

    def make_context(self, info_name: str | None, *args: Any, **extra: Any) -> click.Context:
        """The same name however it was called."""
        return super().make_context("fogstead", *args, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the sections."""
        return list(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that was asked for."""
        if cmd_name not in _SUMMARIES:
            return None
        module = importlib.import_module(f"fogstead.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was meant, or a usage error with the nearest names."""
        if args and args[0] not in _SUMMARIES and not args[0].startswith("-"):
            ctx.fail(f"There is no command '{args[0]}'.{nearest(args[0], _SUMMARIES)} See: fogstead --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By section, from the table alone."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()), col_max=20)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Where to begin, and what the exit codes mean."""
        with formatter.section("Examples"):
            formatter.write("  fogstead start -d\n")
            formatter.write('  eval "$(fogstead env)" && aws sts get-caller-identity\n')
            formatter.write("  fogstead start --help\n")
        write_codes(formatter, EXIT_CODES)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> Sequence[Any]:  # type: ignore[override]
        """Names from the table; nothing is imported for them."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        return [
            CompletionItem(name, help=summary) for name, summary in _SUMMARIES.items() if name.startswith(incomplete)
        ]


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from fogstead.main import version  # noqa: PLC0415 - asked for once

        click.echo(f"fogstead {version()}")
        ctx.exit()


_SETTINGS: MutableMapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Root, context_settings=_SETTINGS)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
@color_option
def main() -> None:
    """A cloud on your own ground: unmodified AWS clients in front, real things behind."""
