"""The question that a call puts: which action, on what, asked by whom, under which conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trial import ACCOUNT, OTHER_ACCOUNT, OTHER_ROOT, USER, Trial
from trial_services.mediastore_data.items import ASKED, Item
from trial_services.mediastore_data.service import ObjectNotFound, RangeNotSatisfiable

from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.identity import ANONYMOUS, Principal
from fogstead.kernel.resource import home_of

EVERYWHERE = home_of("", "")
ARN = "arn:aws:mediastore:::"
BOB = Principal("user", OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:user/bob", "AIDABOB")


async def put(trial: Trial, path: str = "a", *statements: dict[str, Any], **given: Any) -> None:
    await trial.item("PutObject", Path=path, Body=b"0123456789", **given)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        await trial.transact(
            lambda tx: tx.replace(tx.get(Item, path), policy=document),
            home=EVERYWHERE,
        )


def statement(effect: str, action: str, resource: str, principal: Any = "*", **condition: Any) -> dict[str, Any]:
    made = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


async def got(trial: Trial, path: str = "a", **given: Any) -> int:
    answer = await trial.item("GetObject", Path=path, **given)
    await answer["Body"].aclose()
    length: int = answer["ContentLength"]
    return length


async def test_the_action_may_depend_on_the_input(trial: Trial) -> None:
    await put(trial, "a", statement("Allow", "mediastore:GetObject", f"{ARN}a"))
    assert await got(trial, caller=USER) == 10
    with pytest.raises(AccessDenied, match="to perform: mediastore:GetObjectRange on resource"):
        await got(trial, caller=USER, Range="bytes=0-3")


async def test_the_part_that_is_acted_on_stands_at_the_end_of_the_arn(trial: Trial) -> None:
    await put(trial, "a", statement("Allow", "mediastore:GetObjectRange", f"{ARN}a#0-3"))
    assert await got(trial, caller=USER, Range="bytes=0-3") == 4
    with pytest.raises(AccessDenied, match=f"on resource: {ARN}a#1-3 because"):
        await got(trial, caller=USER, Range="bytes=1-3")


async def test_an_item_of_everybodys_namespace_belongs_to_its_owner_alone(trial: Trial) -> None:
    """It lives in no account's home, so its owner says whose root may do everything."""
    await put(trial, "a")
    assert await got(trial) == 10
    for caller in (OTHER_ROOT, BOB, USER, ANONYMOUS):
        with pytest.raises(AccessDenied):
            await got(trial, caller=caller)


async def test_the_owner_is_the_account_that_an_allowance_needs_no_second_word_for(trial: Trial) -> None:
    """A user of the owner's account needs the policy alone, one of another account would need its own side too."""
    await put(trial, "a", statement("Allow", "mediastore:*", "*", {"AWS": [USER.arn, BOB.arn]}))
    assert await got(trial, caller=USER) == 10
    with pytest.raises(AccessDenied, match="no identity-based policy allows"):
        await got(trial, caller=BOB)


async def test_what_a_resources_own_lists_grant_counts_as_its_policy(trial: Trial) -> None:
    await put(trial, "public/a")
    assert await got(trial, "public/a", caller=ANONYMOUS) == 10
    assert await got(trial, "public/a", caller=OTHER_ROOT) == 10
    with pytest.raises(AccessDenied):
        await trial.item("DeleteObject", Path="public/a", caller=OTHER_ROOT)
    await put(trial, "public/b", statement("Deny", "mediastore:GetObject", "*"))
    with pytest.raises(AccessDenied, match="explicit deny in a resource-based policy"):
        await got(trial, "public/b", caller=ANONYMOUS)


async def test_a_deny_for_others_costs_the_owners_root_nothing(trial: Trial) -> None:
    await put(trial, "a", statement("Deny", "mediastore:*", "*", {"AWS": BOB.arn}))
    assert await got(trial) == 10
    await trial.item("DeleteObject", Path="a")


async def test_names_that_everybody_shares_hide_nothing_when_they_are_free(trial: Trial) -> None:
    """Whether one is taken can be found out by taking it."""
    for caller in (USER, OTHER_ROOT, ANONYMOUS):
        with pytest.raises(ObjectNotFound):
            await got(trial, "free", caller=caller)


async def test_what_the_input_says_of_the_resource_is_told_to_those_who_may_know(trial: Trial) -> None:
    await put(trial, "a")
    with pytest.raises(RangeNotSatisfiable):
        await got(trial, Range="bytes=11-")
    with pytest.raises(AccessDenied):
        await got(trial, Range="bytes=11-", caller=USER)


