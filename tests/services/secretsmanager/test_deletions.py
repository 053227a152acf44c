"""Secrets deleted after a time, at once, and restored before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import refused

MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def test_a_secret_goes_when_its_time_to_repent_is_over(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    secrets = timed()
    arn = secrets.create_secret(Name="db", SecretString="a")["ARN"]
    gone_at = secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)["DeletionDate"]
    assert secrets.describe_secret(SecretId=arn)["DeletedDate"] == gone_at
    days(6.9)
    with refused("InvalidRequestException", MARKED):
        secrets.get_secret_value(SecretId="db")
    days(0.2)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId=arn)
    assert secrets.create_secret(Name="db")["ARN"] != arn


def test_a_restored_secret_stays(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    secrets = timed()
    secrets.create_secret(Name="db", SecretString="a")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    secrets.restore_secret(SecretId="db")
    days(8)
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == "a"
    assert "DeletedDate" not in secrets.describe_secret(SecretId="db")


def test_the_time_to_repent_is_thirty_days_unless_another_is_given(secrets: Any) -> None:
    secrets.create_secret(Name="db")
    made = secrets.delete_secret(SecretId="db")
    changed = secrets.describe_secret(SecretId="db")["LastChangedDate"]
    assert abs(made["DeletionDate"] - changed - timedelta(days=30)) < timedelta(seconds=1)


@pytest.mark.parametrize("days_given", [6, 31, 0])
def test_the_time_to_repent_has_bounds(secrets: Any, days_given: int) -> None:
    secrets.create_secret(Name="db")
    with refused("InvalidParameterException", "between 7 and 30 days"):
        secrets.delete_secret(SecretId="db", RecoveryWindowInDays=days_given)
    with refused("InvalidParameterException"):
        secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)
    assert "DeletedDate" not in secrets.describe_secret(SecretId="db")


def test_a_secret_that_waits_for_its_deletion_is_only_described(secrets: Any) -> None:
    secrets.create_secret(Name="db", SecretString="a")
    secrets.delete_secret(SecretId="db")
    for call, more in (
        (secrets.get_secret_value, {}),
        (secrets.put_secret_value, {"SecretString": "b"}),
        (secrets.update_secret, {"Description": "b"}),
        (secrets.tag_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (secrets.rotate_secret, {}),
        (secrets.get_resource_policy, {}),
        (secrets.replicate_secret_to_regions, {"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
    ):
        with refused("InvalidRequestException", MARKED):
            call(SecretId="db", **more)
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.delete_secret(SecretId="db")
    with refused("InvalidRequestException", "a secret with this name is already scheduled for deletion"):
        secrets.create_secret(Name="db")
    assert secrets.list_secrets()["SecretList"] == []
    assert [one["Name"] for one in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]] == ["db"]


def test_by_force_a_secret_goes_at_once_and_twice_is_harmless(secrets: Any) -> None:
    arn = secrets.create_secret(Name="db", SecretString="a")["ARN"]
    secrets.delete_secret(SecretId="db")
    for pointer in (arn, arn, "db"):
        secrets.delete_secret(SecretId=pointer, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        secrets.describe_secret(SecretId=arn)
    with refused("ResourceNotFoundException"):
        secrets.delete_secret(SecretId="db")


def test_a_secret_made_anew_does_not_go_with_the_deletion_of_the_old(
    timed: Callable[..., Any], days: Callable[[float], Any]
) -> None:
    secrets = timed()
    secrets.create_secret(Name="db")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="db", SecretString="new")
    days(8)
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == "new"


def test_a_deletion_falls_due_though_the_cloud_was_killed(own_cloud: CloudProcess) -> None:
    secrets = own_cloud.client("secretsmanager")
    secrets.create_secret(Name="db")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    own_cloud.kill()
    own_cloud.start()
    own_cloud.advance(8 * 86_400)
    with refused("ResourceNotFoundException"):
        own_cloud.client("secretsmanager").describe_secret(SecretId="db")
