"""Laws 6, 7 and 8: idempotency tokens, tags, waiters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloud import CloudProcess
from fogstead.kernel.service import DeclaredOperation, snake
from laws.examples import Examples
from laws.law import cases, law
from laws.wire import Caller


def _waiters(operation: DeclaredOperation) -> list[str]:
    waiters = operation.service.model.waiters
    return [name for name, waiter in waiters.items() if waiter["operation"] == operation.name]


def _tags(operation: DeclaredOperation) -> tuple[str, str] | None:
    """For an operation that tags: those that untag and list."""
    if operation.on is None or not operation.name.startswith("Tag"):
        return None
    rest, known = operation.name.removeprefix("Tag"), operation.service.operations
    listing = next((name for name in (f"List{rest}Tags", f"ListTagsFor{rest}", "ListTags") if name in known), None)
    return (f"Untag{rest}", listing) if listing and f"Untag{rest}" in known else None


TOKENS = law(6, "a token repeated gives the same answer", lambda one: one.model.token_member is not None)
TAGS = law(7, "tags set are tags listed", lambda one: _tags(one) is not None)
WAITERS = law(8, "every waiter finishes", lambda one: bool(_waiters(one)))


@cases(TOKENS, protocols=True)
def test_a_token_repeated_gives_the_same_answer_and_with_other_input_an_error(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service, member = operation.service.name, operation.model.token_member
    known = examples(service)
    given = {**known.input_of(operation.name), str(member): "0123456789abcdef0123456789abcdef"}
    first = owner.call(service, operation.name, given, protocol)
    assert first.status < 300, f"{first.code} {first.message}"
    assert owner.call(service, operation.name, given, protocol).output == first.output
    same = {name: given[name] for name in (member, operation.at) if name}
    other = {**known.input_of(operation.name), **same}
    if other != given:
        assert 400 <= owner.call(service, operation.name, other, protocol).status < 500


@cases(TAGS, protocols=True)
def test_tags_set_are_tags_listed(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service, at, found = operation.service, operation.at, _tags(operation)
    assert found is not None
    untag, listing = (service.operations[name] for name in found)
    assert operation.on is not None
    pointers = examples(service.name).make(operation.on.__name__)
    given = next(name for name in operation.model.input.members if name != operation.at)  # type: ignore[union-attr]
    removed = next(name for name in untag.model.input.members if name != untag.at)  # type: ignore[union-attr]
    shown = next(iter(listing.model.output.members))  # type: ignore[union-attr]
    form = operation.model.input.members[given]  # type: ignore[union-attr]
    as_map = form.kind == "map"
    name, value = ("", "") if as_map else form.member.members

    def tag(tags: dict[str, str]) -> None:
        wire: Any = tags if as_map else [{name: key, value: text} for key, text in tags.items()]
        owner.does(service.name, operation.name, {at: pointers[at], given: wire}, protocol)

    def listed() -> dict[str, str]:
        answer = owner.does(service.name, listing.name, {listing.at: pointers[listing.at]}, protocol)
        entries = answer.get(shown, {})
        return entries if as_map else {entry[name]: entry[value] for entry in entries}

    assert listed() == {}
    tag({"team": "blue", "stage": "é &<>"})
    assert listed() == {"team": "blue", "stage": "é &<>"}
    tag({"team": "red", "empty": ""})
    assert listed() == {"team": "red", "stage": "é &<>", "empty": ""}
    owner.does(service.name, untag.name, {untag.at: pointers[untag.at], removed: ["team", "nobody"]}, protocol)
    assert listed() == {"stage": "é &<>", "empty": ""}


@cases(WAITERS)
def test_every_waiter_finishes(
    operation: DeclaredOperation, cloud: CloudProcess, account: str, examples: Callable[[str], Examples]
) -> None:
    client = cloud.client(operation.service.name, account=account)
    for waiter in _waiters(operation):
        given = examples(operation.service.name).await_waiter(waiter)
        client.get_waiter(snake(waiter)).wait(**given, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
