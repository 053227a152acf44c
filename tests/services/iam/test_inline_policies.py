"""Policies embedded in users, groups and roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .helpers import all_pages, refused
from .policies import S3, allow, document, role

KINDS = ["user", "group", "role"]


class Owner:
    """A user, group or role, and the calls on its policies."""

    def __init__(self, iam: Any, kind: str) -> None:
        self.kind = kind
        self.iam = iam
        if kind == "role":
            role(iam, "one")
        else:
            getattr(iam, f"create_{kind}")(**self.who)

    @property
    def who(self) -> dict[str, str]:
        return {f"{self.kind.title()}Name": "one"}

    def call(self, verb: str, noun: str = "policy", **given: Any) -> Any:
        return getattr(self.iam, f"{verb}_{self.kind}_{noun}")(**self.who, **given)


@pytest.fixture(params=KINDS)
def owner(request: pytest.FixtureRequest, iam: Any) -> Owner:
    return Owner(iam, request.param)


def test_what_was_put_is_there_until_it_is_deleted(owner: Owner) -> None:
    for name in ("a", "b", "c"):
        owner.call("put", PolicyName=name, PolicyDocument=S3)
    shown = owner.call("get", PolicyName="b")
    assert {**owner.who, "PolicyName": "b", "PolicyDocument": json.loads(S3)}.items() <= shown.items()
    assert all_pages(owner.iam, f"list_{owner.kind}_policies", "PolicyNames", **owner.who) == ["a", "b", "c"]
    owner.call("delete", PolicyName="b")
    assert owner.call("list", "policies")["PolicyNames"] == ["a", "c"]
    for verb in ("get", "delete"):
        with refused("NoSuchEntity", f"The {owner.kind} policy with name b cannot be found.", status=404):
            owner.call(verb, PolicyName="b")


def test_putting_again_is_putting_another(owner: Owner) -> None:
    other = document(allow("sqs:*"))
    for text in (S3, other):
        owner.call("put", PolicyName="a", PolicyDocument=text)
    assert owner.call("get", PolicyName="a")["PolicyDocument"] == json.loads(other)


def test_all_together_have_a_size(owner: Owner) -> None:
    limit = {"user": 2048, "group": 5120, "role": 10240}[owner.kind]
    owner.call("put", PolicyName="a", PolicyDocument=S3 + " " * 20_000)
    large = document(allow("s3:" + "x" * (limit - 150)))
    owner.call("put", PolicyName="b", PolicyDocument=S3)
    with refused("LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {owner.kind} one", status=409):
        owner.call("put", PolicyName="b", PolicyDocument=large)
    assert owner.call("get", PolicyName="b")["PolicyDocument"] == json.loads(S3)
    owner.call("delete", PolicyName="a")
    owner.call("put", PolicyName="b", PolicyDocument=large)


def test_a_policy_that_is_none_is_refused(owner: Owner) -> None:
    with refused("MalformedPolicyDocument", "Policy document should not specify a principal.", status=400):
        owner.call("put", PolicyName="a", PolicyDocument=document({**allow("s3:*"), "Principal": "*"}))
    assert owner.call("list", "policies")["PolicyNames"] == []


def test_whoever_is_not_there_has_no_policies(iam: Any) -> None:
    with refused("NoSuchEntity", "The role with name none cannot be found."):
        iam.put_role_policy(RoleName="none", PolicyName="a", PolicyDocument=S3)
    with refused("NoSuchEntity", "The group with name none cannot be found."):
        iam.list_group_policies(GroupName="none")
