"""Law 11: another Region and another account see nothing."""

from __future__ import annotations

from collections.abc import Callable

from fogstead.kernel.resource import Resource
from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.exceptions import EVERYWHERE
from laws.law import cases, law, missing_code, wire_codes
from laws.wire import Caller


def _is_everywhere(resource: type[Resource]) -> bool:
    """By the list of those that AWS has once for all Regions, not by what the service says of itself."""
    return (resource.service.name, resource.__name__) in EVERYWHERE


HIDDEN = law(11, "another Region does not find it", lambda one: one.on is not None and not _is_everywhere(one.on))
UNLISTED = law(11, "another Region and another account list nothing of it", lambda one: one.lists is not None)


@cases(HIDDEN, protocols=True)
def test_another_region_does_not_find_it(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service
    given = examples(service.name).input_of(operation.name)
    reply = owner.of(region="eu-central-1").call(service.name, operation.name, given, protocol)
    assert reply.code in wire_codes(service, missing_code(operation)), f"{reply.status} {reply.output}"


@cases(UNLISTED, protocols=True)
def test_another_region_and_another_account_list_nothing_of_it(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    known = examples(service)
    assert operation.lists is not None
    known.make(operation.lists.__name__)
    given = known.input_of(operation.name)

    def lists(caller: Caller) -> bool:
        answer = caller.does(service, operation.name, given, protocol)
        pagination = operation.model.pagination
        return bool(answer.get(pagination.result_key)) if pagination else any(answer.values())

    assert lists(owner)
    assert lists(owner.of(region="eu-central-1")) == _is_everywhere(operation.lists)
    assert not lists(owner.of(account="999999999997"))
