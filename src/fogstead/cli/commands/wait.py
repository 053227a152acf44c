"""`fogstead wait`."""

from __future__ import annotations

from pathlib import Path

import click

from fogstead.cli.command import (
    NOT_RUNNING,
    Command,
    NotRunning,
    color_option,
    data_dir_option,
    setting,
    url_option,
)
from fogstead.cli.running import wait_until_ready

EXAMPLES = (
    ("fogstead wait", "At most thirty seconds"),
    ("fogstead wait -t 120 --url http://localhost:4566", "Longer, for a cloud in a container"),
)


@click.command(cls=Command, examples=EXAMPLES, exits=[NOT_RUNNING])
@setting("-t", "--timeout", env="FOGSTEAD_WAIT_TIMEOUT", type=float, default=30.0, help="Seconds to wait.")
@data_dir_option
@url_option
@color_option
def command(timeout: float, data_dir: Path, url: str | None) -> None:
    """Wait until a cloud answers."""
    found = wait_until_ready(data_dir, url, timeout)
    if found is None:
        where = url or f"the cloud of {data_dir}"
        raise NotRunning(f"{where} did not answer within {timeout:g} seconds. Is it started? See: fogstead status")
    click.echo(f"Ready at {found}")
