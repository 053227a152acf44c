"""`fogstead new-service`."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import click

from fogstead.cli.checkout import checkout
from fogstead.cli.command import Command, Failed, color_option, nearest
from fogstead.cli.drawing import print_table
from fogstead.cli.nouns import Noun, Prose, noun_of, nouns_of, pointer_of
from fogstead.cli.service_files import ServiceFiles
from fogstead.kernel.catalog import Catalog
from fogstead.model import ServiceModel
from fogstead.model.loader import UnknownService
from fogstead.model.standard import standard_models

EXAMPLES = (
    ("fogstead new-service b2bi", "The nouns of a service"),
    ("fogstead new-service b2bi Profile", "Its first files, about one of them"),
    ("fogstead new-service b2bi Profile --print", "Only list the operations"),
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("name")
@click.argument("noun", required=False)
@click.option("--print", "only_print", is_flag=True, help="List the operations and write nothing.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The root of another source tree than this checkout.",
)
@color_option
def command(name: str, noun: str | None, only_print: bool, into: Path | None) -> None:
    """Write the first files of a service from its model.

    NAME is botocore's name of the service, NOUN what it keeps, such as Profile. It writes service.py, the noun's file
    and its test, and prints the noun's operations. Nothing is declared as an operation yet, so all answer 501; each
    function says with which line it is declared once it does what it says. Files that exist are never overwritten.
    """
    model = _model(name)
    nouns = nouns_of(model)
    if noun is None:
        click.echo(f"{name} has these nouns: {', '.join(nouns) or 'none that the model makes plain'}.")
        click.echo(f"Choose one: fogstead new-service {name} {nouns[0] if nouns else 'NOUN'}")
        return
    found = noun_of(model, noun)
    if not found.operations:
        raise Failed(f"{name} has no operation on {noun!r}.{nearest(noun, nouns)} See: fogstead new-service {name}")
    files = ServiceFiles(found, Prose(name))
    if not only_print:
        _write(files, into or checkout("`fogstead new-service`"))
    _print_operations(files)


def _model(name: str) -> ServiceModel:
    try:
        return standard_models().load(name)
    except UnknownService:
        names = standard_models().names()
        raise Failed(f"botocore knows no service {name!r}.{nearest(name, names)}") from None


def _write(files: ServiceFiles, root: Path) -> None:
    """Write what is not there; Failed, before anything is written, when a file of the noun is."""
    folder = root / "src" / "fogstead" / "services" / files.folder
    noun_file = folder / f"{files.module}.py"
    test_file = root / "tests" / "services" / files.folder / f"test_{files.module}.py"
    present = [str(file) for file in (noun_file, test_file) if file.exists()]
    if present:
        raise Failed(f"{' and '.join(present)} exists already and is not overwritten: move it away first.")
    fresh = not (folder / "service.py").exists()
    missing = files.variable_of(files.noun.missing_error) if fresh else _declared_error(files)
    texts = {folder / "__init__.py": files.package(), folder / "service.py": files.service()} if fresh else {}
    texts |= {noun_file: files.resource(missing), test_file: files.tests()}
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {file}")
    _tidy(list(texts), root)


def _declared_error(files: ServiceFiles) -> str:
    """The name, in a service that exists, of the error for a missing one."""
    code = files.noun.missing_error
    catalog = Catalog()
    if not catalog.has(files.noun.model.name):
        raise Failed(f"{files.folder} is already in that tree: run that tree's own fogstead to add a noun to it.")
    declared = catalog.service(files.noun.model.name).errors.get(code)
    module = importlib.import_module(f"fogstead.services.{files.folder}.service")
    name = next((name for name, value in vars(module).items() if value is declared), None)
    if declared is None or name is None:
        raise Failed(
            f"First declare the error for a missing {files.noun.words} in service.py: {files.error_line(code)}"
        )
    return name


def _tidy(files: list[Path], root: Path) -> None:
    """Lay them out as the checkout's own style wants, where ruff is installed."""
    if importlib.util.find_spec("ruff") is None:
        return
    paths = [str(file.absolute()) for file in files]
    for line in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *line, *paths], cwd=root, check=False)  # noqa: S603 - our own tool


def _print_operations(files: ServiceFiles) -> None:
    noun = files.noun
    parts = {operation.name: part for part, operation in noun.life.items()}
    rows = []
    for operation in noun.operations:
        required = ", ".join(operation.input.required) if operation.input is not None else ""
        paged = "yes" if operation.pagination is not None else ""
        told = files.prose.of_operation(operation.name)
        rows.append((operation.name, parts.get(operation.name, ""), required, paged, told))
    click.echo()
    print_table(["operation", "part", "needs", "pages", "what it does"], rows)
    click.echo(_next_steps(noun, files.folder))


def _next_steps(noun: Noun, folder: str) -> str:
    describe = noun.life.get("describe")
    pointer = pointer_of(describe) if describe is not None else ""
    located = f" {pointer} points at it." if pointer else ""
    modelled = noun.missing_error in noun.model.error_shapes
    guessed = "" if modelled else f"The model has no error for a missing {noun.words}: look {noun.missing_error} up. "
    return (
        f"\nAll of them answer 501 for now. Next: give {noun.name} its fields and its ARN.{located} {guessed}"
        "Write and declare one function at a time, then:\n"
        f"  fogstead check\n  pytest tests/services/{folder}\n  fogstead laws {noun.model.name}"
    )
