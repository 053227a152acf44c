"""`fogstead laws`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import click

from fogstead.cli.checkout import checkout
from fogstead.cli.command import Command, Failed, color_option, nearest
from fogstead.kernel.catalog import Catalog

EXAMPLES = (
    ("fogstead laws sqs", "Which laws hold for a service"),
    ("fogstead laws sqs -- -x --tb=short", "With options for pytest"),
    ("fogstead laws", "For every service"),
)
_NOTHING_RAN = 5


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("service", required=False)
@click.argument("pytest_options", nargs=-1, type=click.UNPROCESSED)
@color_option
def command(service: str | None, pytest_options: tuple[str, ...]) -> None:
    """Run the laws that hold for every operation of a service.

    They are the tests in tests/laws of a checkout, named [service.Operation].
    """
    root = checkout("`fogstead laws`")
    if not any((root / "tests" / "laws").glob("test_*.py")):
        raise Failed(f"There are no laws in {root / 'tests' / 'laws'} yet.")
    if importlib.util.find_spec("pytest") is None:
        raise Failed("pytest is not installed: run `make setup` and use .venv/bin/fogstead.")
    names = Catalog().names
    if service is not None and service not in names:
        raise Failed(f"There is no service {service!r} here.{nearest(service, names)} See: fogstead coverage")
    chosen = ["-k", f"[{service}."] if service is not None else []
    line = [sys.executable, "-m", "pytest", "tests/laws", *chosen, *pytest_options]
    code = subprocess.run(line, cwd=root, check=False).returncode  # noqa: S603 - our own tests
    if code == _NOTHING_RAN:
        raise Failed(f"No law was found for {service or 'any service'}: it has no implemented operation yet.")
    if code:
        raise Failed(f"Not every law holds for {service or 'every service'}; see above.")
