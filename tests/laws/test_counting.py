"""Law 10: one count per call, and one audit record per management call, whether it succeeded or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.law import cases, law, varied
from laws.shapes_of_inputs import without_required
from laws.wire import Caller

RECORDED = law(10, "a call is counted once and a management call audited once")


@cases(RECORDED)
def test_a_call_is_counted_once_and_a_management_call_audited_once(
    operation: DeclaredOperation, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    given = examples(service).input_of(operation.name)
    tried = [*(variant for _, variant in varied(without_required, operation, given)[:1]), given]
    for variant in tried:
        counted, audited = _counts(owner, operation), _audited(owner, operation)
        reply = owner.call(service, operation.name, variant)
        counts, records = _counts(owner, operation), _audited(owner, operation)
        assert sum(counts.values()) == sum(counted.values()) + 1
        assert (counts.get("", 0) == counted.get("", 0) + 1) == (reply.status < 300)
        if operation.data_event:
            assert records == audited
            continue
        assert len(records) == len(audited) + 1
        latest = records[-1]
        assert latest["account"] == owner.account
        assert latest["region"] == owner.region
        assert latest["user_identity"]["arn"].endswith(f"{owner.account}:root")
        assert bool(latest["error_code"]) == (reply.status >= 300)


def _counts(owner: Caller, operation: DeclaredOperation) -> dict[str, int]:
    """Counts of the operation by error."""
    return {
        one["error"]: one["count"]
        for one in owner.cloud.admin("GET", "/_fogstead/counts")
        if (one["service"], one["operation"]) == (operation.service.name, operation.name)
    }


def _audited(owner: Caller, operation: DeclaredOperation) -> list[dict[str, Any]]:
    return [
        one
        for one in owner.cloud.admin("GET", "/_fogstead/audit")
        if (one["service"], one["operation"], one["account"]) == (operation.service.name, operation.name, owner.account)
    ]
