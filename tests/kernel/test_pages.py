"""Lists in pages."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest
from trial import HOME, OTHER_ROOT, Trial
from trial_services.secretsmanager.secrets import Secret

from fogstead.kernel.errors import InvalidNextToken, InvalidParameterValue
from fogstead.kernel.pages import Cut
from fogstead.primitives.store import Home


async def fill(trial: Trial, count: int, home: Home = HOME) -> list[str]:
    names = [f"secret-{number:03}" for number in range(count)]

    def work(tx: Any) -> None:
        for name in names:
            tx.create(Secret(name=name))

    await trial.transact(work, home=home)
    return names


async def listed(trial: Trial, size: int | None, between: Any = None, **given: Any) -> list[list[str]]:
    pages, token = [], None
    while True:
        asked = {**given, **({"MaxResults": size} if size else {}), **({"NextToken": token} if token else {})}
        answer = await trial.secret("ListSecrets", **asked)
        pages.append([secret["Name"] for secret in answer["SecretList"]])
        token = answer.get("NextToken")
        if token is None:
            return pages
        if between is not None:
            await between()


@pytest.mark.parametrize("size", [1, 2, 7, 100, None])
async def test_all_pages_joined_are_the_unpaged_list(trial: Trial, size: int | None) -> None:
    names = await fill(trial, 23)
    pages = await listed(trial, size)

    assert [name for page in pages for name in page] == names
    assert all(len(page) == (size or 100) for page in pages[:-1])
    assert pages[-1]


async def test_an_empty_list_is_one_empty_page(trial: Trial) -> None:
    assert await listed(trial, 10) == [[]]


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_what_stays_is_seen_once_while_others_insert_and_delete(trial: Trial, size: int) -> None:
    names = await fill(trial, 20)
    staying, fading = set(names[::2]), list(names[1::2])
    chance = random.Random(size)
    inserted: set[str] = set()

    async def disturb() -> None:
        name = f"secret-{chance.randrange(20):03}-{len(inserted)}"
        await trial.transact(lambda tx: tx.create(Secret(name=name)))
        inserted.add(name)
        if fading:
            doomed = fading.pop(chance.randrange(len(fading)))
            await trial.transact(lambda tx: tx.delete(tx.get(Secret, doomed)))

    seen = [name for page in await listed(trial, size, disturb) for name in page]
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    assert staying <= set(seen) <= {*names, *inserted}


async def test_a_page_is_never_longer_than_the_operations_own_limit(trial: Trial) -> None:
    await fill(trial, 120)
    assert [len(page) for page in await listed(trial, 100)] == [100, 20]
    assert [len(page) for page in await listed(trial, None)] == [100, 20]


async def test_pages_of_a_prefix_hold_nothing_else(trial: Trial) -> None:
    await fill(trial, 25)
    filters = [{"Key": "name", "Values": ["secret-01"]}]
    pages = await listed(trial, 4, Filters=filters)
    assert [name for page in pages for name in page] == [f"secret-{number:03}" for number in range(10, 20)]


async def test_an_operation_without_a_limit_member_has_pages_of_its_own_size(trial: Trial) -> None:
    for name in "abcd":
        await trial.ask("codecommit", "CreateRepository", repositoryName=name)
    first = await trial.ask("codecommit", "ListRepositories")
    second = await trial.ask("codecommit", "ListRepositories", nextToken=first["nextToken"])

    assert [one["repositoryName"] for one in first["repositories"] + second["repositories"]] == list("abcd")
    assert "nextToken" not in second


async def test_a_token_may_be_used_again_and_with_another_page_size(trial: Trial) -> None:
    names = await fill(trial, 9)
    token = (await trial.secret("ListSecrets", MaxResults=3))["NextToken"]
    for size in (2, 6, 2):
        answer = await trial.secret("ListSecrets", MaxResults=size, NextToken=token)
        assert [secret["Name"] for secret in answer["SecretList"]] == names[3 : 3 + size]


async def test_a_token_survives_a_restart(trial: Trial) -> None:
    names = await fill(trial, 4)
    token = (await trial.secret("ListSecrets", MaxResults=3))["NextToken"]
    await trial.restart()
    answer = await trial.secret("ListSecrets", NextToken=token)
    assert [secret["Name"] for secret in answer["SecretList"]] == names[3:]


async def test_an_altered_token_is_refused(quick_trial: Trial) -> None:
    await fill(quick_trial, 4)
    token = (await quick_trial.secret("ListSecrets", MaxResults=3))["NextToken"]
    raw = base64.urlsafe_b64decode(token)
    altered = [
        base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode() for at in range(len(raw))
    ]
    for wrong in [*altered, token[4:], token + "AAAA", "x", "AAAA", "é", "%%%", base64.b64encode(b"x" * 40).decode()]:
        with pytest.raises(InvalidNextToken):
            await quick_trial.secret("ListSecrets", NextToken=wrong)


async def test_a_token_from_elsewhere_is_refused(quick_trial: Trial) -> None:
    await fill(quick_trial, 4)
    token = (await quick_trial.secret("ListSecrets", MaxResults=3))["NextToken"]
    elsewhere: list[dict[str, Any]] = [
        {"home": Home(HOME.account, "eu-west-1")},
        {"home": Home("222222222222", HOME.region), "caller": OTHER_ROOT},
        {"Filters": [{"Key": "name", "Values": ["secret"]}]},
        {"SortOrder": "asc"},
    ]
    for given in elsewhere:
        with pytest.raises(InvalidNextToken):
            await quick_trial.secret("ListSecrets", NextToken=token, **given)
    with pytest.raises(InvalidNextToken):
        await quick_trial.ask("codecommit", "ListRepositories", nextToken=token)
    assert await quick_trial.secret("ListSecrets", NextToken=token)


async def test_a_page_of_less_than_one_is_refused_where_the_model_allows_it(quick_trial: Trial) -> None:
    invocation, answer = quick_trial.begin("secretsmanager", "ListSecrets")
    await answer
    invocation.input = {"MaxResults": -1}
    with pytest.raises(InvalidParameterValue, match=r"MaxResults must be at least 1\."):
        Cut.of(invocation, b"key", size_default=10, size_max=10)


@pytest.mark.parametrize(
    ("asked", "size_min", "size"),
    [(None, 0, 10), (None, 1, 10), (0, 0, 0), (3, 0, 3), (99, 0, 20), (0, 1, 10)],
)
async def test_a_page_of_nothing_is_one_only_where_the_operation_says_so(
    quick_trial: Trial, asked: int | None, size_min: int, size: int
) -> None:
    """S3 answers a listing of at most no keys; elsewhere nothing means the operation's own size."""
    invocation, answer = quick_trial.begin("secretsmanager", "ListSecrets")
    await answer
    invocation.input = {} if asked is None else {"MaxResults": asked}
    cut = Cut.of(invocation, b"key", size_default=10, size_max=20, size_min=size_min)
    assert (cut.size, cut.after) == (size, None)


async def test_a_token_is_bound_to_all_parameters_but_those_that_are_unbound(quick_trial: Trial) -> None:
    invocation, answer = quick_trial.begin("secretsmanager", "ListSecrets")
    await answer

    def cut(*unbound: str, **given: Any) -> Cut:
        invocation.input = given
        return Cut.of(invocation, b"key", unbound, size_default=10, size_max=10)

    token = cut("SortBy", SortBy="name", SortOrder="asc").token(b"last")
    assert cut("SortBy", SortOrder="asc", NextToken=token).after == b"last"
    assert cut("SortBy", SortBy="other", SortOrder="asc", MaxResults=5, NextToken=token).after == b"last"
    for given in ({}, {"SortOrder": "desc"}, {"SortOrder": "asc", "IncludePlannedDeletion": True}):
        with pytest.raises(InvalidNextToken):
            cut("SortBy", NextToken=token, **given)
    with pytest.raises(InvalidNextToken):
        cut(SortBy="name", SortOrder="asc", NextToken=token)
