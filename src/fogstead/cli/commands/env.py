"""`fogstead env`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import click

from fogstead.cli.addresses import url_of
from fogstead.cli.command import Command, color_option, data_dir_option, setting, url_option
from fogstead.cli.running import holder_of

EXAMPLES = (
    ('eval "$(fogstead env)"', "In bash and zsh"),
    ("fogstead env --shell fish | source", "In fish"),
    ("fogstead env --shell powershell | Out-String | Invoke-Expression", "In PowerShell"),
    ("fogstead env --account 111122223333 --region eu-west-1", "As another account, in another Region"),
)


def _in_fish(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _in_powershell(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


_LINES: dict[str, Callable[[str, str], str]] = {
    "bash": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {_in_fish(value)}",
    "powershell": lambda name, value: f"$Env:{name} = {_in_powershell(value)}",
}


def _usual_shell() -> str:
    return "fish" if Path(os.environ.get("SHELL", "")).name == "fish" else "bash"


@click.command(cls=Command, examples=EXAMPLES)
@setting(
    "--shell",
    env="FOGSTEAD_SHELL",
    type=click.Choice(list(_LINES)),
    default=_usual_shell,
    show_default="the one in $SHELL",
    help="Whose syntax; bash does for zsh too.",
)
@setting("--region", env="FOGSTEAD_REGION", default="us-east-1", help="The default Region.")
@setting(
    "--account", env="FOGSTEAD_ACCOUNT", default="", help="An account of twelve digits instead of the default one."
)
@data_dir_option
@url_option
@color_option
def command(shell: str, region: str, account: str, data_dir: Path, url: str | None) -> None:
    """Print the variables that point AWS clients here.

    The address is that of the running cloud of the data directory, and http://127.0.0.1:4566 when none runs.
    """
    if account and not (len(account) == 12 and account.isascii() and account.isdigit()):
        raise click.BadParameter("an account is twelve digits.", param_hint="'--account'")
    variables = {
        "AWS_ENDPOINT_URL": usual_url(data_dir, url),
        "AWS_ACCESS_KEY_ID": account or "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
    }
    for name, value in variables.items():
        click.echo(_LINES[shell](name, value))


def usual_url(data_dir: Path, url: str | None) -> str:
    """The address asked for, else the running cloud's, else the usual one."""
    if url:
        return url
    holder = holder_of(data_dir)
    return (holder.url if holder is not None else None) or url_of("127.0.0.1", 4566)
