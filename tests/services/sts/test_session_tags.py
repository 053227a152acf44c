"""Tags of sessions, and the source identity: passed on, never overridden, and only with permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import allow, key_in, key_of, policy, refused, trust

Make = Callable[..., Any]
TEAM = [{"Key": "Team", "Value": "blue"}]
ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


@pytest.fixture
def chain(sts: Any, role: Make, signed: Make, account: str) -> Callable[..., Any]:
    """Takes the roles `first` and `second` one from the other; gives the second answer and a client maker."""

    def make(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
        arns = [role(name, trust({"AWS": account}, *ALL)) for name in ("first", "second")]
        middle = signed("sts", key_in(sts.assume_role(RoleArn=arns[0], RoleSessionName="one", **first)))
        answer: dict[str, Any] = middle.assume_role(RoleArn=arns[1], RoleSessionName="two", **second)
        return answer

    return make


def only_team(blue: str) -> dict[str, Any]:
    return allow("sqs:*", "*", StringEquals={"aws:PrincipalTag/team": blue})


def test_a_sessions_tag_takes_the_place_of_its_roles(sts: Any, role: Make, signed: Make, account: str) -> None:
    arn = role("worker", trust({"AWS": account}, *ALL), may=only_team("blue"), Tags=[{"Key": "team", "Value": "red"}])
    plain = sts.assume_role(RoleArn=arn, RoleSessionName="work")
    with refused("AccessDenied"):
        signed("sqs", key_in(plain)).list_queues()
    tagged = sts.assume_role(RoleArn=arn, RoleSessionName="work", Tags=TEAM)
    signed("sqs", key_in(tagged)).list_queues()
    assert tagged["PackedPolicySize"] > 0


def test_tags_are_passed_only_with_permission(sts: Any, role: Make, account: str) -> None:
    arn = role("untaggable", trust({"AWS": "*"}, "sts:AssumeRole"))
    with refused("AccessDenied", "is not authorized to perform: sts:TagSession on resource"):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", Tags=TEAM)


def test_a_trust_policy_may_say_which_tags(sts: Any, role: Make, account: str) -> None:
    condition = {
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Team"], "sts:TransitiveTagKeys": ["Team"]},
    }
    arn = role("worker", trust({"AWS": account}, *ALL, **condition))
    given = {"RoleArn": arn, "RoleSessionName": "work"}
    sts.assume_role(**given, Tags=TEAM, TransitiveTagKeys=["Team"])
    for tags in ([], [{"Key": "Team", "Value": "red"}], [*TEAM, {"Key": "More", "Value": ""}]):
        with refused("AccessDenied"):
            sts.assume_role(**given, Tags=tags)


@pytest.mark.parametrize(
    ("tags", "transitive", "code", "sentence"),
    [
        ([*TEAM, {"Key": "team", "Value": ""}], [], "InvalidParameterValue", "Duplicate tag keys found."),
        ([{"Key": "aws:x", "Value": ""}], [], "InvalidParameterValue", "aws:"),
        (TEAM, ["Other"], "InvalidParameterValue", "must be included in the requested tags."),
        ([{"Key": str(number), "Value": ""} for number in range(51)], [], "ValidationError", "equal to 50"),
        ([{"Key": "k" * 129, "Value": ""}], [], "ValidationError", "equal to 128"),
        ([{"Key": "k", "Value": "v" * 257}], [], "ValidationError", "equal to 256"),
        ([{"Key": "k"}], [], "ValidationError", "Member must not be null"),
    ],
)
def test_tags_have_limits(
    sts: Any, role: Make, account: str, tags: list[Any], transitive: list[str], code: str, sentence: str
) -> None:
    arn = role("worker", trust({"AWS": account}, *ALL))
    with refused(code, sentence, status=400):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", Tags=tags, TransitiveTagKeys=transitive)


def test_transitive_tags_go_along_a_chain_and_others_do_not(chain: Make, iam: Any, signed: Make) -> None:
    answer = chain({"Tags": [*TEAM, {"Key": "Cost", "Value": "1"}], "TransitiveTagKeys": ["team"]}, {})
    iam.put_role_policy(RoleName="second", PolicyName="may", PolicyDocument=policy(only_team("blue")))
    signed("sqs", key_in(answer)).list_queues()
    cost = allow("sqs:*", "*", StringEquals={"aws:PrincipalTag/Cost": "1"})
    iam.put_role_policy(RoleName="second", PolicyName="may", PolicyDocument=policy(cost))
    with refused("AccessDenied"):
        signed("sqs", key_in(answer)).list_queues()


def test_a_tag_of_the_chain_cannot_be_overridden(chain: Make) -> None:
    sentence = "it conflicts with a transitive tag key from the calling session."
    with refused("InvalidParameterValue", sentence, status=400):
        chain({"Tags": TEAM, "TransitiveTagKeys": ["Team"]}, {"Tags": [{"Key": "team", "Value": "red"}]})


def test_a_role_that_lets_nobody_tag_takes_no_inherited_tags(sts: Any, role: Make, signed: Make, account: str) -> None:
    first, second = role("first", trust({"AWS": account}, *ALL)), role("second", trust({"AWS": "*"}))
    tagged = sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=TEAM, TransitiveTagKeys=["Team"])
    with refused("AccessDenied", "sts:TagSession"):
        signed("sts", key_in(tagged)).assume_role(RoleArn=second, RoleSessionName="two")


# --------------------------------------------------------------------------- source identity
def test_a_source_identity_stays_along_a_chain(chain: Make, iam: Any, signed: Make) -> None:
    answer = chain({"SourceIdentity": "ada"}, {})
    assert answer["SourceIdentity"] == "ada"
    may = allow("sqs:*", "*", StringEquals={"aws:SourceIdentity": "ada"})
    iam.put_role_policy(RoleName="second", PolicyName="may", PolicyDocument=policy(may))
    signed("sqs", key_in(answer)).list_queues()


def test_a_source_identity_may_be_said_again_but_not_changed(chain: Make) -> None:
    assert chain({"SourceIdentity": "ada"}, {"SourceIdentity": "ada"})["SourceIdentity"] == "ada"


def test_a_source_identity_cannot_be_changed(chain: Make) -> None:
    with refused("AccessDenied", "sts:SetSourceIdentity"):
        chain({"SourceIdentity": "ada"}, {"SourceIdentity": "bob"})


def test_a_source_identity_takes_permission_on_both_sides(
    iam: Any, role: Make, signed: Make, account: str, sts: Any
) -> None:
    closed = role("closed", trust({"AWS": "*"}))
    with refused("AccessDenied", "sts:SetSourceIdentity"):
        sts.assume_role(RoleArn=closed, RoleSessionName="work", SourceIdentity="ada")
    may = trust({"AWS": account}, *ALL, StringLike={"sts:SourceIdentity": "${aws:username}"})
    named = role("named", may)
    sts.assume_role(RoleArn=named, RoleSessionName="work", SourceIdentity="ada")
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=named, RoleSessionName="work")
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", named)))
    with refused("AccessDenied", "sts:SetSourceIdentity"):
        signed("sts", key_of(iam, "bob")).assume_role(RoleArn=named, RoleSessionName="work", SourceIdentity="bob")
