"""Policies decide: those of a user, of its groups, its boundary; from the call on that sets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import key_of, refused
from .policies import ADMIN, S3, allow, deny, document, policy, role, trust


@pytest.fixture
def queues(iam: Any, signed: Callable[..., Any]) -> Any:
    """SQS as the user bob, whom nothing allows anything."""
    iam.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "a"}])
    return signed("sqs", key_of(iam, "bob"))


def test_nothing_is_allowed_by_itself(queues: Any) -> None:
    with refused("AccessDenied"):
        queues.list_queues()


def test_an_inline_policy_counts_until_it_is_deleted(iam: Any, queues: Any) -> None:
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(allow("sqs:ListQueues")))
    queues.list_queues()
    with refused("AccessDenied"):
        queues.create_queue(QueueName="q")
    iam.delete_user_policy(UserName="bob", PolicyName="a")
    with refused("AccessDenied"):
        queues.list_queues()


def test_a_policy_of_aws_counts_until_it_is_detached(iam: Any, queues: Any) -> None:
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMIN)
    queues.create_queue(QueueName="q")
    iam.detach_user_policy(UserName="bob", PolicyArn=ADMIN)
    with refused("AccessDenied"):
        queues.create_queue(QueueName="q")


def test_a_new_default_version_counts_at_once(iam: Any, queues: Any) -> None:
    arn = policy(iam, text=S3)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("sqs:*")))
    with refused("AccessDenied"):
        queues.list_queues()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    queues.list_queues()


def test_a_group_gives_and_takes(iam: Any, queues: Any) -> None:
    iam.create_group(GroupName="team")
    iam.attach_group_policy(GroupName="team", PolicyArn=ADMIN)
    iam.add_user_to_group(GroupName="team", UserName="bob")
    queues.list_queues()
    iam.put_group_policy(GroupName="team", PolicyName="not", PolicyDocument=document(deny("sqs:List*")))
    with refused("AccessDenied", "explicit deny"):
        queues.list_queues()
    iam.delete_group_policy(GroupName="team", PolicyName="not")
    iam.remove_user_from_group(GroupName="team", UserName="bob")
    with refused("AccessDenied"):
        queues.list_queues()


def test_a_boundary_bounds(iam: Any, queues: Any) -> None:
    iam.attach_user_policy(UserName="bob", PolicyArn=ADMIN)
    only_s3 = policy(iam, text=S3)
    iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=only_s3)
    with refused("AccessDenied", "permissions boundary"):
        queues.list_queues()
    iam.delete_user_permissions_boundary(UserName="bob")
    queues.list_queues()


def test_the_tags_of_a_user_are_its_principal_tags(iam: Any, queues: Any) -> None:
    teams = allow("sqs:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}})
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(teams))
    queues.list_queues()
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "b"}])
    with refused("AccessDenied"):
        queues.list_queues()


def test_a_session_may_what_its_role_may(iam: Any, signed: Callable[..., Any]) -> None:
    bob = iam.create_user(UserName="bob")["User"]["Arn"]
    worker = role(iam, text=trust(AWS=bob))
    sts = signed("sts", key_of(iam, "bob"))
    given = sts.assume_role(RoleArn=worker["Arn"], RoleSessionName="session")["Credentials"]
    session = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    queues = signed("sqs", session)
    with refused("AccessDenied"):
        queues.list_queues()
    iam.attach_role_policy(RoleName="worker", PolicyArn=ADMIN)
    queues.list_queues()
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=policy(iam, text=S3))
    with refused("AccessDenied"):
        queues.list_queues()


def test_another_of_the_same_name_is_not_trusted(iam: Any, signed: Callable[..., Any]) -> None:
    bob = iam.create_user(UserName="bob")["User"]["Arn"]
    worker = role(iam, text=trust(AWS=bob))
    iam.delete_user(UserName="bob")
    iam.create_user(UserName="bob")
    with refused("AccessDenied"):
        signed("sts", key_of(iam, "bob")).assume_role(RoleArn=worker["Arn"], RoleSessionName="session")


def test_attaching_is_judged_by_the_policy_and_the_boundary(iam: Any, bob: Any, account: str) -> None:
    s3 = policy(iam, text=S3)
    may = [
        allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": s3}}),
        allow("iam:CreateUser", Condition={"StringEquals": {"iam:PermissionsBoundary": s3}}),
        allow("iam:CreateServiceLinkedRole", Condition={"StringLike": {"iam:AWSServiceName": "ecs.amazonaws.com"}}),
    ]
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(*may))
    with refused("AccessDenied"):
        bob.create_user(UserName="eve")
    bob.create_user(UserName="eve", PermissionsBoundary=s3)
    with refused("AccessDenied"):
        bob.attach_user_policy(UserName="eve", PolicyArn=ADMIN)
    bob.attach_user_policy(UserName="eve", PolicyArn=s3)
    with refused("AccessDenied"):
        bob.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    bob.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")


def test_reading_a_policy_of_aws_has_to_be_allowed(iam: Any, bob: Any) -> None:
    with refused("AccessDenied"):
        bob.get_policy(PolicyArn=ADMIN)
    iam.put_user_policy(UserName="bob", PolicyName="a", PolicyDocument=document(allow("iam:GetPolicy", resource=ADMIN)))
    bob.get_policy(PolicyArn=ADMIN)


def test_nobody_learns_which_policies_and_roles_there_are(iam: Any, bob: Any, account: str) -> None:
    there, none = policy(iam), f"arn:aws:iam::{account}:policy/none"
    for arn in (there, none):
        with refused("AccessDenied"):
            bob.get_policy(PolicyArn=arn)
    for name in ("bob", "none"):
        with refused("AccessDenied"):
            bob.simulate_principal_policy(
                PolicySourceArn=f"arn:aws:iam::{account}:user/{name}", ActionNames=["s3:GetObject"]
            )
