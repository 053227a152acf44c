"""Terraform in a folder, with AWS's own provider."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clients.programs import Finished, run

_PLAIN = ("-input=false", "-no-color")
# A plan ends with this code when there is something to change.
_CHANGES = 2
# The provider asks many times over whether a change has arrived, as AWS is slow to tell.
_RUN_SECONDS = 240


PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_region_validation      = true
  skip_requesting_account_id  = false
}
"""


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
        finished = run(["terraform", *arguments], self.environment, self.folder, seconds=_RUN_SECONDS)
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

    def fail_to_apply(self) -> str:
        """It cannot be made so; gives what Terraform says, in one line."""
        return " ".join(self("apply", "-auto-approve", *_PLAIN, expected=1).err.split())

    def expect_changes(self) -> None:
        """A plan finds something to do."""
        self("plan", "-detailed-exitcode", *_PLAIN, expected=_CHANGES)

    def expect_no_changes(self) -> None:
        """A plan finds nothing to do."""
        self("plan", "-detailed-exitcode", *_PLAIN)

    def forget(self, *addresses: str) -> None:
        """Leave things as they are, and out of the state."""
        self("state", "rm", *addresses)

    def destroy(self) -> None:
        """Remove everything, and see that nothing is left in the state."""
        self("destroy", "-auto-approve", *_PLAIN)
        assert self("state", "list").out.strip() == ""


def filled(configuration: str, values: Mapping[str, str]) -> str:
    """A configuration with words in capitals replaced by what they stand for this time."""
    for word, value in values.items():
        configuration = configuration.replace(word, value)
    return configuration


def imports(identities: Mapping[str, str]) -> str:
    """Blocks that take what is there into the state, by its address in the configuration and what it is known by."""
    return "".join(f'import {{\n  to = {to}\n  id = "{name}"\n}}\n' for to, name in identities.items())
