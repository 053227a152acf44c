"""What a plain `def` may touch."""

from __future__ import annotations

import asyncio

import pytest
from trial import HOME, START, Trial, secret_arn
from trial_services.secretsmanager.secrets import Secret
from trial_services.secretsmanager.service import InvalidRequest, ResourceNotFound, secrets_max

from fogstead.kernel.errors import QuotaExceeded
from fogstead.kernel.quotas import Quota
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home, end_of
from fogstead.primitives.store.packing import pack


async def test_a_created_resource_is_found_with_its_home_its_incarnation_and_its_time(trial: Trial) -> None:
    made = await trial.transact(lambda tx: tx.create(Secret(name="a", text="hello")))
    found = await trial.transact(lambda tx: tx.find(Secret, "a"))

    assert found == made
    assert (made.home, made.created_at, made.text) == (HOME, START, "hello")
    assert made.incarnation > 0
    assert made.arn == secret_arn("a")


async def test_find_gives_none_and_get_raises_the_missing_error_where_nothing_is(trial: Trial) -> None:
    assert await trial.transact(lambda tx: tx.find(Secret, "a")) is None
    with pytest.raises(ResourceNotFound):
        await trial.transact(lambda tx: tx.get(Secret, "a"))


async def test_nothing_may_be_created_in_the_place_of_another(trial: Trial) -> None:
    await trial.transact(lambda tx: tx.create(Secret(name="a")))
    with pytest.raises(AssertionError, match="exists"):
        await trial.transact(lambda tx: tx.create(Secret(name="a")))


async def test_a_replaced_resource_keeps_what_was_not_changed(trial: Trial) -> None:
    made = await trial.transact(lambda tx: tx.create(Secret(name="a", text="old", tags={"k": "v"})))
    await trial.transact(lambda tx: tx.replace(made, text="new"))
    found = await trial.transact(lambda tx: tx.get(Secret, "a"))

    assert (found.text, found.tags, found.incarnation) == ("new", {"k": "v"}, made.incarnation)


async def test_another_account_and_another_region_see_nothing(trial: Trial) -> None:
    await trial.transact(lambda tx: tx.create(Secret(name="a")))
    for home in (Home("222222222222", "us-east-1"), Home("111111111111", "eu-west-1")):
        assert await trial.transact(lambda tx: tx.find(Secret, "a"), home=home) is None
        assert await trial.transact(lambda tx: list(tx.all(Secret)), home=home) == []


