"""Instance profiles and the role in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .helpers import all_pages, key_of, refused
from .policies import allow, document, role


def held(iam: Any, name: str = "ip") -> list[str]:
    roles = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    return [one["RoleName"] for one in roles]


def test_what_was_created_is_shown(iam: Any, account: str) -> None:
    made = iam.create_instance_profile(InstanceProfileName="ip", Path="/a/")["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{account}:instance-profile/a/ip"
    assert made["InstanceProfileId"].startswith("AIPA")
    assert iam.get_instance_profile(InstanceProfileName="ip")["InstanceProfile"] == {**made, "Tags": []}
    with refused("EntityAlreadyExists", "Instance Profile ip already exists.", status=409):
        iam.create_instance_profile(InstanceProfileName="ip")
    with refused("NoSuchEntity", "Instance Profile none cannot be found.", status=404):
        iam.get_instance_profile(InstanceProfileName="none")
    iam.tag_instance_profile(InstanceProfileName="ip", Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_instance_profile_tags(InstanceProfileName="ip")["Tags"] == [{"Key": "a", "Value": "1"}]


def test_one_role_goes_in_and_comes_out(iam: Any) -> None:
    iam.create_instance_profile(InstanceProfileName="ip")
    role(iam)
    role(iam, "second")
    iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="worker")
    assert held(iam) == ["worker"]
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", status=409):
        iam.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="second")
    with refused("NoSuchEntity"):
        iam.remove_role_from_instance_profile(InstanceProfileName="ip", RoleName="second")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."):
        iam.delete_instance_profile(InstanceProfileName="ip")
    iam.remove_role_from_instance_profile(InstanceProfileName="ip", RoleName="worker")
    assert held(iam) == []
    iam.delete_instance_profile(InstanceProfileName="ip")


def test_profiles_are_listed_by_path_and_by_role(iam: Any) -> None:
    role(iam)
    for number in range(3):
        iam.create_instance_profile(InstanceProfileName=f"p{number}", Path="/a/" if number else "/")
        iam.add_role_to_instance_profile(InstanceProfileName=f"p{number}", RoleName="worker")
    names = [one["InstanceProfileName"] for one in all_pages(iam, "list_instance_profiles", "InstanceProfiles")]
    assert names == ["p0", "p1", "p2"]
    assert len(iam.list_instance_profiles(PathPrefix="/a/")["InstanceProfiles"]) == 2
    found = all_pages(iam, "list_instance_profiles_for_role", "InstanceProfiles", RoleName="worker")
    assert [one["Roles"][0]["RoleName"] for one in found] == ["worker"] * 3


def test_whoever_puts_a_role_in_has_to_be_allowed_to_pass_it(
    iam: Any, signed: Callable[..., Any], account: str
) -> None:
    iam.create_instance_profile(InstanceProfileName="ip")
    role(iam)
    iam.create_user(UserName="bob")
    bob = signed("iam", key_of(iam, "bob"))
    adds = allow("iam:AddRoleToInstanceProfile")
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(adds))
    with refused("AccessDenied", "iam:PassRole"):
        bob.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="worker")
    passes = allow(
        "iam:PassRole",
        resource=f"arn:aws:iam::{account}:role/worker",
        Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    )
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(adds, passes))
    bob.add_role_to_instance_profile(InstanceProfileName="ip", RoleName="worker")
    assert held(iam) == ["worker"]
