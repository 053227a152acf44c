"""Roles: their life, whom they trust, and what stands in the way of deleting them."""

from __future__ import annotations

import json
from typing import Any

from cloud import CloudProcess

from .helpers import all_pages, refused
from .policies import ADMIN, LAMBDA, READER, S3, policy, role, trust

OTHER = "777777777777"


def principal_of(iam: Any, name: str = "worker") -> Any:
    """The AWS principal that a role's trust policy shows."""
    return iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]


def test_what_was_created_is_shown(iam: Any, account: str) -> None:
    made = role(
        iam,
        "Worker",
        Path="/team/",
        Description="works",
        MaxSessionDuration=7200,
        PermissionsBoundary=READER,
        Tags=[{"Key": "a", "Value": "1"}],
    )
    assert made["Arn"] == f"arn:aws:iam::{account}:role/team/Worker"
    assert made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    shown = iam.get_role(RoleName="worker")["Role"]
    assert shown == {**made, "MaxSessionDuration": 7200, "RoleLastUsed": {}}
    assert shown["PermissionsBoundary"] == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READER}
    listed = iam.list_roles()["Roles"][0]
    assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & set(listed)


def test_a_name_is_used_once_whatever_its_case(iam: Any) -> None:
    role(iam)
    with refused("EntityAlreadyExists", "Role with name WORKER already exists.", status=409):
        role(iam, "WORKER")
    with refused("NoSuchEntity", "The role with name none cannot be found.", status=404):
        iam.get_role(RoleName="none")


def test_lists_are_by_path_and_in_pages(iam: Any) -> None:
    for number in range(3):
        role(iam, f"r{number}", Path="/a/" if number else "/b/")
    assert [one["RoleName"] for one in all_pages(iam, "list_roles", "Roles")] == ["r0", "r1", "r2"]
    assert [one["RoleName"] for one in iam.list_roles(PathPrefix="/a/")["Roles"]] == ["r1", "r2"]


def test_a_role_is_changed(iam: Any) -> None:
    role(iam)
    iam.update_role(RoleName="worker", Description="other", MaxSessionDuration=43200)
    shown = iam.get_role(RoleName="worker")["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("other", 43200)
    assert iam.update_role_description(RoleName="worker", Description="third")["Role"]["Description"] == "third"
    iam.tag_role(RoleName="worker", Tags=[{"Key": "a", "Value": "1"}])
    iam.untag_role(RoleName="worker", TagKeys=["A"])
    assert iam.list_role_tags(RoleName="worker")["Tags"] == []


def test_a_trust_policy_that_is_none_is_refused(iam: Any) -> None:
    with refused("MalformedPolicyDocument", "This policy contains invalid Json", status=400):
        role(iam, text="{")
    role(iam)
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", status=409):
        iam.update_assume_role_policy(
            RoleName="worker", PolicyDocument=trust(Service=[f"s{number}.amazonaws.com" for number in range(200)])
        )
    assert iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"] == json.loads(LAMBDA)


def test_nobody_cannot_be_trusted(iam: Any, account: str) -> None:
    for kind, owner in (("user", account), ("role", account), ("user", OTHER)):
        arn = f"arn:aws:iam::{owner}:{kind}/nobody"
        with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"'):
            role(iam, text=trust(AWS=arn))


def test_accounts_are_trusted_without_being_asked(iam: Any) -> None:
    role(iam, text=trust(AWS=[OTHER, f"arn:aws:iam::{OTHER}:root", "*"]))
    assert principal_of(iam) == [f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:root", "*"]


def test_whoever_is_trusted_is_trusted_by_its_id(iam: Any) -> None:
    bob = iam.create_user(UserName="bob")["User"]
    role(iam, text=trust(AWS=bob["Arn"]))
    assert principal_of(iam) == bob["Arn"]
    iam.update_user(UserName="bob", NewUserName="rob", NewPath="/staff/")
    assert principal_of(iam) == bob["Arn"].replace("user/bob", "user/staff/rob")
    iam.delete_user(UserName="rob")
    assert principal_of(iam) == bob["UserId"]
    iam.create_user(UserName="bob")
    assert principal_of(iam) == bob["UserId"], "another of the same name is not trusted"


def test_somebody_of_another_account_is_trusted_by_its_id(iam: Any, cloud: CloudProcess, account: str) -> None:
    there = cloud.client("iam", account="9" + account[1:])
    them = role(there, "caller")
    role(iam, text=trust(AWS=them["Arn"]))
    assert principal_of(iam) == them["Arn"]
    assert iam.list_roles()["Roles"][0]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] == them["Arn"]
    there.delete_role(RoleName="caller")
    assert principal_of(iam) == them["RoleId"]


def test_a_role_with_something_left_stays(iam: Any) -> None:
    role(iam)
    iam.create_instance_profile(InstanceProfileName="ip")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="worker")
    iam.attach_role_policy(RoleName="worker", PolicyArn=ADMIN)
    iam.put_role_policy(
        RoleName="worker",
        PolicyName="a",
        PolicyDocument=S3,
    )
    for sentence, done in (
        (
            "must remove roles from instance profile first",
            lambda: iam.remove_role_from_instance_profile(InstanceProfileName="ip", RoleName="worker"),
        ),
        ("must detach all policies first", lambda: iam.detach_role_policy(RoleName="worker", PolicyArn=ADMIN)),
        ("must delete policies first", lambda: iam.delete_role_policy(RoleName="worker", PolicyName="a")),
    ):
        with refused("DeleteConflict", f"Cannot delete entity, {sentence}.", status=409):
            iam.delete_role(RoleName="worker")
        done()
    iam.delete_role(RoleName="worker")
    with refused("NoSuchEntity"):
        iam.get_role(RoleName="worker")


def test_boundaries_are_set_counted_and_taken_away(iam: Any) -> None:
    own = policy(iam)
    role(iam, PermissionsBoundary=READER)
    iam.create_user(UserName="bob", PermissionsBoundary=own)
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=own)
    assert iam.get_policy(PolicyArn=own)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    assert iam.get_policy(PolicyArn=READER)["Policy"]["PermissionsBoundaryUsageCount"] == 0
    assert iam.get_user(UserName="bob")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == own
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=own)
    iam.delete_role_permissions_boundary(RoleName="worker")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="worker")["Role"]
    iam.delete_user(UserName="bob")
    iam.delete_policy(PolicyArn=own)


def test_a_boundary_is_a_policy_that_is_there(iam: Any, account: str) -> None:
    none = f"arn:aws:iam::{account}:policy/none"
    with refused("NoSuchEntity", f"Scope ARN: {none} does not exist or is not attachable."):
        role(iam, PermissionsBoundary=none)
    role(iam)
    with refused("ValidationError", "Member must be a policy arn"):
        iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=f"arn:aws:iam::{account}:role/worker")
