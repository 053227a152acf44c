"""Idempotency tokens."""

from __future__ import annotations

import asyncio
import json

import pytest
from trial import ACCOUNT, HOME, HOUR, OTHER_ACCOUNT, OTHER_ROOT, START, Trial, secret_arn
from trial_services.secretsmanager.secrets import GATE, Secret
from trial_services.secretsmanager.service import InvalidRequest, ResourceExists

from fogstead.kernel.errors import InternalFailure, TokenReused
from fogstead.kernel.tokens import InProgress, replay
from fogstead.primitives.store import SYSTEM, Home
from fogstead.primitives.store.packing import pack

TOKEN = "t" * 32
ROTATE = {"SecretId": "a", "ClientRequestToken": TOKEN}
EXPIRY = SYSTEM.prefix + pack("token-expiry")
KEPT = HOME.prefix + pack("token")


async def test_the_same_token_and_input_give_the_same_answer(trial: Trial) -> None:
    first = await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    again = await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    assert again == first

    with pytest.raises(ResourceExists):
        await trial.secret("CreateSecret", Name="a", ClientRequestToken="u" * 32)
    with pytest.raises(ResourceExists):
        await trial.secret("CreateSecret", Name="a")


async def test_the_same_token_with_another_input_is_refused(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    with pytest.raises(TokenReused):
        await trial.secret("CreateSecret", Name="b", ClientRequestToken=TOKEN)
    assert await trial.secret_names() == ["a"]


async def test_a_token_is_of_one_operation_in_one_account_and_region(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    await trial.secret("UpdateSecret", SecretId="a", SecretString="x", ClientRequestToken=TOKEN)
    await trial.secret("CreateSecret", Name="b", ClientRequestToken=TOKEN, home=Home(HOME.account, "eu-west-1"))
    other = Home("222222222222", HOME.region)
    await trial.secret("CreateSecret", Name="c", ClientRequestToken=TOKEN, home=other, caller=OTHER_ROOT)


async def test_the_order_in_which_members_were_sent_does_not_matter(trial: Trial) -> None:
    first = await trial.secret("CreateSecret", Name="a", SecretString="x", ClientRequestToken=TOKEN)
    again = await trial.secret("CreateSecret", ClientRequestToken=TOKEN, SecretString="x", Name="a")
    assert again == first


async def test_a_token_is_forgotten_after_a_day_of_cloud_time(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    await trial.cloud.advance(START + 24 * HOUR - 1)
    await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    await trial.cloud.advance(START + 24 * HOUR)
    await trial.secret("CreateSecret", Name="b", ClientRequestToken=TOKEN)


async def test_a_token_survives_a_restart(trial: Trial) -> None:
    first = await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    await trial.restart()
    assert await trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN) == first


async def test_a_call_that_fails_frees_its_token(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    for text in ("refuse", "crash"):
        with pytest.raises((InvalidRequest, InternalFailure)):
            await trial.secret("UpdateSecret", SecretId="a", SecretString=text, ClientRequestToken=TOKEN)
    await trial.secret("UpdateSecret", SecretId="a", SecretString="fine", ClientRequestToken=TOKEN)


async def test_a_call_that_waits_holds_its_token_until_it_ends(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    GATE.closed = asyncio.Event()
    _, first = trial.begin("secretsmanager", "RotateSecret", **ROTATE)
    await trial.settled()

    with pytest.raises(InProgress):
        await trial.secret("RotateSecret", **ROTATE)
    with pytest.raises(TokenReused):
        await trial.secret("RotateSecret", **ROTATE, RotateImmediately=True)

    GATE.closed.set()
    answer = await first
    assert await trial.secret("RotateSecret", **ROTATE) == answer


async def test_a_call_that_waits_and_fails_frees_its_token(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    for lambda_name in ("refuse", "crash"):
        with pytest.raises((InvalidRequest, InternalFailure)):
            await trial.secret("RotateSecret", **ROTATE, RotationLambdaARN=f"arn:aws:lambda:::{lambda_name}")
    await trial.secret("RotateSecret", **ROTATE)


async def test_a_lease_of_a_killed_call_ends(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    GATE.closed = asyncio.Event()
    trial.begin("secretsmanager", "RotateSecret", **ROTATE)
    await trial.settled()
    await trial.kill()
    GATE.closed = None

    with pytest.raises(InProgress):
        await trial.secret("RotateSecret", **ROTATE)
    trial.time.now += 5 * 60_000
    await trial.secret("RotateSecret", **ROTATE)


async def test_expired_tokens_are_swept_a_few_at_a_time(trial: Trial) -> None:
    for number in range(10):
        await trial.secret("CreateSecret", Name=f"{number}", ClientRequestToken=f"{number:032}")
    assert len(await trial.rows(EXPIRY, SYSTEM)) == len(await trial.rows(KEPT)) == 10

    trial.time.now += 24 * HOUR + 1
    kept = []
    for number in range(4):
        await trial.secret("CreateSecret", Name=f"later-{number}", ClientRequestToken=f"later{number:032}")
        kept.append(len(await trial.rows(KEPT)))
    assert kept == [7, 4, 3, 4]
    assert len(await trial.rows(EXPIRY, SYSTEM)) == 4


async def test_nothing_is_kept_for_a_call_without_token(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    assert await trial.transact(lambda tx: tx.find(Secret, "a")) is not None
    assert await trial.rows(KEPT) == []


async def test_a_token_of_a_caller_from_elsewhere_is_kept_beside_the_change(trial: Trial) -> None:
    owner = {"caller": OTHER_ROOT, "home": Home(OTHER_ACCOUNT, HOME.region)}
    await trial.secret("CreateSecret", Name="a", **owner)
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    await trial.secret("PutResourcePolicy", SecretId="a", ResourcePolicy=policy, **owner)
    given = {"SecretId": secret_arn("a", OTHER_ACCOUNT), "SecretString": "x", "ClientRequestToken": TOKEN}
    first = await trial.secret("UpdateSecret", **given)
    assert await trial.secret("UpdateSecret", **given) == first
    assert await trial.rows(KEPT) == []


async def test_a_run_that_finds_the_token_taken_does_not_own_it_though_an_earlier_run_did(quick_trial: Trial) -> None:
    await quick_trial.secret("CreateSecret", Name="a", ClientRequestToken=TOKEN)
    invocation, answer = quick_trial.begin("secretsmanager", "CreateSecret", Name="b", ClientRequestToken=TOKEN)
    with pytest.raises(TokenReused):
        await answer
    invocation.token_digest = b"of a run that was aborted by a conflict"
    with pytest.raises(TokenReused):
        await quick_trial.transact(lambda tx: replay(tx.keys, invocation, tx.now))
    assert invocation.token_digest == b""
