"""`fogstead start`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from fogstead.cli import localstack
from fogstead.cli.command import Command, color_option, data_dir_option, setting

LEVELS = ("debug", "info", "warning", "error")
EXAMPLES = (
    ("fogstead start", "In the foreground, until Ctrl-C"),
    ("fogstead start -d --port 4599 --data-dir ./cloud", "In the background, beside another one"),
    ("fogstead start --auth audit --log-level info", "Let every call through, and log what would be denied"),
    ("fogstead start --host 0.0.0.0 --root-keys everywhere", "For other machines, with the well-known root keys"),
    (
        "fogstead start --zones /disk1/zone,/disk2/zone --key-dir /etc/fogstead",
        "Two copies of all objects, the key apart",
    ),
    ("fogstead start --explain", "What happens to a call, step by step"),
)


@click.command(cls=Command, examples=EXAMPLES)
@setting("--port", env="FOGSTEAD_PORT", type=click.IntRange(0, 65535), default=4566, help="Where AWS clients find it.")
@setting("--host", env="FOGSTEAD_HOST", default="127.0.0.1", help="The address to listen on.")
@data_dir_option
@setting(
    "--auth",
    env="FOGSTEAD_AUTH",
    type=click.Choice(["enforce", "audit", "off"]),
    default="enforce",
    help="Check signatures and policies; only log what would be denied; or check nothing.",
)
@setting(
    "--durability",
    env="FOGSTEAD_DURABILITY",
    type=click.Choice(["process", "power"]),
    default="process",
    help="What an answered call survives: a killed process, or a power cut too (slower).",
)
@setting(
    "--zones",
    env="FOGSTEAD_ZONES",
    default="1",
    metavar="N|DIR,DIR...",
    help="Keep every object in so many folders of the data directory, or in these folders, best on disks of their own.",
)
@setting(
    "--key-dir",
    env="FOGSTEAD_KEY_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where the root key lies that all objects are encrypted under; by default in the data directory.",
)
@setting(
    "--host-name",
    "host_names",
    env="FOGSTEAD_HOST_NAMES",
    multiple=True,
    metavar="NAME",
    help="A name that clients use for this machine; may be repeated (in the variable, separated by spaces).",
)
@setting(
    "--root-keys",
    env="FOGSTEAD_ROOT_KEYS",
    type=click.Choice(["loopback", "everywhere"]),
    default="loopback",
    help="Where the public root keys (test / test) are good.",
)
@setting(
    "--price-book",
    env="FOGSTEAD_PRICE_BOOK",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    show_default="a sample of public list prices",
    help="The prices that bills are made with.",
)
@setting("--throttle", env="FOGSTEAD_THROTTLE", is_flag=True, help="Limit the rate of calls as AWS does.")
@setting(
    "--check-outputs",
    env="FOGSTEAD_CHECK_OUTPUTS",
    is_flag=True,
    help="Check every answer against its model, and fail a call whose answer breaks it (for developers).",
)
@setting("--log-level", env="FOGSTEAD_LOG_LEVEL", type=click.Choice(LEVELS), default="warning", help="How much to log.")
@setting("-d", "--detach", env="FOGSTEAD_DETACH", is_flag=True, help="Return when it is ready; it runs on.")
@click.option("--explain", is_flag=True, help="Print the stages that every call goes through, and exit.")
@color_option
@click.pass_context
def command(ctx: click.Context, /, detach: bool, explain: bool, **chosen: Any) -> None:
    """Start a cloud on this machine.

    It says in which mode it is, then prints the line `Ready.` on standard output once clients may call. All state is
    kept in the data directory. LocalStack's GATEWAY_LISTEN, EDGE_PORT, LOCALSTACK_HOST and DEBUG are read where the
    options here and their own variables say nothing.
    """
    if explain:
        from fogstead.cli.explain import explain_pipeline  # noqa: PLC0415 - imports the kernel

        explain_pipeline()
        return
    _fall_back(ctx, chosen)
    data_dir: Path = chosen.pop("data_dir").absolute()
    if detach:
        from fogstead.cli.detaching import start_detached  # noqa: PLC0415 - only when asked for

        start_detached(data_dir, chosen)
    else:
        from fogstead.cli.foreground import run  # noqa: PLC0415 - imports the cloud

        run(data_dir, chosen)


def _fall_back(ctx: click.Context, chosen: dict[str, Any]) -> None:
    """Take from LocalStack's variables what was not said in our own words."""
    asked = localstack.read(os.environ)
    for name in ("host", "port", "log_level"):
        value = getattr(asked, name)
        if value is not None and ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            chosen[name] = value
    chosen["host_names"] = (*chosen["host_names"], *asked.host_names)
    for warning in asked.warnings:
        click.echo(f"Warning: {warning}", err=True)
