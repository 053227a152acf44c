"""Resources: identity, ARNs both ways, and what tells one from another."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial import HOME, OTHER_ACCOUNT, USER, secret_arn
from trial_services.codecommit.repositories import Repository
from trial_services.secretsmanager.secrets import Secret
from trial_services.secretsmanager.service import ResourceNotFound

from fogstead.kernel.authorization import Access
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.resource import Resource, home_of
from fogstead.kernel.service import Service
from fogstead.primitives.store import SYSTEM, Home
from fogstead.primitives.store.packing import pack

NAMES = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: not name.startswith("arn:"))

iam = Service("iam")
NoSuchEntity = iam.error("NoSuchEntityException", "The request referenced an entity that does not exist.")


class Role(Resource, service=iam, arn="role/{name}", missing=NoSuchEntity, scope="account"):
    name: str


class Name(Resource, service=iam, arn="name/{name}", missing=NoSuchEntity, scope="cloud"):
    name: str


class Member(Resource, service=iam, arn="group/{group}/member/{user}", missing=NoSuchEntity, scope="account"):
    group: str
    user: str


def test_a_resource_equals_its_like_and_shows_its_fields() -> None:
    secret = Secret(name="a", tags={"k": "v"})

    assert secret == Secret(name="a", tags={"k": "v"})
    assert secret != Secret(name="b", tags={"k": "v"})
    assert copy.copy(secret) == secret
    assert repr(secret).startswith("Secret(account='', region='', incarnation=0, created_at=0, name='a'")


def test_a_resource_never_changes() -> None:
    with pytest.raises(AttributeError):
        Secret(name="a").name = "b"  # type: ignore[misc]


def test_a_resource_without_policy_or_tags_has_none() -> None:
    assert (Repository(name="a").resource_policy, Repository(name="a").resource_tags) == ("", {})


@given(NAMES)
def test_parsing_a_formatted_arn_gives_the_same_place(name: str) -> None:
    located = Secret.at(HOME, name)
    assert Secret.locate_arn(located.arn) == located
    assert Secret.locate(located.arn, Home("333333333333", HOME.region)) == located


@given(NAMES)
def test_a_bare_key_is_in_the_callers_own_home(name: str) -> None:
    assert Secret.locate(name, HOME) == Secret.at(HOME, name)


@given(st.text("abcxyz0123456789", min_size=1), st.text("abcxyz0123456789", min_size=1))
def test_an_arn_of_several_fields_comes_back_too(group: str, user: str) -> None:
    located = Member.at(home_of(HOME.account, ""), group, user)
    assert located.arn == f"arn:aws:iam::{HOME.account}:group/{group}/member/{user}"
    assert Member.locate_arn(located.arn) == located


@given(st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_two_keys_have_two_places_in_the_store(names: list[str]) -> None:
    first, second = (Secret.at(HOME, name).packed for name in names)
    assert first != second
    assert not first.startswith(second)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso")],
)
def test_the_partition_follows_from_the_region(region: str, partition: str) -> None:
    located = Secret.at(Home(HOME.account, region), "a")
    assert located.arn == f"arn:{partition}:secretsmanager:{region}:{HOME.account}:secret:a"
    assert Secret.locate_arn(located.arn) == located


@pytest.mark.parametrize(
    "text",
    [
        "arn:",
        "arn:aws:secretsmanager",
        "arn:aws:sqs:us-east-1:111111111111:secret:a",
        "arn:aws:secretsmanager:us-east-1:111111111111:store:a",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:",
        "arn:aws:secretsmanager:us-east-1:111111111111:a-secret:a",
    ],
)
def test_an_arn_of_something_else_is_a_missing_resource(text: str) -> None:
    with pytest.raises(ResourceNotFound):
        Secret.locate(text, HOME)


def test_an_arn_leads_into_another_account() -> None:
    located = Secret.locate(secret_arn("a", OTHER_ACCOUNT, HOME.region), HOME)
    assert located.home == Home(OTHER_ACCOUNT, HOME.region)


def test_an_arn_of_another_region_names_nothing_here() -> None:
    with pytest.raises(Secret.missing):
        Secret.locate(secret_arn("a", HOME.account, "eu-west-1"), HOME)


def test_a_resource_of_a_whole_account_has_a_home_without_region() -> None:
    assert Role.locate("r", HOME).home == Home(HOME.account, "")
    assert Role.locate("r", HOME).arn == f"arn:aws:iam::{HOME.account}:role/r"
    assert Name.locate("n", HOME).home == SYSTEM


def test_kinds_of_resources_never_mix_in_the_store() -> None:
    home = home_of(HOME.account, "")
    assert not Role.at(home, "x").packed.startswith(home.prefix + Name.collection)
    assert Role.collection != Name.collection


def test_a_resources_own_rows_lie_under_its_incarnation() -> None:
    first, second = (Secret(account=HOME.account, region=HOME.region, name="a", incarnation=n) for n in (1, 2))
    assert first.shard != second.shard
    assert first.shard.startswith(HOME.data)


def test_homes_are_made_once_and_not_without_end() -> None:
    assert home_of(HOME.account, HOME.region) is home_of(HOME.account, HOME.region)
    for number in range(10_050):
        home_of(f"{number:012}", "us-east-1")
    assert home_of(HOME.account, HOME.region) == HOME
    assert HOME.prefix == pack(int(HOME.account), HOME.region)


def test_a_resource_of_an_older_version_is_upgraded_when_it_is_read() -> None:
    def upgrade(version: int, raw: bytes) -> Any:
        assert version == 1
        return Renewed(title=msgspec.msgpack.decode(raw)[4])

    class Renewed(Resource, service=iam, arn="renewed/{title}", missing=NoSuchEntity, version=2, upgrade=upgrade):
        title: str

    old = b"\x01" + msgspec.msgpack.encode(["", "", 0, 0, "a"])
    assert Renewed.codec.decode(old) == Renewed(title="a")


def test_a_resource_says_no_more_of_itself_than_its_policy_unless_it_has_more_to_say() -> None:
    question = Question(USER, "codecommit:GetRepository", "*", HOME.account, {})
    plain = Repository(name="r", account=HOME.account)
    assert (plain.owner_account, plain.resource_policy, plain.resource_tags) == (HOME.account, "", {})
    assert plain.access(None, question, {}) == Access()  # type: ignore[arg-type]
    assert plain.condition_keys(None, {}) == {}  # type: ignore[arg-type]
    assert plain.said_when_denied == {}
    assert not plain.told_with_answers(USER, {})

    secret = Secret(name="s", policy='{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}}')
    found = secret.access(None, question, {})  # type: ignore[arg-type]
    assert (found.policy, found.granted) == (compile_policy(secret.policy, "resource"), False)


def test_the_error_of_what_is_not_there_is_the_missing_one_unless_a_kind_says_more() -> None:
    assert isinstance(Secret.not_found(Secret.at(HOME, "s")), ResourceNotFound)
