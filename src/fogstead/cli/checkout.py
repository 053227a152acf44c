"""The source tree this program runs from, for the commands that write into it."""

from __future__ import annotations

from pathlib import Path

import fogstead
from fogstead.cli.command import Failed

PACKAGE = Path(fogstead.__file__).parent


def checkout(purpose: str) -> Path:
    """The root of the source tree; Failed where the program was installed without one."""
    root = PACKAGE.parent.parent
    if PACKAGE.parent.name != "src" or not (root / "pyproject.toml").is_file():
        raise Failed(
            f"{purpose} needs a checkout of the sources, and this fogstead was installed without one: "
            "clone the repository and run `make setup`, then use .venv/bin/fogstead."
        )
    return root
