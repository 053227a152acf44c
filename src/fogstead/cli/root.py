"""The command `fogstead`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fogstead.main import Refused, Settings, serve
from fogstead.primitives.store.directory import DirectoryRefused


@click.group()
def main() -> None:
    """A cloud on your own ground."""


@main.command()
@click.option("--port", default=4566, show_default=True, help="Where AWS clients find the cloud.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path(".data"), show_default=True)
@click.option("--auth", type=click.Choice(["enforce", "audit", "off"]), default="enforce", show_default=True)
@click.option("--durability", type=click.Choice(["process", "power"]), default="process", show_default=True)
def start(port: int, host: str, data_dir: Path, auth: str, durability: str) -> None:
    """Start the cloud in the foreground."""
    checks = bool(os.environ.get("FOGSTEAD_CHECK_OUTPUTS"))
    settings = Settings(data_dir, port, host, auth, durability, checks_outputs=checks)  # type: ignore[arg-type]

    def ready(listening: int) -> None:
        click.echo(f"Fogstead listens at http://{host}:{listening}")
        click.echo("Ready.")
        sys.stdout.flush()

    try:
        serve(settings, ready)
    except (Refused, DirectoryRefused) as error:
        raise click.ClickException(str(error)) from None


@main.command()
def shapes() -> None:
    """Write the type checker's stubs."""
    from fogstead.kernel.catalog import Catalog  # noqa: PLC0415
    from fogstead.model.standard import standard_models  # noqa: PLC0415
    from fogstead.model.stubs import write_stubs  # noqa: PLC0415

    for name in Catalog().names:
        write_stubs(standard_models().load(name), Path(__file__).parent.parent / "shapes")
