"""`fogstead` as a person runs it: a process of its own with a data directory of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TIMEOUT_SECONDS = 60


def fogstead(
    *arguments: str | Path, data_dir: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; the usual data directory is `data_dir`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FOGSTEAD_", "AWS_"))}
    if data_dir is not None:
        clean["FOGSTEAD_DATA_DIR"] = str(data_dir)
    return subprocess.run(
        [sys.executable, "-m", "fogstead.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
        env={**clean, **variables},
        stdin=subprocess.DEVNULL,
    )
