"""`fogstead shapes`."""

from __future__ import annotations

import click

from fogstead.cli.checkout import PACKAGE
from fogstead.cli.command import Command, color_option
from fogstead.kernel.catalog import Catalog
from fogstead.model.standard import standard_models
from fogstead.model.stubs import write_stubs

EXAMPLES = (("fogstead shapes", "After adding a service, before mypy"),)


@click.command(cls=Command, examples=EXAMPLES)
@color_option
def command() -> None:
    """Write the type checker's stubs.

    One file per service in fogstead/shapes, from botocore's models. They are neither committed nor shipped.
    """
    for name in Catalog().names:
        write_stubs(standard_models().load(name), PACKAGE / "shapes")