async def test_a_resource_made_again_has_none_of_the_rows_of_the_one_before(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    await trial.secret("PutSecretValue", SecretId="a", SecretString="old")
    await trial.secret("DeleteSecret", SecretId="a")
    await trial.secret("CreateSecret", Name="a")

    assert "SecretString" not in await trial.secret("GetSecretValue", SecretId="a")


async def test_rows_of_a_deleted_resource_are_reaped_by_a_job_and_no_others(trial: Trial) -> None:
    def fill(tx: Transaction, name: str) -> Secret:
        secret = tx.create(Secret(name=name))
        shard = tx.shard(secret)
        for number in range(6_000 if name == "doomed" else 3):
            tx.keys.put(shard + pack(number), b"x")
        return secret

    doomed = await trial.transact(fill, "doomed")
    kept = await trial.transact(fill, "kept")
    await trial.transact(lambda tx: tx.delete(doomed))
    await trial.cloud.advance(START + 1)

    assert await trial.rows(doomed.shard) == []
    assert len(await trial.rows(kept.shard)) == 3


async def test_all_gives_resources_in_key_order_below_a_prefix(trial: Trial) -> None:
    names = ["b", "a/2", "a/1", "a", "ab", "a\x00b", "ä", "a\U0001f600"]
    for name in names:
        await trial.transact(lambda tx, name=name: tx.create(Secret(name=name)))

    def listed(tx: Transaction, prefix: str) -> list[str]:
        return [secret.name for secret in tx.all(Secret, prefix=prefix)]

    assert await trial.transact(listed, "") == sorted(names)
    assert await trial.transact(listed, "a/") == ["a/1", "a/2"]
    assert await trial.transact(listed, "a") == sorted(name for name in names if name.startswith("a"))


async def test_all_reads_more_resources_than_one_read_gives(trial: Trial) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(1_234):
            tx.create(Secret(name=f"{number:05}"))

    await trial.transact(fill)
    names = await trial.secret_names()

    assert names == [f"{number:05}" for number in range(1_234)]


async def test_an_attempt_that_fails_takes_back_its_writes_and_its_effects(trial: Trial) -> None:
    done: list[str] = []

    def part(tx: Transaction, name: str) -> str:
        tx.create(Secret(name=name))
        tx.after_commit(lambda: done.append(name))
        if name == "bad":
            raise InvalidRequest("no")
        return name

    def work(tx: Transaction) -> list[str | None]:
        outcomes = [tx.attempt(part, tx, name) for name in ("first", "bad", "second")]
        assert isinstance(outcomes[1].error, InvalidRequest)
        return [outcome.value for outcome in outcomes]

    assert await trial.transact(work) == ["first", None, "second"]
    assert await trial.secret_names() == ["first", "second"]
    assert done == ["first", "second"]


async def test_an_attempt_inside_an_attempt_that_fails_is_taken_back_with_it(trial: Trial) -> None:
    def inner(tx: Transaction) -> None:
        tx.create(Secret(name="inner"))

    def outer(tx: Transaction) -> None:
        tx.create(Secret(name="outer"))
        assert tx.attempt(inner, tx).error is None
        raise InvalidRequest

    def work(tx: Transaction) -> None:
        tx.attempt(outer, tx)
        tx.create(Secret(name="last"))

    await trial.transact(work)
    assert await trial.secret_names() == ["last"]


async def test_what_is_no_refusal_goes_through_an_attempt_and_undoes_everything(trial: Trial) -> None:
    def part(tx: Transaction) -> None:
        tx.create(Secret(name="inner"))
        raise ZeroDivisionError

    def work(tx: Transaction) -> None:
        tx.create(Secret(name="outer"))
        tx.attempt(part, tx)

    with pytest.raises(ZeroDivisionError):
        await trial.transact(work)
    assert await trial.secret_names() == []


async def test_effects_happen_once_and_only_after_the_commit(trial: Trial) -> None:
    happened: list[str] = []

    def work(tx: Transaction, *, fail: bool) -> None:
        tx.create(Secret(name="failed" if fail else "kept"))
        tx.after_commit(lambda: happened.append("failed" if fail else "kept"))
        assert happened == []
        if fail:
            raise InvalidRequest

    with pytest.raises(InvalidRequest):
        await trial.transact(lambda tx: work(tx, fail=True))
    await trial.transact(lambda tx: work(tx, fail=False))

    assert happened == ["kept"]


async def test_a_quota_counts_what_an_account_has(trial: Trial) -> None:
    quota = Quota("secretsmanager", "Few secrets", 2)

    async def create(name: str, home: Home = HOME) -> None:
        await trial.transact(lambda tx: tx.create(Secret(name=name), quota=quota), home=home)

    await create("a")
    await create("b")
    with pytest.raises(QuotaExceeded, match=r"Few secrets: the account has 2, its quota\."):
        await create("c")
    await create("c", Home("222222222222", "us-east-1"))

    secret = await trial.transact(lambda tx: tx.get(Secret, "a"))
    await trial.transact(lambda tx: tx.delete(secret))
    await create("c")


async def test_an_account_may_be_given_another_quota(trial: Trial) -> None:
    trial.cloud.quotas.set("111111111111", secrets_max, 0)
    with pytest.raises(QuotaExceeded):
        await trial.secret("CreateSecret", Name="a")

    trial.cloud.quotas.set("111111111111", secrets_max, 1)
    await trial.secret("CreateSecret", Name="a")


async def test_a_read_only_operation_cannot_write(trial: Trial) -> None:
    def work(tx: Transaction) -> None:
        tx.create(Secret(name="a"))

    with pytest.raises(TypeError, match="a read-only transaction cannot write"):
        await trial.cloud.transact(HOME, work, read_only=True)
    assert await trial.secret_names() == []


async def test_identifiers_come_from_the_clouds_own_randomness(trial: Trial) -> None:
    first, second = await trial.transact(lambda tx: (tx.new_id(), tx.new_id()))
    random = await trial.transact(lambda tx: tx.random(16))

    assert len({first, second}) == 2
    assert first[14] == "4"
    assert len(random) == 16


async def test_a_transaction_that_nobody_called_does_not_wait(trial: Trial) -> None:
    assert await trial.transact(lambda tx: tx.patience(20)) is False


async def test_deleting_leaves_no_row_of_the_resource_behind(trial: Trial) -> None:
    before = await trial.rows(HOME.prefix)
    await trial.secret("CreateSecret", Name="a", SecretString="quiet")
    await trial.secret("PutSecretValue", SecretId="a", SecretString="value")
    await trial.secret("DeleteSecret", SecretId="a")
    await trial.cloud.outbox.settle()
    await trial.cloud.advance(START + 48 * 3_600_000)

    left = [key for key, _ in await trial.rows(HOME.prefix) if b"outbox-cursor" not in key]
    assert left == [key for key, _ in before]
    assert end_of(HOME.prefix) > HOME.prefix


async def test_effects_follow_the_commit_though_nobody_waits_for_it_any_more(trial: Trial) -> None:
    happened: list[str] = []

    def work(tx: Transaction) -> None:
        tx.create(Secret(name="a"))
        tx.after_commit(lambda: happened.append("kept"))

    task = asyncio.get_running_loop().create_task(trial.transact(work))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await trial.secret_names() == ["a"]
    assert happened == ["kept"]


async def test_an_effect_that_fails_stops_neither_the_others_nor_the_answers_of_its_tick(trial: Trial) -> None:
    happened: list[str] = []

    def work(tx: Transaction, name: str) -> str:
        if name == "bad":
            tx.after_commit(lambda: {}["missing"])
        tx.after_commit(lambda: happened.append(name))
        return name

    async with asyncio.timeout(5):
        answers = await asyncio.gather(*[trial.transact(work, name) for name in ("a", "bad", "b")])
    assert answers == ["a", "bad", "b"]
    assert sorted(happened) == ["a", "b", "bad"]


async def test_where_a_call_came_from_is_known_wherever_its_resource_lives(quick_trial: Trial) -> None:
    invocation, answer = quick_trial.begin("mediastore-data", "PutObject", Path="a", Body=b"")
    await answer
    seen = await quick_trial.cloud.transact(home_of("", ""), lambda tx: (tx.home, tx.call_home), invocation=invocation)
    assert seen == (home_of("", ""), HOME)


async def test_only_a_call_has_pages_and_somebody_to_ask_for(quick_trial: Trial) -> None:
    with pytest.raises(AssertionError, match="only operations have pages"):
        await quick_trial.transact(lambda tx: tx.cut())
    with pytest.raises(AssertionError, match="only operations have a caller to ask for"):
        await quick_trial.transact(lambda tx: tx.authorise("a:B", Secret(name="s"), "", {}))


async def test_a_blob_that_is_let_go_wakes_the_sweep_only_when_the_commit_is_kept(quick_blob_trial: Trial) -> None:
    woken: list[bool] = []
    quick_blob_trial.cloud.sweeper.wake = lambda: woken.append(True)  # type: ignore[method-assign]

    def work(tx: Transaction, kept: bool) -> None:
        tx.release("0" * 32, b"me")
        assert woken == []
        if not kept:
            raise ValueError(kept)

    with pytest.raises(ValueError, match="False"):
        await quick_blob_trial.transact(work, False)
    assert woken == []
    await quick_blob_trial.transact(work, True)
    assert woken == [True]
