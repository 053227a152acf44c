"""The table of laws that hold, `results.json`. `python tests/laws/table.py` compares it, `--write` writes it anew."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILE = HERE / "results.json"
Table = dict[str, dict[str, list[str]]]


def current() -> Table:
    """What holds now, by what the laws' own files declare."""
    for file in sorted(HERE.glob("test_*.py")):
        importlib.import_module(file.stem)
    law: Any = importlib.import_module("laws.law")
    table: Table = law.held()
    return table


def lost(before: Table, after: Table) -> list[str]:
    """What held and holds no longer."""
    return [
        f"{law}: {service} {operation}"
        for law, services in before.items()
        for service, operations in services.items()
        for operation in operations
        if operation not in after.get(law, {}).get(service, [])
    ]


def main(arguments: list[str]) -> int:
    """0 when the table is current or was written; 1 when it is not, or would get worse."""
    now = current()
    before: Table = json.loads(FILE.read_text()) if FILE.exists() else {}
    worse = lost(before, now)
    for line in worse:
        sys.stdout.write(f"no longer holds: {line}\n")
    if worse and "--worse" not in arguments:
        return 1
    if "--write" in arguments:
        FILE.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
        return 0
    return 0 if now == before else 1


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    sys.exit(main(sys.argv[1:]))
