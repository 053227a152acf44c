"""Law 2: what the model forbids is refused with the service's validation error, and what it just allows is taken."""

from __future__ import annotations

from collections.abc import Callable

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.service import DeclaredOperation
from fogstead.model.validation import Fault
from laws.examples import Examples
from laws.law import cases, law
from laws.shapes_of_inputs import constrained, on_the_bounds, out_of_bounds, without_required
from laws.wire import Caller

REQUIRED = law(
    2,
    "each missing required member is a validation error",
    lambda one: bool(one.model.input and one.model.input.required),
)
BOUNDS = law(2, "each value outside its bounds is refused", lambda one: constrained(one.model.input))


def _validation_codes(operation: DeclaredOperation, *, missing: bool) -> set[str]:
    """The code of the service's validation error, by both its names where it has two."""
    service = operation.service
    fault = Fault("member", "null", "Member must not be null", missing=missing)
    code = service.validation_error([fault]).code if service.validation_error else ValidationError.code
    known = service.model.query_errors.get(code)
    return {code, known[0]} if known else {code}


@cases(REQUIRED, protocols=True)
def test_each_missing_required_member_is_a_validation_error(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    given = examples(service).input_of(operation.name)
    codes = _validation_codes(operation, missing=True)
    variants = list(without_required(operation.model.input, given))
    assert variants, f"the example for {operation.name} has none of the required members"
    for path, variant in variants:
        reply = owner.call(service, operation.name, variant, protocol)
        assert 400 <= reply.status < 500, f"without {path}: {reply.status} {reply.code} {reply.message}"
        assert reply.code in codes, f"without {path}: {reply.code} {reply.message}"


@cases(BOUNDS, protocols=True)
def test_each_value_outside_its_bounds_is_refused_and_on_them_taken(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    known = examples(service)
    refused = _validation_codes(operation, missing=False)
    modelled = {*operation.service.errors, *operation.model.errors}
    for path, variant in out_of_bounds(operation.model.input, known.input_of(operation.name)):
        reply = owner.call(service, operation.name, variant, protocol)
        assert 400 <= reply.status < 500, f"{path}: {reply.status} {reply.code} {reply.message}"
        assert reply.code in refused | modelled, f"{path}: {reply.code} {reply.message}"
    for path, variant in on_the_bounds(operation.model.input, known.input_of(operation.name)):
        reply = owner.call(service, operation.name, variant, protocol)
        assert reply.code not in refused, f"{path}: {reply.code} {reply.message}"
