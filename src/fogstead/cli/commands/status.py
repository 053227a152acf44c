"""`fogstead status`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fogstead.cli.command import NOT_RUNNING, Command, color_option, data_dir_option, output_option, url_option
from fogstead.cli.drawing import print_facts, print_json
from fogstead.cli.running import call, holder_of

EXAMPLES = (
    ("fogstead status", "The cloud of the usual data directory"),
    ("fogstead status -o json", "The same for a program"),
    ("fogstead status --url http://build-host:4566", "A cloud on another machine"),
)


@click.command(cls=Command, examples=EXAMPLES, exits=[NOT_RUNNING])
@data_dir_option
@url_option
@output_option
@color_option
@click.pass_context
def command(ctx: click.Context, data_dir: Path, url: str | None, output: str) -> None:
    """Say whether a cloud runs, and where."""
    facts = _facts(data_dir, url)
    if output == "json":
        print_json(facts)
    elif facts["running"]:
        shown = {**facts, "running": "yes", "services": ", ".join(facts["services"])}
        print_facts((name.replace("_", " "), value) for name, value in shown.items())
    else:
        click.echo(f"No cloud runs in {data_dir}. Start one with: fogstead start -d")
    if not facts["running"]:
        ctx.exit(NOT_RUNNING)


def _facts(data_dir: Path, url: str | None) -> dict[str, Any]:
    local: dict[str, Any] = {}
    if url is None:
        holder = holder_of(data_dir)
        if holder is None or holder.url is None:
            return {"running": False, "data_dir": str(data_dir)}
        url, local = holder.url, {"pid": holder.pid, "data_dir": str(data_dir)}
    health = call(url, "GET", "/_fogstead/health")
    info = call(url, "GET", "/_fogstead/info")
    return {
        "running": True,
        "url": url,
        **local,
        "version": health["version"],
        "auth": info["auth"],
        "services": sorted(health["services"]),
    }
