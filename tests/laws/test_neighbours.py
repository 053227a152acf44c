"""Law 11: another Region and another account see nothing."""

from __future__ import annotations

from collections.abc import Callable

from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.law import cases, law
from laws.wire import Caller

HIDDEN = law(11, "another Region does not find it", lambda one: one.on is not None and one.on.scope == "region")
UNLISTED = law(11, "another Region and another account list nothing of it", lambda one: one.lists is not None)


@cases(HIDDEN, protocols=True)
def test_another_region_does_not_find_it(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service, resource = operation.service, operation.on
    assert resource is not None
    given = examples(service.name).input_of(operation.name)
    reply = owner.of(region="eu-central-1").call(service.name, operation.name, given, protocol)
    code = resource.missing.code
    assert reply.code in {code, service.model.query_errors.get(code, (code,))[0]}, f"{reply.status} {reply.output}"


@cases(UNLISTED, protocols=True)
def test_another_region_and_another_account_list_nothing_of_it(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service.name
    known = examples(service)
    assert operation.lists is not None
    known.make(operation.lists.__name__)
    given = known.input_of(operation.name)
    assert any(owner.does(service, operation.name, given, protocol).values())
    for neighbour in (owner.of(region="eu-central-1"), owner.of(account="999999999997")):
        assert not any(neighbour.does(service, operation.name, given, protocol).values())
