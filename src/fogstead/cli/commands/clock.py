"""`fogstead clock`: the time that the cloud lives in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from fogstead.cli.command import NOT_RUNNING, Command, Family, color_option, data_dir_option, output_option, url_option
from fogstead.cli.drawing import print_facts, print_json
from fogstead.cli.running import address, call
from fogstead.cli.times import iso, seconds

EXAMPLES = (
    ("fogstead clock show", "Cloud time beside true time"),
    ("fogstead clock advance 2h", "Let two hours pass; what falls due on the way is done"),
    ("fogstead clock set 2027-03-01T06:00:00Z", "Go on to a moment"),
)
_PATH = "/_fogstead/clock"
_ADVANCE_PATIENCE_SECONDS = 3600


def _millis(_ctx: click.Context, _argument: click.Parameter, value: str) -> int:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no time: write 2027-03-01 or 2027-03-01T06:00:00Z.") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


@click.group(cls=Family, examples=EXAMPLES)
def command() -> None:
    """Show or move the time that the cloud lives in.

    Retention, schedules, visibility and expiry follow it. It moves forward only, and stays moved after a restart;
    signatures and TLS keep to true time.
    """


@command.command(cls=Command, examples=EXAMPLES[:1], exits=[NOT_RUNNING])
@data_dir_option
@url_option
@output_option
@color_option
def show(data_dir: Path, url: str | None, output: str) -> None:
    """Show cloud time beside true time."""
    _print(call(address(data_dir, url), "GET", _PATH), output)


@command.command(cls=Command, examples=EXAMPLES[1:2], exits=[NOT_RUNNING])
@click.argument("duration", callback=seconds)
@data_dir_option
@url_option
@output_option
@color_option
def advance(duration: float, data_dir: Path, url: str | None, output: str) -> None:
    """Let time pass: DURATION is 30s, 15m, 2h, 15d or 1h30m.

    What falls due on the way is done in its order; the command returns when all of it is.
    """
    _move(address(data_dir, url), {"advance_seconds": duration}, output)


@command.command("set", cls=Command, examples=EXAMPLES[2:], exits=[NOT_RUNNING])
@click.argument("time", callback=_millis)
@data_dir_option
@url_option
@output_option
@color_option
def set_to(time: int, data_dir: Path, url: str | None, output: str) -> None:
    """Go on to a moment: TIME is ISO 8601, UTC where it names no zone."""
    _move(address(data_dir, url), {"set_millis": time}, output)


def _move(url: str, wanted: dict[str, float], output: str) -> None:
    _print(call(url, "POST", _PATH, wanted, seconds=_ADVANCE_PATIENCE_SECONDS), output)


def _print(answer: dict[str, int], output: str) -> None:
    shown: dict[str, Any] = {
        "cloud_time": iso(answer["cloud_millis"]),
        "true_time": iso(answer["true_millis"]),
        "ahead": str(timedelta(milliseconds=answer["offset_millis"])),
    }
    if "steps" in answer:
        shown["jobs_run"] = answer["steps"]
    if output == "json":
        print_json({**shown, **answer})
    else:
        print_facts((name.replace("_", " "), value) for name, value in shown.items())
