"""`fogstead iam`: why a call was decided as it was, and the least policy that calls need."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from fogstead.cli.command import NOT_RUNNING, Command, Family, color_option, data_dir_option, output_option, url_option
from fogstead.cli.drawing import print_facts, print_json
from fogstead.cli.running import address, call
from fogstead.cli.times import iso, seconds

EXAMPLES = (
    ("fogstead iam explain 5f0c1d2e-8a1b-4c3d-9e4f-0a1b2c3d4e5f", "Why a call was allowed or denied"),
    ("fogstead iam suggest --principal arn:aws:iam::000000000000:user/ci --since 1h", "What a user needs"),
    (
        "fogstead iam suggest --principal arn:aws:iam::000000000000:role/app > policy.json",
        "What a role needs",
    ),
)
_MARKS = {"": "applies", "action": "other action", "principal": "other principal", "resource": "other resource"}


@click.group(cls=Family, examples=EXAMPLES)
def command() -> None:
    """Explain decisions, and write the policy that calls need.

    A request's id stands in every answer: x-amzn-requestid or x-amz-request-id, and in what clients print of an error.
    """


@command.command(cls=Command, examples=EXAMPLES[:1], exits=[NOT_RUNNING])
@click.argument("request_id", metavar="REQUEST-ID")
@data_dir_option
@url_option
@output_option
@color_option
def explain(request_id: str, data_dir: Path, url: str | None, output: str) -> None:
    """Show what a call was asked, which statement let it through, or what kept each statement from it."""
    path = "/_fogstead/iam/explain?" + urlencode({"request": request_id})
    found = call(address(data_dir, url), "GET", path)
    if output == "json":
        print_json(found)
        return
    facts = {name.replace("_", " "): found[name] for name in ("service", "operation", "principal") if name in found}
    if "at_millis" in found:
        facts["at"] = iso(found["at_millis"])
    print_facts(facts.items())
    for one in found.get("allowed", ()):
        _say(f"\nallowed  {one['action']} on {one['resource']}\n         by {one['by']}", "green")
    if found["denial"]:
        _print_denial(found["denial"])


def _print_denial(denial: dict[str, Any]) -> None:
    _say(f"\ndenied   {denial['action']} on {denial['resource']}", "red")
    click.echo(f"         {denial['reason']}\n")
    for kind, statements in denial["kinds"].items():
        click.echo(kind)
        for one in statements:
            name = f"{one['policy']}, " if one["policy"] else ""
            missed = one.get("missed", "")
            line = f"  {one['effect']:<6} {name}statement {one['statement']}: {_MARKS.get(missed, missed)}"
            _say(line, "" if missed else ("green" if one["effect"] == "Allow" else "red"))
    if not denial["kinds"]:
        click.echo("No policy speaks of this principal or this resource.")
    if denial.get("more"):
        click.echo("  ... and more statements than are shown")
    for key, value in denial.get("context", {}).items():
        click.echo(f"  {key} = {value if isinstance(value, str) else ', '.join(value)}")


def _say(text: str, color: str) -> None:
    click.secho(text, fg=color or None)


@command.command(cls=Command, examples=EXAMPLES[1:], exits=[NOT_RUNNING])
@click.option("--principal", required=True, metavar="ARN", help="The user, role or session that calls.")
@click.option("--since", default="1h", show_default=True, callback=seconds, help="How far back: 30m, 2h, 7d.")
@data_dir_option
@url_option
@color_option
def suggest(principal: str, since: float, data_dir: Path, url: str | None) -> None:
    """Write the least policy that the calls of a principal need.

    It reads the audit, and for data calls (objects, messages) what the cloud has seen since it started. With
    `--auth audit` the calls that would be denied count too. How many calls were read is said on standard error.
    """
    where = address(data_dir, url)
    now = call(where, "GET", "/_fogstead/clock")["cloud_millis"]
    query = urlencode({"principal": principal, "since": now - int(since * 1000)})
    found = call(where, "GET", f"/_fogstead/iam/suggest?{query}", seconds=60)
    print_json(found["policy"])
    click.echo(f"{found['calls']} recorded calls, {found['actions']} different actions", err=True)
    if not found["actions"]:
        click.echo(f"Nothing is known of {principal}: is the ARN right, and --since long enough?", err=True)
