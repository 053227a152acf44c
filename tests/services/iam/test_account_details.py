"""Everything about an account, in one list with four kinds."""

from __future__ import annotations

import json
from typing import Any

from .helpers import refused
from .policies import ADMIN, LAMBDA, READER, S3, policy, role


def fill(iam: Any) -> str:
    """A user in a group, a role in a profile, a policy; each with something of each kind."""
    own = policy(iam, Description="reads")
    role(iam, PermissionsBoundary=READER, Tags=[{"Key": "a", "Value": "1"}])
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="in", PolicyDocument=S3)
    iam.put_role_policy(RoleName="worker", PolicyName="in", PolicyDocument=S3)
    iam.attach_group_policy(GroupName="team", PolicyArn=ADMIN)
    iam.attach_role_policy(RoleName="worker", PolicyArn=own)
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="worker")
    return own


def test_all_is_told(iam: Any) -> None:
    own = fill(iam)
    found = iam.get_account_authorization_details()
    [user], [group], [worker] = found["UserDetailList"], found["GroupDetailList"], found["RoleDetailList"]
    assert user["GroupList"] == ["team"]
    assert user["UserPolicyList"] == [{"PolicyName": "in", "PolicyDocument": json.loads(S3)}]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}]
    assert worker["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    assert worker["InstanceProfileList"][0]["Roles"][0]["RoleName"] == "worker"
    assert worker["RolePolicyList"] == [{"PolicyName": "in", "PolicyDocument": json.loads(S3)}]
    assert worker["PermissionsBoundary"]["PermissionsBoundaryArn"] == READER
    assert {one["Arn"] for one in found["Policies"]} == {own, ADMIN, READER}
    mine = next(one for one in found["Policies"] if one["Arn"] == own)
    assert (mine["Description"], mine["AttachmentCount"]) == ("reads", 1)
    assert [one["Document"] for one in mine["PolicyVersionList"]] == [json.loads(S3)]


def test_kinds_are_chosen_and_pages_go_through_all(iam: Any) -> None:
    fill(iam)
    local = iam.get_account_authorization_details(Filter=["LocalManagedPolicy", "Group"])
    assert (len(local["Policies"]), len(local["GroupDetailList"]), local["RoleDetailList"]) == (1, 1, [])
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1}))
    kinds = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    assert [kind for page in pages for kind in kinds if page[kind]] == [*kinds[:3], *["Policies"] * 3]
    with refused("ValidationError"):
        iam.get_account_authorization_details(Marker="none")


def test_the_summary_counts(iam: Any) -> None:
    fill(iam)
    summary = iam.get_account_summary()["SummaryMap"]
    counted = ("Roles", "Policies", "PolicyVersionsInUse", "InstanceProfiles", "Providers")
    assert [summary[name] for name in counted] == [1, 1, 1, 1, 0]
