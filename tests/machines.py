"""Running a state machine of Hypothesis against a cloud that its rules may kill."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from cloud import CloudProcess


class CloudMachine(RuleBasedStateMachine):
    """A state machine whose rules act on one cloud, which all its examples share."""

    cloud: CloudProcess


def run(machine: type[CloudMachine], cloud: CloudProcess, *, examples: int, steps: int, seed: int) -> None:
    """Run examples of up to so many steps each; only long runs are shrunk when they fail.

    FOGSTEAD_SEED takes the place of the seed, to run what failed again.
    """
    seed = int(os.environ.get("FOGSTEAD_SEED", seed))
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    machine.cloud = cloud
    machine._hypothesis_internal_use_seed = seed  # type: ignore[attr-defined]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if examples > 100 else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
