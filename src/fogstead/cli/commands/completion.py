"""`fogstead completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from fogstead.cli.command import Command, color_option

EXAMPLES = (
    ('eval "$(fogstead completion bash)"', "For this shell; in ~/.bashrc for all"),
    ("fogstead completion zsh > ~/.zfunc/_fogstead", "For zsh, where fpath holds ~/.zfunc"),
    ("fogstead completion fish > ~/.config/fish/completions/fogstead.fish", "For fish"),
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@color_option
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(ctx.find_root().command, {}, "fogstead", "_FOGSTEAD_COMPLETE").source())
