"""Running a cloud in this process until it is told to stop. Imports as little as a start needs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fogstead.cli.addresses import remove_address, url_of, write_address
from fogstead.cli.command import Failed
from fogstead.gateway.hosts import is_loopback
from fogstead.main import Refused, Settings, serve, version, zone_folders
from fogstead.primitives.store.directory import DirectoryRefused

_AUTH = {
    "enforce": "enforce: signatures and policies are checked",
    "audit": "audit: signatures are checked, what policies would deny is only logged",
    "off": "off: nothing is checked, every caller is root",
}
ZONES_MAX = 9
_DURABILITY = {"process": "survives a killed process", "power": "survives a power cut"}


def run(data_dir: Path, chosen: dict[str, Any], told: Callable[[str], None] | None = None) -> None:
    """Serve; `told` gets the address once clients may call. Failed, in one sentence, when it cannot start."""
    logging.basicConfig(
        level=chosen["log_level"].upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    settings = Settings(
        data_dir=data_dir,
        port=chosen["port"],
        host=chosen["host"],
        auth=chosen["auth"],
        durability=chosen["durability"],
        zones=_zones(data_dir, chosen["zones"]),
        key_dir=chosen["key_dir"],
        plain_blobs=bool(os.environ.get("FOGSTEAD_PLAIN_BLOBS")),
        host_names=tuple(chosen["host_names"]),
        root_keys=chosen["root_keys"],
        throttles=chosen["throttle"],
        checks_outputs=chosen["check_outputs"],
        price_book=chosen["price_book"],
    )
    answered = False

    def ready(port: int) -> None:
        nonlocal answered
        url = url_of(settings.host, port)
        write_address(data_dir, url)
        answered = True
        click.echo("\n".join(mode_lines(settings, url)), err=True)
        click.echo("Ready.")
        sys.stdout.flush()
        if told is not None:
            told(url)

    try:
        serve(settings, ready)
    except (Refused, DirectoryRefused) as error:
        raise Failed(str(error)) from None
    finally:
        if answered:
            remove_address(data_dir)


def _zones(data_dir: Path, text: str) -> tuple[Path, ...]:
    """A number of folders in the data directory, or the folders themselves, each with a slash in its name."""
    folders = [folder.strip() for folder in text.split(",") if folder.strip()]
    if folders and all("/" in folder for folder in folders):
        return tuple(Path(folder).absolute() for folder in folders)
    if not (text.isascii() and text.isdecimal()):
        raise Failed(
            f"--zones {text}: give a number, or folders such as ./zone or /disk1/zone, with commas between them."
        )
    if not 1 <= int(text) <= ZONES_MAX:
        raise Failed(f"--zones {text}: there may be 1 to {ZONES_MAX} zones in the data directory.")
    return zone_folders(data_dir, int(text))


def mode_lines(settings: Settings, url: str) -> list[str]:
    """What a person should know before the first call."""
    plain = ["Objects are NOT encrypted (FOGSTEAD_PLAIN_BLOBS): for measurements only."] if settings.plain_blobs else []
    return [
        *plain,
        f"Fogstead {version()} at {url} (HTTP, and TLS on the same port)",
        f"Auth: {_AUTH[settings.auth]}. {_keys_sentence(settings)}",
        f"Data: {settings.data_dir}, {_DURABILITY[settings.durability]}.",
    ]


def _keys_sentence(settings: Settings) -> str:
    if settings.auth == "off":
        return "Any credentials do; an access key of twelve digits is the account."
    if is_loopback(settings.host):
        return "Root keys: test / test."
    if settings.root_keys == "everywhere":
        return "Root keys: test / test, for everyone who can reach this address."
    return f"The root keys are not good on {settings.host}: add --root-keys everywhere if that is what you want."
