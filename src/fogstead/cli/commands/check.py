"""`fogstead check`."""

from __future__ import annotations

import traceback
from pathlib import Path

import click

from fogstead.cli.command import FAILED, Command, color_option, output_option
from fogstead.cli.drawing import print_json
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.service import DeclarationError

EXAMPLES = (
    ("fogstead check", "After a change of declarations"),
    ("fogstead check -o json", "The same for a program"),
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("packages", nargs=-1)
@output_option
@color_option
@click.pass_context
def command(ctx: click.Context, packages: tuple[str, ...], output: str) -> None:
    """Import every service and report wrong declarations.

    Each fault is one sentence that says what the model expects. PACKAGES are further packages of services.
    """
    catalog = Catalog(("fogstead.services", *packages))
    faults = {name: fault for name in catalog.names if (fault := _fault_of(catalog, name))}
    if output == "json":
        print_json({"services": catalog.names, "faults": faults})
    else:
        for name, fault in faults.items():
            click.echo(f"{name}: {fault}", err=True)
        click.echo(f"{len(catalog.names)} services, {len(faults)} with a fault.")
    if faults:
        ctx.exit(FAILED)


def _fault_of(catalog: Catalog, name: str) -> str:
    """What is wrong with a service, as a sentence; empty when it can be imported."""
    try:
        catalog.service(name)
    except DeclarationError as error:
        return f"{_sentence(error)} ({_place(error)})"
    except Exception as error:  # noqa: BLE001 - whatever importing a service raises is its fault
        return f"{type(error).__name__}: {_sentence(error)} ({_place(error)})"
    return ""


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".") or "no reason given"


def _place(error: Exception) -> str:
    """The innermost line in a service's file."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/services/" in frame.filename]
    frames = frames or traceback.extract_tb(error.__traceback__)[-1:]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
