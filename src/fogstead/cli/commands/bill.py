"""`fogstead bill`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import click

from fogstead.cli.command import (
    NOT_RUNNING,
    Command,
    Failed,
    color_option,
    data_dir_option,
    output_option,
    setting,
    url_option,
)
from fogstead.cli.drawing import print_json, print_table
from fogstead.cli.running import address, call

EXAMPLES = (
    ("fogstead bill", "This month so far, by service and usage type"),
    ("fogstead bill --by day,service --month 2026-11", "A month, day by day"),
    ("fogstead bill --by tag:team,region", "What each team costs in each Region"),
    ("fogstead clock advance 30d && fogstead bill", "What a month of what is there now comes to"),
    ("fogstead bill --account 111122223333 -o json", "Another account's, for a program"),
)
DIMENSIONS: Mapping[str, str] = {
    "service": "SERVICE",
    "usage-type": "USAGE_TYPE",
    "region": "REGION",
    "operation": "OPERATION",
}
GROUPS_MAX = 2
_DAY = "day"
_TAG = "tag:"


class _Line(NamedTuple):
    day: str
    keys: tuple[str, ...]
    quantity: str
    unit: str
    cost: str


def _by(_ctx: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in DIMENSIONS and name != _DAY and not (name.startswith(_TAG) and len(name) > len(_TAG)):
            raise click.BadParameter(f"{name!r} is none of {', '.join(DIMENSIONS)}, {_DAY} and {_TAG}NAME.")
    if len({name for name in names if name != _DAY}) > GROUPS_MAX:
        raise click.BadParameter(f"{value!r} has more than {GROUPS_MAX} names beside {_DAY}.")
    return tuple(dict.fromkeys(names))


def _month(_ctx: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no month: write 2026-11.") from None


@click.command(cls=Command, examples=EXAMPLES, exits=[NOT_RUNNING])
@click.option(
    "--by",
    default="service,usage-type",
    show_default=True,
    callback=_by,
    metavar="NAME,NAME",
    help="What lines are told apart by: day, and up to two of service, usage-type, region, operation, tag:NAME.",
)
@click.option(
    "--month", callback=_month, metavar="YYYY-MM", help="The month; this one by the cloud's clock if not said."
)
@setting("--account", env="FOGSTEAD_ACCOUNT", default="", help="The account of twelve digits whose bill it is.")
@data_dir_option
@url_option
@output_option
@color_option
def command(
    by: tuple[str, ...], month: date | None, account: str, data_dir: Path, url: str | None, output: str
) -> None:
    """Show what an account's usage costs.

    It is read by Cost Explorer's API, for one month of the cloud's time, at the prices of the cloud's price book: a
    sample of public list prices, unless the cloud was started with --price-book. Without --account the keys in
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are used.
    """
    where = address(data_dir, url)
    start = month or _this_month(where)
    results = list(_ask(where, account, start, by))
    lines = [line for result in results for line in _lines(result)]
    total = sum((Decimal(line.cost) for line in lines), Decimal(0))
    estimated = any(result["Estimated"] for result in results)
    if output == "json":
        shown = [_as_object(line, by) for line in lines]
        print_json(
            {
                "month": f"{start:%Y-%m}",
                "estimated": estimated,
                "currency": "USD",
                "total": f"{total:f}",
                "lines": shown,
            }
        )
        return
    headings = [name.removeprefix(_TAG) for name in by]
    print_table([*headings, "quantity", "unit", "USD"], [_as_row(line, by) for line in lines])
    so_far = ", so far" if estimated else ""
    click.echo(f"Total for {start:%Y-%m}{so_far}: {total:f} USD")


def _this_month(where: str) -> date:
    millis = call(where, "GET", "/_fogstead/clock")["cloud_millis"]
    return datetime.fromtimestamp(millis / 1000, UTC).date().replace(day=1)


# --------------------------------------------------------------------------- asking
def _ask(where: str, account: str, start: date, by: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The results of all pages."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - 0.2 s, only here

    end = (start + timedelta(days=31)).replace(day=1)
    asked: dict[str, Any] = {
        "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
        "Granularity": "DAILY" if _DAY in by else "MONTHLY",
        "Metrics": ["UnblendedCost", "UsageQuantity"],
    }
    groups = [_group(name) for name in by if name != _DAY]
    if groups:
        asked["GroupBy"] = groups
    try:
        client = _client(where, account)
        while True:
            answer = client.get_cost_and_usage(**asked)
            yield from answer["ResultsByTime"]
            if "NextPageToken" not in answer:
                return
            asked["NextPageToken"] = answer["NextPageToken"]
    except ClientError as error:
        raise Failed(f"The bill cannot be read: {error.response['Error']['Message']}") from None
    except BotoCoreError as error:
        raise Failed(f"The bill cannot be read: {error}") from None


def _client(where: str, account: str) -> Any:
    from botocore.session import Session  # noqa: PLC0415 - 0.2 s, only here

    key, secret = "test", "test"
    if account:
        key = account
    elif os.environ.get("AWS_ACCESS_KEY_ID"):
        key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    return Session().create_client(
        "ce",
        region_name="us-east-1",
        endpoint_url=where,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=None if account else os.environ.get("AWS_SESSION_TOKEN"),
    )


def _group(name: str) -> dict[str, str]:
    if name.startswith(_TAG):
        return {"Type": "TAG", "Key": name.removeprefix(_TAG)}
    return {"Type": "DIMENSION", "Key": DIMENSIONS[name]}


# --------------------------------------------------------------------------- showing
def _lines(result: Mapping[str, Any]) -> Iterator[_Line]:
    day = result["TimePeriod"]["Start"]
    groups = result["Groups"] or ([{"Keys": [], "Metrics": result["Total"]}] if result["Total"] else [])
    for group in groups:
        used, cost = group["Metrics"]["UsageQuantity"], group["Metrics"]["UnblendedCost"]
        yield _Line(day, tuple(group["Keys"]), used["Amount"], used["Unit"], cost["Amount"])


def _named(line: _Line, by: Sequence[str]) -> dict[str, str]:
    """What a line is of, by the names that were asked for; a tag's value without its key."""
    keys = iter(line.keys)
    return {
        name: line.day
        if name == _DAY
        else next(keys).removeprefix(f"{name.removeprefix(_TAG)}$" if _TAG in name else "")
        for name in by
    }


def _as_object(line: _Line, by: Sequence[str]) -> dict[str, str]:
    return {**_named(line, by), "quantity": line.quantity, "unit": line.unit, "cost": line.cost}


def _as_row(line: _Line, by: Sequence[str]) -> tuple[str, ...]:
    return *_named(line, by).values(), line.quantity, line.unit, line.cost
