"""Terraform in a folder, with AWS's own provider."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clients.programs import Finished, run

_PLAIN = ("-input=false", "-no-color")
# A plan ends with this code when there is something to change.
_CHANGES = 2


class Terraform:
    """One configuration and its state; providers come from a folder and from nowhere else."""

    def __init__(self, folder: Path, environment: dict[str, str], mirror: Path) -> None:
        self.folder = folder
        settings = folder / "settings.tfrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
        self.environment = {
            **environment,
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }

    def __call__(self, *arguments: str, expected: int = 0) -> Finished:
        """Run it; the exit code has to be the expected one."""
        finished = run(["terraform", *arguments], self.environment, self.folder)
        assert finished.code == expected, f"terraform {' '.join(arguments)}:\n{finished.out}\n{finished.err}"
        return finished

    def want(self, configuration: str) -> None:
        """Write what is wanted; the first time the provider is made ready too."""
        (self.folder / "main.tf").write_text(configuration)
        if not (self.folder / ".terraform").exists():
            self("init", *_PLAIN)

    def apply(self) -> dict[str, Any]:
        """Make it so, see that a plan then finds nothing to do, and give the outputs."""
        self("apply", "-auto-approve", *_PLAIN)
        self.expect_no_changes()
        return {name: output["value"] for name, output in json.loads(self("output", "-json").out).items()}

    def expect_changes(self) -> None:
        """A plan finds something to do."""
        self("plan", "-detailed-exitcode", *_PLAIN, expected=_CHANGES)

    def expect_no_changes(self) -> None:
        """A plan finds nothing to do."""
        self("plan", "-detailed-exitcode", *_PLAIN)

    def destroy(self) -> None:
        """Remove everything, and see that nothing is left in the state."""
        self("destroy", "-auto-approve", *_PLAIN)
        assert self("state", "list").out.strip() == ""
