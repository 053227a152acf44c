"""What happens to a call, from the pipeline's own table."""

from __future__ import annotations

import click

from fogstead.kernel.pipeline import BEFORE, INSIDE, Stage


def explain_pipeline() -> None:
    """Print the stages in their order with the first line of what each promises."""
    click.echo("A call is routed and its signature checked; then, stage by stage:")
    _print("Before the transaction", BEFORE, 1)
    _print("Inside the transaction", INSIDE, 1 + len(BEFORE))
    click.echo("\nAfter the commit it is counted and audited, and the answer leaves.")


def _print(title: str, stages: tuple[Stage, ...], first: int) -> None:
    click.echo(f"\n{title}:")
    for number, stage in enumerate(stages, first):
        promise = (stage.run.__doc__ or "").strip().partition("\n")[0]
        click.echo(f"  {number}. {stage.name:<28} {promise}")
