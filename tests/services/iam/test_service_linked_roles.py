"""Roles that belong to a service."""

from __future__ import annotations

from typing import Any

import pytest

from fogstead.services.iam import aws_managed
from fogstead.services.iam.linked_services import LINKED_ROLES

from .helpers import refused
from .policies import ADMIN, LAMBDA, role

SERVICE = "autoscaling.amazonaws.com"
NAME = "AWSServiceRoleForAutoScaling"


@pytest.fixture
def linked(iam: Any) -> Any:
    """The role of Auto Scaling."""
    return iam.create_service_linked_role(AWSServiceName=SERVICE, Description="of the service")["Role"]


def test_a_service_gets_its_role_with_trust_and_policy(iam: Any, linked: Any, account: str) -> None:
    assert linked["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/{SERVICE}/{NAME}"
    assert linked["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": SERVICE}
    attached = iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["AutoScalingServiceRolePolicy"]
    assert iam.get_role(RoleName=NAME)["Role"]["Description"] == "of the service"


def test_one_is_enough_unless_it_has_a_suffix(iam: Any, linked: Any) -> None:
    with refused("InvalidInput", f"Service role name {NAME} has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName=SERVICE)
    second = iam.create_service_linked_role(AWSServiceName=SERVICE, CustomSuffix="two")["Role"]
    assert second["RoleName"] == f"{NAME}_two"
    with refused("InvalidInput", "Custom suffix is not allowed for ecs.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", CustomSuffix="two")
    with refused("InvalidInput"):
        iam.create_service_linked_role(AWSServiceName="nothing.amazonaws.com")


def test_nobody_else_changes_it(iam: Any, linked: Any) -> None:
    sentence = f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"
    for call in (
        lambda: iam.delete_role(RoleName=NAME),
        lambda: iam.update_role(RoleName=NAME),
        lambda: iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=LAMBDA),
        lambda: iam.attach_role_policy(RoleName=NAME, PolicyArn=ADMIN),
        lambda: iam.detach_role_policy(RoleName=NAME, PolicyArn=ADMIN),
        lambda: iam.put_role_permissions_boundary(RoleName=NAME, PermissionsBoundary=ADMIN),
        lambda: iam.delete_role_policy(RoleName=NAME, PolicyName="a"),
    ):
        with refused("UnmodifiableEntity", sentence, status=400):
            call()


def test_it_is_deleted_by_a_task_that_can_be_asked_about(iam: Any, linked: Any) -> None:
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/{SERVICE}/{NAME}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity"):
        iam.get_role(RoleName=NAME)
    with refused("NoSuchEntity"):
        iam.get_service_linked_role_deletion_status(DeletionTaskId=task + "x")
    iam.create_service_linked_role(AWSServiceName=SERVICE)


def test_other_roles_are_not_deleted_this_way(iam: Any) -> None:
    role(iam)
    with refused("NoSuchEntity"):
        iam.delete_service_linked_role(RoleName="worker")
    iam.get_role(RoleName="worker")


def test_every_known_service_has_a_policy_that_is_there() -> None:
    for service, known in LINKED_ROLES.items():
        assert aws_managed.find(f"{aws_managed.ARN_PREFIX}/aws-service-role/{known.policy}") is not None, service
