"""`fogstead version`."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed

import apsw
import click

from fogstead.cli.command import Command, color_option, output_option
from fogstead.cli.drawing import print_facts, print_json
from fogstead.main import version

EXAMPLES = (
    ("fogstead version", "For a report of a fault"),
    ("fogstead version -o json", "For a program"),
)


@click.command(cls=Command, examples=EXAMPLES)
@output_option
@color_option
def command(output: str) -> None:
    """Print the versions of what runs here."""
    facts = {
        "fogstead": version(),
        "models": f"botocore {installed('botocore')}",
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "system": platform.platform(),
    }
    if output == "json":
        print_json(facts)
    else:
        print_facts(facts.items())
