"""Who keys speak for, what binds them, and how soon a change is felt."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from trial import ACCOUNT, HOME, HOUR, OTHER_ACCOUNT, START, USER, Trial

from fogstead.kernel.access_keys import account_of, new_access_key, unique_id
from fogstead.kernel.authority import KeyFacts
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.identities import ExpiredToken, Gone, Unread
from fogstead.kernel.identity import Credential, Principal, Session
from fogstead.kernel.resource import home_of
from fogstead.kernel.sessions import mint, open_token
from fogstead.kernel.standing import PolicySet, Standing
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.ids import Ids
from fogstead.primitives.vault import forgetful

KEY = new_access_key("AKIA", ACCOUNT, Ids.seeded(3).take)
ALLOWS = Standing(
    PolicySet.of_texts([("p", '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')])
)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/r"


def session_of(expires_at: int = START + HOUR, **more: object) -> Principal:
    session = Session(START, expires_at, "s", ROLE_ARN, **more)  # type: ignore[arg-type]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
    return Principal("role", ACCOUNT, arn, "AROAR:s", {"team": "a"}, name="r", session=session)


async def found(trial: Trial, access_key: str, token: str | None = None) -> Credential | None:
    identities = trial.cloud.identities
    while True:
        try:
            return identities.find(access_key, token)
        except Unread as unread:
            await identities.load(unread.access_key, unread.token)


# --------------------------------------------------------------------------- ids
@pytest.mark.parametrize("account", ["000000000000", "111111111111", "999999999999"])
def test_an_access_keys_id_names_its_account(account: str) -> None:
    for seed in range(20):
        made = new_access_key("ASIA", account, Ids.seeded(seed).take)
        assert (len(made), made[:4], account_of(made)) == (20, "ASIA", account)


@pytest.mark.parametrize(
    "text", ["", "test", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AKIA" + "A" * 16, "AKIA" + "7" * 16, "ü"]
)
def test_other_texts_name_no_account(text: str) -> None:
    assert account_of(text) == ""


def test_unique_ids_have_21_signs() -> None:
    made = {unique_id("AIDA", Ids.seeded(seed).take) for seed in range(50)}
    assert len(made) == 50
    assert {len(one) for one in made} == {21}


# --------------------------------------------------------------------------- keys
async def test_a_key_is_looked_up_once(quick_trial: Trial) -> None:
    quick_trial.authority.keys[KEY] = KeyFacts("secret", USER)
    for _ in range(3):
        credential = await found(quick_trial, KEY)
        assert credential is not None
        assert (credential.secret, credential.principal) == ("secret", USER)
    assert quick_trial.authority.asked == [USER.arn]


async def test_a_key_that_is_gone_is_refused_once_its_account_has_changed(quick_trial: Trial) -> None:
    quick_trial.authority.keys[KEY] = KeyFacts("secret", USER)
    assert await found(quick_trial, KEY) is not None
    del quick_trial.authority.keys[KEY]
    assert await found(quick_trial, KEY) is not None, "nothing has been said of a change"
    await quick_trial.cloud.transact(home_of(ACCOUNT, ""), lambda tx: tx.change_authority())
    assert await found(quick_trial, KEY) is None


async def test_a_change_in_another_account_is_none_of_this_ones(quick_trial: Trial) -> None:
    quick_trial.authority.keys[KEY] = KeyFacts("secret", USER)
    await found(quick_trial, KEY)
    await quick_trial.cloud.transact(home_of(OTHER_ACCOUNT, ""), lambda tx: tx.change_authority())
    quick_trial.cloud.identities.find(KEY, None)


async def test_what_changes_while_it_is_read_is_not_remembered(quick_trial: Trial) -> None:
    quick_trial.authority.keys[KEY] = KeyFacts("old", USER)
    identities = quick_trial.cloud.identities
    reading = asyncio.ensure_future(identities.load(KEY, None))
    await asyncio.sleep(0)
    identities.drop(ACCOUNT)
    await reading
    with pytest.raises(Unread):
        identities.find(KEY, None)


async def test_a_key_whose_user_is_gone_speaks_for_nobody(quick_trial: Trial) -> None:
    quick_trial.authority.keys[KEY] = KeyFacts("secret", USER)
    quick_trial.authority.standings[USER.arn] = None
    assert await found(quick_trial, KEY) is None


async def test_a_key_of_no_account_is_looked_up_nowhere(quick_trial: Trial) -> None:
    assert quick_trial.cloud.identities.find("nobody", None) is None


# --------------------------------------------------------------------------- sessions
def test_a_token_holds_its_principal_and_opens_for_its_own_key_only() -> None:
    vault, random = forgetful(), Ids.seeded(4).take
    made, other = mint(vault, session_of(), random), mint(vault, session_of(), random)
    assert made.session_token is not None
    opened = open_token(vault, made.access_key, made.session_token)
    assert opened == made
    assert opened.principal.session == session_of().session
    assert open_token(vault, other.access_key, made.session_token) is None
    assert open_token(forgetful(), made.access_key, made.session_token) is None
    assert open_token(vault, made.access_key, made.session_token[:-4] + "AAAA") is None
    assert open_token(vault, made.access_key, "not base64!") is None


async def test_a_session_ends_when_the_clouds_clock_says_so(quick_trial: Trial) -> None:
    made = mint(quick_trial.cloud.vault, session_of(), quick_trial.cloud.ids.take)
    assert await found(quick_trial, made.access_key, made.session_token) == made
    quick_trial.time.now += HOUR - 1
    assert await found(quick_trial, made.access_key, made.session_token) == made
    quick_trial.time.now += 1
    with pytest.raises(ExpiredToken):
        await found(quick_trial, made.access_key, made.session_token)


async def test_a_sessions_key_without_its_token_speaks_for_nobody(quick_trial: Trial) -> None:
    made = mint(quick_trial.cloud.vault, session_of(), quick_trial.cloud.ids.take)
    assert await found(quick_trial, made.access_key) is None
    quick_trial.authority.keys[KEY] = KeyFacts("secret", USER)
    assert await found(quick_trial, KEY, made.session_token) is None


async def test_a_session_ends_with_its_role(quick_trial: Trial) -> None:
    made = mint(quick_trial.cloud.vault, session_of(), quick_trial.cloud.ids.take)
    assert await found(quick_trial, made.access_key, made.session_token) == made
    quick_trial.authority.standings[made.principal.arn] = None
    await quick_trial.cloud.transact(home_of(ACCOUNT, ""), lambda tx: tx.change_authority())
    assert await found(quick_trial, made.access_key, made.session_token) is None


# --------------------------------------------------------------------------- in the pipeline
async def test_what_binds_a_principal_is_asked_for_in_the_first_call_and_known_in_the_next(quick_trial: Trial) -> None:
    quick_trial.authority.standings[USER.arn] = ALLOWS
    await quick_trial.secret("CreateSecret", Name="a", caller=USER)
    await quick_trial.secret("DescribeSecret", SecretId="a", caller=USER)
    assert quick_trial.authority.asked == [USER.arn]


async def test_a_policy_taken_away_is_felt_by_the_next_call(trial: Trial) -> None:
    trial.authority.standings[USER.arn] = ALLOWS
    await trial.secret("CreateSecret", Name="a", caller=USER)
    del trial.authority.standings[USER.arn]
    await trial.cloud.transact(home_of(ACCOUNT, ""), lambda tx: tx.change_authority())
    with pytest.raises(AccessDenied):
        await trial.secret("DescribeSecret", SecretId="a", caller=USER)


async def test_a_call_under_way_for_somebody_who_is_gone_is_refused(trial: Trial) -> None:
    trial.authority.standings[USER.arn] = None
    with pytest.raises(Gone):
        await trial.secret("CreateSecret", Name="a", caller=USER)
    assert await trial.secret_names() == []


async def test_a_call_that_waits_asks_too(quick_trial: Trial) -> None:
    quick_trial.authority.standings[USER.arn] = ALLOWS
    await quick_trial.secret("CreateSecret", Name="a", caller=USER)
    await quick_trial.cloud.transact(home_of(ACCOUNT, ""), lambda tx: tx.change_authority())
    await quick_trial.secret("RotateSecret", SecretId="a", caller=USER)
    assert quick_trial.authority.asked == [USER.arn, USER.arn]


# --------------------------------------------------------------------------- last uses
async def test_last_uses_are_kept_by_account(quick_trial: Trial) -> None:
    kept = {}
    quick_trial.authority.note_use = lambda _tx, used: kept.update(used)  # type: ignore[method-assign]
    keyed = Principal("user", ACCOUNT, USER.arn, "AIDA", name="alice", access_key=KEY)
    quick_trial.cloud.last_uses.note(keyed, "sqs", HOME.region, START)
    quick_trial.cloud.last_uses.note(session_of(), "s3", HOME.region, START)
    quick_trial.cloud.last_uses.note(USER, "s3", HOME.region, START)
    assert quick_trial.cloud.last_uses.find(KEY) is not None
    await quick_trial.cloud.last_uses.keep()
    assert {used: (use.service, use.at) for used, use in kept.items()} == {KEY: ("sqs", START), ROLE_ARN: ("s3", START)}
    assert quick_trial.cloud.last_uses.find(KEY) is None


async def test_one_that_takes_the_name_of_another_is_not_taken_for_it(quick_trial: Trial) -> None:
    """Both ask after the change; what is remembered of the first must not count for the second."""
    old, new = session_of(), dataclasses.replace(session_of(), user_id="AROANEW:s")

    def standing(_tx: Transaction, principal: Principal) -> Standing | None:
        return ALLOWS if principal.user_id == "AROANEW:s" else None

    quick_trial.authority.standing = standing  # type: ignore[method-assign]
    assert await quick_trial.cloud.identities.load_standing(old) is None
    assert await quick_trial.cloud.identities.standing_of(new) == ALLOWS
    with pytest.raises(Gone):
        await quick_trial.cloud.identities.standing_of(old)
