"""The simulator decides as calls are decided, and says by what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .helpers import all_pages, refused
from .policies import ADMIN, S3, allow, deny, document, policy, role

BUCKET = "arn:aws:s3:::b"
GET, PUT = "s3:GetObject", "s3:PutObject"


def entry(name: str, *values: str, kind: str = "string") -> dict[str, Any]:
    return {"ContextKeyName": name, "ContextKeyValues": list(values), "ContextKeyType": kind}


def custom(iam: Any, *texts: str, actions: tuple[str, ...] = (GET,), **more: Any) -> list[Any]:
    found: list[Any] = iam.simulate_custom_policy(PolicyInputList=list(texts), ActionNames=actions, **more)[
        "EvaluationResults"
    ]
    return found


def decisions(results: list[Any]) -> list[str]:
    return [one["EvalDecision"] for one in results]


def test_each_action_and_resource_has_its_decision(iam: Any) -> None:
    text = document(allow("s3:Get*", resource=f"{BUCKET}/*"), deny(GET, resource=f"{BUCKET}/secret"))
    resources = [f"{BUCKET}/a", f"{BUCKET}/secret", "arn:aws:s3:::other/a"]
    results = custom(iam, text, actions=(GET, PUT), ResourceArns=resources)
    assert [(one["EvalActionName"], one["EvalResourceName"]) for one in results] == [
        (action, resource) for action in (GET, PUT) for resource in resources
    ]
    assert decisions(results) == ["allowed", "explicitDeny", "implicitDeny", *["implicitDeny"] * 3]


def test_the_statements_that_decided_are_told_with_their_place(iam: Any) -> None:
    text = json.dumps(json.loads(document(allow("sqs:*"), allow(GET), deny(PUT))), indent=2)
    got, put = custom(iam, S3, text, actions=(GET, PUT))
    assert [one["SourcePolicyId"] for one in got["MatchedStatements"]] == ["PolicyInputList.1", "PolicyInputList.2"]
    [denied] = put["MatchedStatements"]
    lines = text.splitlines()
    start, end = denied["StartPosition"], denied["EndPosition"]
    assert (start["Column"], end["Column"]) == (5, 5)
    assert '"Deny"' in "".join(lines[start["Line"] - 1 : end["Line"]])
    assert (lines[start["Line"] - 1], lines[end["Line"] - 1]) == ("    {", "    }")
    assert denied["SourcePolicyType"] == "IAM Policy"


def test_conditions_look_at_what_is_given_and_miss_what_is_not(iam: Any) -> None:
    conditions = {"StringEquals": {"s3:prefix": "a"}, "ForAllValues:StringLike": {"aws:TagKeys": ["t*"]}}
    text = document(allow("s3:ListBucket", resource=f"{BUCKET}-${{aws:username}}", Condition=conditions))
    given = {"actions": ("s3:ListBucket",), "ResourceArns": [f"{BUCKET}-bob"]}
    [without] = custom(iam, text, **given)
    assert (without["EvalDecision"], without["MissingContextValues"]) == ("implicitDeny", ["aws:TagKeys", "s3:prefix"])
    entries = [
        entry("s3:prefix", "a"),
        entry("aws:TagKeys", "t1", "t2", kind="stringList"),
        entry("aws:username", "bob"),
    ]
    [result] = custom(iam, text, ContextEntries=entries, **given)
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    [other] = custom(iam, text, ContextEntries=[*entries[1:], entry("s3:prefix", "b")], **given)
    assert other["EvalDecision"] == "implicitDeny"


def test_a_boundary_is_told_apart(iam: Any) -> None:
    boundary = {"PermissionsBoundaryPolicyInputList": [document(allow("s3:Get*"))]}
    got, put = custom(iam, S3, actions=(GET, PUT), **boundary)
    assert (got["EvalDecision"], got["PermissionsBoundaryDecisionDetail"]) == (
        "allowed",
        {"AllowedByPermissionsBoundary": True},
    )
    assert (put["EvalDecision"], put["PermissionsBoundaryDecisionDetail"]) == (
        "implicitDeny",
        {"AllowedByPermissionsBoundary": False},
    )
    assert "PermissionsBoundaryDecisionDetail" not in custom(iam, S3)[0]


def test_what_somebody_has_is_simulated_by_its_names(iam: Any) -> None:
    bob = iam.create_user(UserName="bob")["User"]["Arn"]
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=S3)
    iam.put_group_policy(GroupName="team", PolicyName="theirs", PolicyDocument=S3)
    iam.attach_group_policy(GroupName="team", PolicyArn=ADMIN)

    def sources(arn: str) -> list[str]:
        [result] = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[GET])["EvaluationResults"]
        return [one["SourcePolicyId"] for one in result["MatchedStatements"]]

    assert sources(bob) == ["user_bob_own", "group_team_theirs", "AdministratorAccess"]
    assert sources(bob.replace("user/bob", "group/team")) == ["group_team_theirs", "AdministratorAccess"]
    worker = role(iam, PermissionsBoundary=policy(iam, text=S3))
    assert sources(worker["Arn"]) == []
    iam.attach_role_policy(RoleName="worker", PolicyArn=ADMIN)
    results = iam.simulate_principal_policy(PolicySourceArn=worker["Arn"], ActionNames=[GET, "sqs:SendMessage"])
    assert decisions(results["EvaluationResults"]) == ["allowed", "implicitDeny"]


def test_a_resource_policy_needs_a_caller_and_counts(iam: Any, account: str) -> None:
    bob = iam.create_user(UserName="bob")["User"]["Arn"]
    lets_bob = document({**allow(GET, resource=f"{BUCKET}/*"), "Principal": {"AWS": bob}})
    given = {"ResourcePolicy": lets_bob, "ResourceArns": [f"{BUCKET}/k"], "ActionNames": [GET]}
    [result] = iam.simulate_principal_policy(PolicySourceArn=bob, **given)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyId"] == "ResourcePolicy"
    nothing = document(allow("sqs:*"))
    with refused("InvalidInput", "CallerArn"):
        iam.simulate_custom_policy(PolicyInputList=[nothing], **given)
    [custom_result] = iam.simulate_custom_policy(PolicyInputList=[nothing], CallerArn=bob, **given)["EvaluationResults"]
    assert custom_result["EvalDecision"] == "allowed"
    [elsewhere] = iam.simulate_principal_policy(PolicySourceArn=bob, ResourceOwner="9" + account[1:], **given)[
        "EvaluationResults"
    ]
    assert elsewhere["EvalDecision"] == "implicitDeny", "in another account both sides have to allow it"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ActionNames": ["s3:Fly"]}, "Invalid Entity Action: s3:Fly"),
        ({"ActionNames": [GET], "ResourceArns": ["bucket"]}, "Invalid Entity Arn: bucket"),
        ({"ActionNames": [GET], "ResourceOwner": "nobody"}, "Invalid ResourceOwner"),
        ({"ActionNames": [GET], "ContextEntries": [entry("aws:userid", "a", "b")]}, "Invalid context entry"),
        ({"ActionNames": [GET], "PolicyInputList": ["{"]}, "Syntax errors in policy."),
        ({"ActionNames": [GET], "ResourcePolicy": "{", "CallerArn": "bob"}, "Invalid CallerArn"),
    ],
)
def test_what_cannot_be_simulated_is_refused(iam: Any, given: dict[str, Any], sentence: str) -> None:
    with refused("InvalidInput", sentence, status=400):
        iam.simulate_custom_policy(**{"PolicyInputList": [S3], **given})


def test_whoever_is_not_there_is_not_simulated(iam: Any, account: str) -> None:
    with refused("NoSuchEntity", "The user with name none cannot be found.", status=404):
        iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{account}:user/none", ActionNames=[GET])
    with refused("InvalidInput", "Invalid Entity Arn"):
        iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{account}:policy/none", ActionNames=[GET])


def test_results_come_in_pages(iam: Any) -> None:
    resources = [f"{BUCKET}/{number}" for number in range(5)]
    found = all_pages(
        iam,
        "simulate_custom_policy",
        "EvaluationResults",
        PolicyInputList=[S3],
        ActionNames=[GET],
        ResourceArns=resources,
    )
    assert [one["EvalResourceName"] for one in found] == resources


def test_context_keys_are_those_of_conditions_and_variables(iam: Any) -> None:
    text = document(
        allow(GET, resource=f"{BUCKET}/${{aws:username}}/*", Condition={"StringLike": {"s3:prefix": "${aws:userid}*"}})
    )
    expected = ["aws:userid", "aws:username", "s3:prefix"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text, text])["ContextKeyNames"] == expected
    bob = iam.create_user(UserName="bob")["User"]["Arn"]
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=text)
    more = document(allow(GET, Condition={"Bool": {"aws:SecureTransport": "true"}}))
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=bob, PolicyInputList=[more])["ContextKeyNames"]
    assert sorted(found) == ["aws:SecureTransport", *expected]


def test_simulating_somebody_is_allowed_by_its_arn(iam: Any, bob: Any, account: str) -> None:
    iam.create_user(UserName="eve")
    mine, hers = (f"arn:aws:iam::{account}:user/{name}" for name in ("bob", "eve"))
    may = document(allow("iam:SimulatePrincipalPolicy", resource=mine))
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=may)
    assert bob.simulate_principal_policy(PolicySourceArn=mine, ActionNames=[GET])["EvaluationResults"]
    with refused("AccessDenied"):
        bob.simulate_principal_policy(PolicySourceArn=hers, ActionNames=[GET])
