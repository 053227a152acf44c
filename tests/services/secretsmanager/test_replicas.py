"""Copies of secrets in other Regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import refused

WEST = "eu-west-1"
ON_A_COPY = "Operation not permitted on a replica secret. Call must be made in primary secret's region."


@pytest.fixture
def settle(moving_cloud: CloudProcess) -> Callable[[], Any]:
    """Has every job run that is due."""
    return lambda: moving_cloud.advance(1)


@pytest.fixture
def home(timed: Callable[..., Any]) -> Any:
    """Where the secrets are."""
    return timed()


@pytest.fixture
def west(timed: Callable[..., Any]) -> Any:
    """Where the copies are."""
    return timed(region=WEST)


@pytest.fixture
def copied(home: Any, settle: Callable[[], Any]) -> str:
    """The ARN of a secret `db` that is copied to `west`."""
    made = home.create_secret(
        Name="db", SecretString="one", Tags=[{"Key": "a", "Value": "b"}], AddReplicaRegions=[{"Region": WEST}]
    )
    assert made["ReplicationStatus"] == [{"Region": WEST, "Status": "InProgress"}]
    settle()
    return str(made["ARN"])


def status(home: Any) -> Any:
    return home.describe_secret(SecretId="db").get("ReplicationStatus", [])


def test_a_copy_has_the_values_and_what_is_known(home: Any, west: Any, copied: str) -> None:
    assert west.get_secret_value(SecretId="db")["SecretString"] == "one"
    shown = west.describe_secret(SecretId="db")
    assert shown["ARN"] == copied.replace("us-east-1", WEST)
    assert (shown["PrimaryRegion"], shown["Tags"]) == ("us-east-1", [{"Key": "a", "Value": "b"}])
    assert status(home) == [{"Region": WEST, "Status": "InSync"}]
    assert [
        one["Name"] for one in west.list_secrets(Filters=[{"Key": "primary-region", "Values": ["us"]}])["SecretList"]
    ]


def test_a_copy_follows_every_change(home: Any, west: Any, copied: str, settle: Callable[[], Any]) -> None:
    home.put_secret_value(SecretId=copied, SecretString="two")
    home.update_secret(SecretId=copied, Description="new")
    home.untag_resource(SecretId=copied, TagKeys=["a"])
    settle()
    assert west.get_secret_value(SecretId="db")["SecretString"] == "two"
    assert west.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    shown = west.describe_secret(SecretId="db")
    assert shown["Description"] == "new"
    assert "Tags" not in shown
    assert shown["VersionIdsToStages"] == home.describe_secret(SecretId="db")["VersionIdsToStages"]


def test_a_secret_that_is_there_is_copied_with_all_labelled_versions(
    home: Any, west: Any, settle: Callable[[], Any]
) -> None:
    home.create_secret(Name="db", SecretString="one")
    for value in ("two", "three"):
        home.put_secret_value(SecretId="db", SecretString=value)
    home.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": WEST}])
    settle()
    assert west.get_secret_value(SecretId="db")["SecretString"] == "three"
    assert west.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"] == "two"
    assert len(west.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]) == 2


def test_a_copy_is_not_changed_where_it_is(west: Any, copied: str) -> None:
    for call, more in (
        (west.put_secret_value, {"SecretString": "x"}),
        (west.update_secret, {"Description": "x"}),
        (west.tag_resource, {"Tags": [{"Key": "a", "Value": "c"}]}),
        (west.delete_secret, {"ForceDeleteWithoutRecovery": True}),
        (west.replicate_secret_to_regions, {"AddReplicaRegions": [{"Region": "eu-west-2"}]}),
    ):
        with refused("InvalidParameterException", ON_A_COPY):
            call(SecretId="db", **more)


def test_a_secret_with_copies_is_not_deleted(home: Any, west: Any, copied: str, settle: Callable[[], Any]) -> None:
    with refused(
        "InvalidParameterException", f"You can't delete secret {copied} that still has replica regions [{WEST}]"
    ):
        home.delete_secret(SecretId="db")
    home.remove_regions_from_replication(SecretId="db", RemoveReplicaRegions=[WEST])
    settle()
    with refused("ResourceNotFoundException"):
        west.describe_secret(SecretId="db")
    home.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)


def test_a_copy_may_stand_on_its_own(home: Any, west: Any, copied: str, settle: Callable[[], Any]) -> None:
    west.stop_replication_to_replica(SecretId="db")
    settle()
    assert status(home) == []
    west.put_secret_value(SecretId="db", SecretString="own")
    home.put_secret_value(SecretId="db", SecretString="two")
    settle()
    assert west.get_secret_value(SecretId="db")["SecretString"] == "own"
    with refused("InvalidRequestException"):
        west.stop_replication_to_replica(SecretId="db")


def test_a_secret_of_the_name_is_overwritten_only_by_force(home: Any, west: Any, settle: Callable[[], Any]) -> None:
    west.create_secret(Name="db", SecretString="theirs")
    home.create_secret(Name="db", SecretString="ours", AddReplicaRegions=[{"Region": WEST}])
    settle()
    assert status(home) == [
        {
            "Region": WEST,
            "Status": "Failed",
            "StatusMessage": f"Replication failed: Secret name db already exists in region {WEST}.",
        }
    ]
    home.update_secret(SecretId="db", Description="new")
    settle()
    assert west.get_secret_value(SecretId="db")["SecretString"] == "theirs"
    home.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": WEST}], ForceOverwriteReplicaSecret=True
    )
    settle()
    assert status(home) == [{"Region": WEST, "Status": "InSync"}]
    assert west.get_secret_value(SecretId="db")["SecretString"] == "ours"


def test_a_copy_is_sealed_under_a_key_of_its_region(
    home: Any, west: Any, timed: Callable[..., Any], settle: Callable[[], Any]
) -> None:
    there = timed("kms", region=WEST)
    key = there.create_key()["KeyMetadata"]["Arn"]
    home.create_secret(Name="db", SecretString="one", AddReplicaRegions=[{"Region": WEST, "KmsKeyId": key}])
    settle()
    assert west.describe_secret(SecretId="db")["KmsKeyId"] == key
    there.disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        west.get_secret_value(SecretId="db")
    assert home.get_secret_value(SecretId="db")["SecretString"] == "one"


def test_a_key_that_is_not_there_fails_the_copy_alone(home: Any, west: Any, settle: Callable[[], Any]) -> None:
    home.create_secret(Name="db", SecretString="one", AddReplicaRegions=[{"Region": WEST, "KmsKeyId": "alias/none"}])
    settle()
    assert [one["Status"] for one in status(home)] == ["Failed"]
    assert "alias/none" in status(home)[0]["StatusMessage"]
    home.update_secret(SecretId="db", Description="changed")
    settle()
    assert [one["Status"] for one in status(home)] == ["Failed"]
    with refused("ResourceNotFoundException"):
        west.describe_secret(SecretId="db")


@pytest.mark.parametrize("regions", [["us-east-1"], [WEST, WEST]])
def test_regions_are_others_and_named_once(home: Any, regions: list[str]) -> None:
    with refused("InvalidParameterException", "Invalid replica region"):
        home.create_secret(Name="db", AddReplicaRegions=[{"Region": region} for region in regions])


def test_a_kill_loses_no_copy(own_cloud: CloudProcess) -> None:
    home = own_cloud.client("secretsmanager")
    home.create_secret(Name="db", SecretString="one")
    home.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": WEST}])
    own_cloud.kill()
    own_cloud.start()
    own_cloud.advance(1)
    west = own_cloud.client("secretsmanager", region=WEST)
    assert west.get_secret_value(SecretId="db")["SecretString"] == "one"
    assert status(home) == [{"Region": WEST, "Status": "InSync"}]
