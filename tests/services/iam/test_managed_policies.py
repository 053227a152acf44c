"""Managed policies: an account's own and AWS's, their versions, where they are attached."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .helpers import all_pages, refused
from .policies import ADMIN, READER, S3, allow, document, policy, role

NOBODYS = "arn:aws:iam::aws:policy/NoSuchPolicyOfAws"


def test_what_was_created_is_shown(iam: Any, account: str) -> None:
    made = iam.create_policy(
        PolicyName="Reader", Path="/team/", PolicyDocument=S3, Description="reads", Tags=[{"Key": "a", "Value": "1"}]
    )["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{account}:policy/team/Reader"
    assert made["PolicyId"].startswith("ANPA")
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    assert "Description" not in made
    shown = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert shown == {**made, "Description": "reads"}
    listed = iam.list_policies(Scope="Local")["Policies"]
    assert [one["PolicyName"] for one in listed] == ["Reader"]
    assert not {"Description", "Tags"} & set(listed[0])


def test_a_name_is_used_once_whatever_its_case_and_path(iam: Any) -> None:
    policy(iam, "reader")
    with refused("EntityAlreadyExists", "A policy called READER already exists. Duplicate names are not allowed."):
        policy(iam, "READER", Path="/x/")


def test_a_policy_that_is_none_is_refused_and_leaves_nothing(iam: Any) -> None:
    with refused("MalformedPolicyDocument", "Syntax errors in policy.", status=400):
        policy(iam, text="{")
    long = document(allow(*(f"s3:Get{'x' * 60}{number}" for number in range(100))))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", status=409):
        policy(iam, text=long)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_an_arn_names_the_path_too(iam: Any, account: str) -> None:
    policy(iam, Path="/a/")
    for arn in (f"arn:aws:iam::{account}:policy/reader", f"arn:aws:iam::{account}:policy/none", NOBODYS):
        with refused("NoSuchEntity", f"Policy {arn} was not found.", status=404):
            iam.get_policy(PolicyArn=arn)
    with refused("InvalidInput", "is not valid"):
        iam.get_policy(PolicyArn=f"arn:aws:iam::{account}:role/reader")


def test_versions_come_and_go_up_to_five(iam: Any) -> None:
    arn = policy(iam)
    for number in (2, 3, 4, 5):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=S3, SetAsDefault=number == 2)["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{number}", number == 2)
    with refused("LimitExceeded", "A managed policy can have up to 5 versions."):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=S3)
    with refused("DeleteConflict", "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with refused("NoSuchEntity", "v5"):
        iam.get_policy_version(PolicyArn=arn, VersionId="v5")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=S3)["PolicyVersion"]["VersionId"] == "v6"
    assert [one["VersionId"] for one in all_pages(iam, "list_policy_versions", "Versions", PolicyArn=arn)] == [
        "v6",
        "v4",
        "v3",
        "v2",
        "v1",
    ]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


def test_a_version_is_shown_with_its_text(iam: Any) -> None:
    text = document(allow("s3:Get*", resource="arn:aws:s3:::ü/100%+*"))
    arn = policy(iam, text=text)
    shown = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert shown["Document"] == json.loads(text)
    assert shown["IsDefaultVersion"] is True


def test_a_policy_in_use_or_with_versions_stays(iam: Any) -> None:
    arn = policy(iam)
    role(iam)
    iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", status=409):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=S3)
    with refused("DeleteConflict", "This policy has more than one version."):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)


def test_aws_policies_are_there_and_nobody_changes_them(iam: Any) -> None:
    shown = iam.get_policy(PolicyArn=ADMIN)["Policy"]
    assert (shown["Arn"], shown["PolicyName"], shown["Path"]) == (ADMIN, "AdministratorAccess", "/")
    text = iam.get_policy_version(PolicyArn=ADMIN, VersionId=shown["DefaultVersionId"])["PolicyVersion"]["Document"]
    assert text["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    for call in (
        lambda: iam.delete_policy(PolicyArn=ADMIN),
        lambda: iam.create_policy_version(PolicyArn=ADMIN, PolicyDocument=S3),
        lambda: iam.tag_policy(PolicyArn=ADMIN, Tags=[{"Key": "a", "Value": "b"}]),
    ):
        with refused("AccessDenied"):
            call()


def test_lists_are_by_scope_path_and_use(iam: Any) -> None:
    own = policy(iam, Path="/own/")
    role(iam)
    for arn in (own, ADMIN):
        iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=READER)

    def listed(**given: Any) -> list[str]:
        return [one["Arn"] for one in all_pages(iam, "list_policies", "Policies", size=1000, **given)]

    everything = listed()
    assert everything[0] == own
    assert len(everything) > 1_000
    assert listed(Scope="AWS") == everything[1:]
    assert listed(OnlyAttached=True) == [own, ADMIN]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == [READER]
    assert listed(PathPrefix="/own/") == [own]
    assert all(":policy/job-function/" in arn for arn in listed(PathPrefix="/job-function/"))


def test_attachments_are_counted_and_listed_from_both_ends(iam: Any) -> None:
    arn = policy(iam)
    role(iam)
    iam.create_user(UserName="bob", Path="/staff/")
    iam.create_group(GroupName="team")
    for _ in range(2):
        iam.attach_role_policy(RoleName="worker", PolicyArn=arn)
        iam.attach_user_policy(UserName="bob", PolicyArn=arn)
        iam.attach_group_policy(GroupName="team", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 3
    found = iam.list_entities_for_policy(PolicyArn=arn)
    assert [one["RoleName"] for one in found["PolicyRoles"]] == ["worker"]
    assert [one["UserName"] for one in found["PolicyUsers"]] == ["bob"]
    assert [one["GroupName"] for one in found["PolicyGroups"]] == ["team"]
    staff = iam.list_entities_for_policy(PolicyArn=arn, PathPrefix="/staff/")
    assert (staff["PolicyRoles"], len(staff["PolicyUsers"])) == ([], 1)
    groups = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Group")
    assert (groups["PolicyUsers"], len(groups["PolicyGroups"])) == ([], 1)
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 1})
    assert [sum(len(page[kind]) for kind in ("PolicyRoles", "PolicyUsers", "PolicyGroups")) for page in pages] == [
        1
    ] * 3
    assert iam.list_attached_group_policies(GroupName="team")["AttachedPolicies"] == [
        {"PolicyName": "reader", "PolicyArn": arn}
    ]
    iam.update_user(UserName="bob", NewUserName="rob")
    assert [one["UserName"] for one in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]] == ["rob"]


def test_what_is_not_attached_cannot_be_detached(iam: Any) -> None:
    role(iam)
    with refused("NoSuchEntity", f"Policy {ADMIN} was not found.", status=404):
        iam.detach_role_policy(RoleName="worker", PolicyArn=ADMIN)


@pytest.mark.parametrize("arn", [NOBODYS, "arn:aws:iam::000000000012:policy/theirs"])
def test_a_policy_that_is_not_there_cannot_be_attached(iam: Any, arn: str) -> None:
    role(iam)
    with refused("NoSuchEntity", f"Policy {arn} does not exist or is not attachable."):
        iam.attach_role_policy(RoleName="worker", PolicyArn=arn)


def test_a_service_policy_is_for_its_service_alone(iam: Any) -> None:
    role(iam)
    with refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role."):
        iam.attach_role_policy(
            RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"
        )


def test_ten_policies_are_enough(iam: Any) -> None:
    role(iam)
    for number in range(10):
        iam.attach_role_policy(RoleName="worker", PolicyArn=policy(iam, f"p{number}"))
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName="worker", PolicyArn=ADMIN)
    assert len(all_pages(iam, "list_attached_role_policies", "AttachedPolicies", size=3, RoleName="worker")) == 10


def test_tags_come_and_go(iam: Any) -> None:
    arn = policy(iam)
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
