"""Law 5: pages of any size joined are the whole list, while others insert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.law import cases, law
from laws.wire import Caller

JOINED = law(5, "pages joined are the list", lambda one: one.model.pagination is not None)
TOKENS = law(5, "a page token is good for its own list only", lambda one: one.model.pagination is not None)

LISTED = 5
PAGES_MAX = 100


def _pages(caller: Caller, operation: DeclaredOperation, given: dict[str, Any], size: int) -> Iterator[list[Any]]:
    pagination = operation.model.pagination
    assert pagination is not None
    token: dict[str, Any] = {}
    for _ in range(PAGES_MAX):
        limit = {pagination.limit_key: size} if pagination.limit_key else {}
        answer = caller.does(operation.service.name, operation.name, {**given, **limit, **token})
        yield answer.get(pagination.result_key, [])
        if pagination.output_token not in answer or answer.get(pagination.more_results or "") is False:
            return
        token = {pagination.input_token: answer[pagination.output_token]}
    raise AssertionError(f"{operation.name} handed out more than {PAGES_MAX} pages")


def _size_max(operation: DeclaredOperation) -> int:
    """What the model allows, or what AWS's lists commonly do."""
    pagination, shape = operation.model.pagination, operation.model.input
    limit = shape.members[pagination.limit_key] if pagination and shape and pagination.limit_key else None
    return int(limit.trait("max") or 1000) if limit is not None else 1000


@cases(JOINED)
def test_pages_joined_are_the_list(
    operation: DeclaredOperation, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    known = examples(operation.service.name)
    given, wanted = known.populate(operation.name, LISTED)
    whole = owner.does(operation.service.name, operation.name, given)[operation.model.pagination.result_key]  # type: ignore[union-attr]
    assert sorted(known.named(operation.name, entry) for entry in whole) == sorted(wanted)
    for size in (1, 2, _size_max(operation)):
        pages = list(_pages(owner, operation, given, size))
        assert [entry for page in pages for entry in page] == whole
        assert all(len(page) <= size for page in pages)


@cases(JOINED)
def test_pages_miss_and_repeat_nothing_while_others_insert(
    operation: DeclaredOperation, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    known = examples(operation.service.name)
    given, wanted = known.populate(operation.name, LISTED)
    for size in (1, 2):
        seen: list[str] = []
        for number, page in enumerate(_pages(owner, operation, given, size)):
            seen += [known.named(operation.name, entry) for entry in page]
            if number < LISTED:
                known.insert(operation.name, given)
        assert len(set(seen)) == len(seen)
        assert set(wanted) <= set(seen)


@cases(TOKENS)
def test_a_page_token_is_good_for_its_own_list_only(
    operation: DeclaredOperation, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    pagination = operation.model.pagination
    assert pagination is not None
    if pagination.limit_key is None:
        pytest.skip("nothing makes its pages short")
    service = operation.service.name
    given, _ = examples(service).populate(operation.name, 3)
    first = {**given, pagination.limit_key: 1}
    token = owner.does(service, operation.name, first)[pagination.output_token]
    elsewhere = owner.of(account="999999999998")
    other, _ = type(examples(service))(elsewhere).populate(operation.name, 1)
    for caller, wrong in ((elsewhere, {**other, pagination.limit_key: 1}), (owner, first)):
        broken = token if caller is elsewhere else token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        reply = caller.call(service, operation.name, {**wrong, pagination.input_token: broken})
        assert 400 <= reply.status < 500, f"{reply.status} {reply.output}"
