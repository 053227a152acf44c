"""Law 2: what the model forbids is refused with the service's validation error, and what it just allows is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.service import DeclaredOperation
from fogstead.model.validation import Fault
from laws.examples import Examples
from laws.law import cases, fixed, law, varied
from laws.shapes_of_inputs import constrained, on_the_bounds, out_of_bounds, without_required
from laws.wire import Caller

REQUIRED = law(
    2,
    "each missing required member is a validation error",
    lambda one: bool(one.model.input and set(one.model.input.required) - fixed(one)),
)
BOUNDS = law(2, "each value outside its bounds is refused", lambda one: constrained(one.model.input))


def _validation_codes(operation: DeclaredOperation, faults: list[Fault]) -> set[str]:
    """The code of the service's validation error, by both its names where it has two."""
    service = operation.service
    code = service.validation_error(faults).code if service.validation_error else ValidationError.code
    known = service.model.query_errors.get(code)
    return {code, known[0]} if known else {code}


def _faults(operation: DeclaredOperation, given: dict[str, Any]) -> list[Fault]:
    found: list[Fault] = []
    assert operation.check is not None
    operation.check(given, "", found)
    return found


@cases(REQUIRED, protocols=True)
def test_each_missing_required_member_is_a_validation_error(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    given = examples(service).input_of(operation.name)
    variants = varied(without_required, operation, given)
    assert variants, f"the example for {operation.name} has none of the required members"
    for path, variant in variants:
        reply = owner.call(service, operation.name, variant, protocol)
        assert 400 <= reply.status < 500, f"without {path}: {reply.status} {reply.code} {reply.message}"
        codes = _validation_codes(operation, _faults(operation, variant))
        assert reply.is_any_of(codes), f"without {path}: {reply.code} {reply.message}"


@cases(BOUNDS, protocols=True)
def test_each_value_outside_its_bounds_is_refused_and_on_them_taken(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    known = examples(service)
    refused = _validation_codes(operation, [Fault("member", "x", "Member must satisfy the model")])
    modelled = {*operation.service.errors, *operation.model.errors}
    for path, variant in varied(out_of_bounds, operation, known.input_of(operation.name)):
        reply = owner.call(service, operation.name, variant, protocol)
        assert 400 <= reply.status < 500, f"{path}: {reply.status} {reply.code} {reply.message}"
        assert reply.is_any_of(refused | modelled), f"{path}: {reply.code} {reply.message}"
    for path, variant in varied(on_the_bounds, operation, known.input_of(operation.name)):
        reply = owner.call(service, operation.name, variant, protocol)
        assert reply.code not in refused, f"{path}: {reply.code} {reply.message}"
