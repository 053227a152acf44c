"""What it does when a secret was created, and jobs. `SEEN` and `FAILING` belong to the tests."""

from __future__ import annotations

from typing import Any

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job, reaction
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack

SEEN: list[tuple[str, str]] = []
FAILING: dict[str, int] = {}
RUNS = pack("trial-run")


@reaction("secretsmanager.SecretCreated", name="codecommit.note-secrets")
async def note_secrets(call: Call, payload: dict[str, Any]) -> None:
    """Notes every secret, unless it was told to fail for it."""
    if FAILING.get(payload["name"], 0) > 0:
        FAILING[payload["name"]] -= 1
        raise RuntimeError("poison")
    SEEN.append(("note", payload["name"]))


@reaction("secretsmanager.SecretCreated", name="codecommit.copy-secrets")
async def copy_secrets(call: Call, payload: dict[str, Any]) -> None:
    """Makes a new secret when it is told to, which makes an event, and so on."""
    if payload["text"] == "copy":
        await call.as_service(source=payload["arn"]).secretsmanager.create_secret(
            Name=payload["name"] + "x", SecretString="copy"
        )
    SEEN.append(("copy", payload["name"]))


def _note(tx: Transaction, arguments: dict[str, Any]) -> None:
    tx.keys.put(tx.home.prefix + RUNS + pack(tx.keys.next_number()), f"{arguments['name']}@{tx.now}".encode())


@job("codecommit.note")
def note(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Writes its name and the time, and fails as often as it was told to."""
    if FAILING.get(arguments["name"], 0) > 0:
        tx.after_commit(lambda: None)
        raise RuntimeError("not yet")
    _note(tx, arguments)


@job("codecommit.note-waiting")
async def note_waiting(call: Call, arguments: dict[str, Any]) -> None:
    """The same, as a job that may wait."""
    if FAILING.get(arguments["name"], 0) > 0:
        FAILING[arguments["name"]] -= 1
        raise RuntimeError("not yet")
    await call.transact(_note, arguments)


@job("codecommit.each-hour", every=3_600_000, missed="each")
def each_hour(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Makes up for every period it missed."""
    _note(tx, arguments)


@job("codecommit.latest-hour", every=3_600_000, missed="latest")
def latest_hour(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Only the latest of the periods it missed counts."""
    _note(tx, arguments)


@job("codecommit.forever")
def forever(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Is due again one millisecond later."""
    tx.schedule("codecommit.forever", arguments, at=tx.now + 1)
