"""`fogstead coverage`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fogstead.cli import covering
from fogstead.cli.checkout import checkout
from fogstead.cli.command import Command, Failed, color_option, nearest, output_option
from fogstead.cli.covering import ServiceCoverage
from fogstead.cli.drawing import print_json, print_table
from fogstead.kernel.catalog import Catalog

EXAMPLES = (
    ("fogstead coverage", "All services"),
    ("fogstead coverage sqs", "One service, operation by operation"),
    ("fogstead coverage sqs -o json", "The same for a program"),
    ("fogstead coverage --write", "Write docs/coverage.md and the table in README.md anew"),
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("service", required=False)
@click.option("--write", is_flag=True, help="Write docs/coverage.md, and the table between README.md's markers.")
@output_option
@color_option
def command(service: str | None, write: bool, output: str) -> None:
    """List which operations are implemented.

    Counted from the declarations. What is not implemented answers 501; members that are ignored or refused are named.
    """
    if write:
        if service is not None:
            raise click.UsageError("--write is about all services: leave the name away.")
        _write()
    elif service is not None:
        _show_one(_find(service), output)
    else:
        _show_all(covering.all_coverage(), output)


def _find(name: str) -> ServiceCoverage:
    catalog = Catalog()
    if not catalog.has(name):
        raise Failed(f"There is no service {name!r} here.{nearest(name, catalog.names)} See: fogstead coverage")
    return covering.coverage_of(catalog.service(name))


def _show_all(services: list[ServiceCoverage], output: str) -> None:
    if output == "json":
        print_json(
            [
                {"service": one.name, "implemented": one.implemented, "operations": len(one.operations)}
                for one in services
            ]
        )
        return
    rows = [(one.name, one.implemented, len(one.operations), f"{one.percent}%") for one in services]
    print_table(["service", "implemented", "operations", ""], rows)


def _show_one(service: ServiceCoverage, output: str) -> None:
    if output == "json":
        operations = [
            {"name": one.name, "implemented": one.implemented, "ignores": one.ignores, "refuses": one.refuses}
            for one in service.operations
        ]
        print_json({"service": service.name, "implemented": service.implemented, "operations": operations})
        return
    print_table(["operation", "", "ignored", "refused"], _rows(service))
    click.echo(f"{service.implemented} of {len(service.operations)} operations ({service.percent}%)")


def _rows(service: ServiceCoverage) -> Iterator[tuple[str, str, str, str]]:
    for one in service.operations:
        state = "implemented" if one.implemented else "501"
        yield one.name, state, ", ".join(one.ignores), ", ".join(one.refuses)


def _write() -> None:
    root = checkout("`fogstead coverage --write`")
    services = covering.all_coverage()
    page = root / "docs" / "coverage.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(covering.document(services), encoding="utf-8")
    click.echo(f"Wrote {page}.")
    readme = root / "README.md"
    text = covering.between_markers(readme.read_text(encoding="utf-8"), services) if readme.exists() else None
    if text is not None:
        readme.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {readme}.")
    else:
        click.echo(f"{readme} has no markers: put '{covering.START}' and '{covering.END}' where its table belongs.")