# --------------------------------------------------------------------------- conditions
async def test_a_services_own_keys_are_asked_only_where_a_condition_needs_them(quick_trial: Trial) -> None:
    await put(quick_trial, "a", statement("Allow", "mediastore:*", "*"))
    assert await got(quick_trial, caller=USER) == 10
    assert ASKED == []
    ranged = statement("Allow", "mediastore:*", "*", StringLike={"mediastore:Range": "bytes=0-*"})
    await put(quick_trial, "b", ranged)
    assert await got(quick_trial, "b", caller=USER, Range="bytes=0-1") == 2
    assert set(ASKED) == {"b"}
    with pytest.raises(AccessDenied):
        await got(quick_trial, "b", caller=USER, Range="bytes=1-1")


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:ResourceAccount": OTHER_ACCOUNT}}, False),
        ({"StringEquals": {"aws:ResourceTag/Size": "10"}}, True),
        ({"StringEquals": {"aws:ResourceTag/size": "11"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "Account"}}, False),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Null": {"aws:Referer": "true"}}, True),
        ({"Null": {"aws:SourceArn": "false"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2027-01-15T07:59:59Z"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "1800000000"}}, False),
    ],
)
async def test_conditions_look_at_the_call_and_its_resource(
    quick_trial: Trial, condition: dict[str, Any], allowed: bool
) -> None:
    await put(quick_trial, "a", statement("Allow", "mediastore:*", "*", **condition))
    if allowed:
        assert await got(quick_trial, caller=USER) == 10
    else:
        with pytest.raises(AccessDenied):
            await got(quick_trial, caller=USER)


async def test_time_in_conditions_is_the_clouds(quick_trial: Trial) -> None:
    later = {"DateGreaterThan": {"aws:CurrentTime": "2027-01-16T00:00:00Z"}}
    await put(quick_trial, "a", statement("Allow", "mediastore:*", "*", **later))
    with pytest.raises(AccessDenied):
        await got(quick_trial, caller=USER)
    await quick_trial.cloud.advance(quick_trial.cloud.clock.now() + 24 * 3_600_000)
    assert await got(quick_trial, caller=USER) == 10


# --------------------------------------------------------------------------- further actions
async def test_an_operation_that_decides_itself_asks_for_each_thing(trial: Trial) -> None:
    for path in ("x1", "x2"):
        await put(trial, path, statement("Allow", "mediastore:GetObject", f"{ARN}{path}", {"AWS": USER.arn}))
    await put(trial, "y1")
    shown = await trial.item("ListItems", Path="x", caller=USER)
    assert [one["Name"] for one in shown["Items"]] == ["x1", "x2"]
    with pytest.raises(AccessDenied, match=f"mediastore:GetObject on resource: {ARN}y1"):
        await trial.item("ListItems", caller=USER)
    assert len((await trial.item("ListItems"))["Items"]) == 3


async def test_a_further_action_is_asked_with_the_input_it_would_have(trial: Trial) -> None:
    ranged = statement("Allow", "mediastore:*", "*", StringEquals={"mediastore:Range": "bytes=0-"})
    await put(trial, "x1", ranged)
    assert len((await trial.item("ListItems", Path="x", caller=USER))["Items"]) == 1
    with pytest.raises(AccessDenied):
        await got(trial, "x1", caller=USER)


async def test_the_owners_root_needs_nothing_for_a_further_action_unless_a_deny_binds_it(trial: Trial) -> None:
    await put(trial, "x1")
    assert len((await trial.item("ListItems", Path="x"))["Items"]) == 1
    await put(trial, "x2", statement("Deny", "mediastore:GetObject", "*"))
    with pytest.raises(AccessDenied, match="explicit deny"):
        await trial.item("ListItems", Path="x")


async def test_in_audit_mode_what_would_be_denied_is_only_said(quick_trial: Trial) -> None:
    await put(quick_trial, "a")
    await quick_trial.restart(auth="audit")
    assert await got(quick_trial, caller=BOB) == 10
    assert len((await quick_trial.item("ListItems", caller=BOB))["Items"]) == 1


async def test_an_item_that_others_put_is_theirs(trial: Trial) -> None:
    """The home of the call says whose it is, not the home that the item lives in."""
    other = home_of(OTHER_ACCOUNT, "eu-west-1")
    await put(trial, "a", caller=OTHER_ROOT, home=other)
    assert await got(trial, caller=OTHER_ROOT, home=other) == 10
    with pytest.raises(AccessDenied):
        await got(trial)
    assert await trial.transact(lambda tx: tx.get(Item, "a").owner, home=EVERYWHERE) == OTHER_ACCOUNT
    assert await trial.transact(lambda tx: tx.call_home, home=EVERYWHERE) == EVERYWHERE
