"""`fogstead stop`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click

from fogstead.cli.command import NOT_RUNNING, Command, Failed, NotRunning, color_option, data_dir_option, setting
from fogstead.cli.running import holder_of, wait_until_free

EXAMPLES = (
    ("fogstead stop", "The cloud of the usual data directory"),
    ("fogstead stop --data-dir ./cloud -t 5", "Another one, with less patience"),
)


@click.command(cls=Command, examples=EXAMPLES, exits=[NOT_RUNNING])
@data_dir_option
@setting("-t", "--timeout", env="FOGSTEAD_STOP_TIMEOUT", type=float, default=30.0, help="Seconds to wait for its end.")
@color_option
def command(data_dir: Path, timeout: float) -> None:
    """Stop the cloud of a data directory.

    Calls under way are answered first. Nothing that was answered is lost either way.
    """
    holder = holder_of(data_dir)
    if holder is None:
        raise NotRunning(f"No cloud runs in {data_dir}.")
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except PermissionError:
        raise Failed(f"Process {holder.pid} belongs to another user: stop it as that user.") from None
    except ProcessLookupError:
        pass
    if not wait_until_free(data_dir, timeout):
        raise Failed(
            f"Process {holder.pid} still runs after {timeout:g} seconds. Wait longer with -t, or end it with: "
            f"kill -9 {holder.pid} (nothing that was answered is lost)."
        )
    click.echo(f"Stopped (process {holder.pid}).")
