"""`fogstead inspect`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from fogstead.cli.command import Command, Failed, color_option, data_dir_default, output_option
from fogstead.cli.drawing import print_facts, print_json, print_table
from fogstead.cli.running import holder_of
from fogstead.cli.store_rows import ReadRow, StoreReader, UnreadableStore, parse_home
from fogstead.primitives.store import Home

EXAMPLES = (
    ("fogstead inspect ./cloud", "What lies in a data directory"),
    ("fogstead inspect ./cloud --collection sqs.Queue -o json", "All queues, as records"),
    ("fogstead inspect ./cloud --collection job", "Work that is due"),
    ("fogstead inspect ./cloud --home 000000000000/us-east-1 --limit 50", "One account in one Region"),
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument(
    "data_dir",
    envvar="FOGSTEAD_DATA_DIR",
    default=data_dir_default,
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option("--home", metavar="ACCOUNT/REGION", help="Only rows of one home; 'cloud' for the cloud's own.")
@click.option("--collection", help="Only one kind: sqs, sqs.Queue, data, job, job-parked, outbox, clock, token, ...")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many rows.")
@output_option
@color_option
def command(data_dir: Path, home: str | None, collection: str | None, limit: int, output: str) -> None:
    """Show what a data directory holds, without changing it.

    Works while a cloud runs in it too. Resources, jobs, events and clock moves are decoded; other rows are shown as
    hexadecimal digits with their size in bytes. DATA_DIR is the usual one, or FOGSTEAD_DATA_DIR, when it is left away.
    """
    try:
        wanted = parse_home(home) if home else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--home'") from None
    try:
        reader = StoreReader(data_dir)
    except UnreadableStore as error:
        raise Failed(f"{error} Name another directory: fogstead inspect DATA_DIR") from None
    found = list(islice(_chosen(reader, wanted, collection), limit + 1))
    rows, more = found[:limit], len(found) > limit
    facts = _facts(reader, data_dir)
    reader.close()
    if output == "json":
        print_json({**facts, "rows": [_as_json(row) for row in rows], "more": more})
        return
    print_facts(facts.items())
    click.echo()
    print_table(["home", "collection", "key", "bytes", "value"], [_as_cells(row) for row in rows])
    if more:
        click.echo(f"\nThere are more rows than {limit}: choose with --home and --collection, or raise --limit.")


def _chosen(reader: StoreReader, home: Home | None, collection: str | None) -> Iterator[ReadRow]:
    for row in reader.rows(home):
        if collection is None or row.collection == collection or row.collection.startswith(collection + "."):
            yield row


def _facts(reader: StoreReader, data_dir: Path) -> dict[str, Any]:
    holder = holder_of(data_dir)
    log = reader.file.with_name(reader.file.name + "-wal")
    return {
        "store": str(reader.file),
        "format": reader.format,
        "rows_in_all": reader.count(),
        "bytes": reader.file.stat().st_size + (log.stat().st_size if log.exists() else 0),
        "used_by": f"process {holder.pid}" if holder is not None else "nobody",
    }


def _as_json(row: ReadRow) -> dict[str, Any]:
    return {"home": row.home, "collection": row.collection, "key": row.key, "bytes": row.size, "value": row.value}


def _as_cells(row: ReadRow) -> tuple[str, str, str, str, str]:
    value = row.value if isinstance(row.value, str) else json.dumps(row.value, ensure_ascii=False)
    return row.home, row.collection, " ".join(map(str, row.key)), str(row.size), value
