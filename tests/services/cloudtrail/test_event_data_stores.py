"""Event data stores: made, found, listed, changed, deleted, restored, switched off and on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.cloudtrail.conftest import Timed
from services.cloudtrail.helpers import MANAGEMENT

DAY = 86_400


@pytest.fixture
def store(cloudtrail: Any) -> str:
    """An event data store's ARN."""
    return str(cloudtrail.create_event_data_store(Name="lake")["EventDataStoreArn"])


def refused(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_what_was_said_of_a_store_is_shown(cloudtrail: Any) -> None:
    given = {
        "Name": "lake",
        "AdvancedEventSelectors": [{"Name": "all", **MANAGEMENT[0]}],
        "MultiRegionEnabled": False,
        "RetentionPeriod": 90,
        "TerminationProtectionEnabled": False,
        "BillingMode": "FIXED_RETENTION_PRICING",
    }
    made = cloudtrail.create_event_data_store(**given, TagsList=[{"Key": "team", "Value": "blue"}])
    assert made["TagsList"] == [{"Key": "team", "Value": "blue"}]
    assert (made["Status"], made["OrganizationEnabled"]) == ("ENABLED", False)
    arn = made["EventDataStoreArn"]
    shown = cloudtrail.get_event_data_store(EventDataStore=arn)
    assert {name: shown[name] for name in given} == given
    by_id = cloudtrail.get_event_data_store(EventDataStore=arn.rpartition("/")[2])
    assert by_id["EventDataStoreArn"] == arn
    (listed,) = cloudtrail.list_event_data_stores()["EventDataStores"]
    assert (listed["Name"], listed["RetentionPeriod"]) == ("lake", 90)
    (tags,) = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert tags["TagsList"] == [{"Key": "team", "Value": "blue"}]


def test_a_store_of_which_nothing_is_said_keeps_management_events_for_a_year(cloudtrail: Any, store: str) -> None:
    shown = cloudtrail.get_event_data_store(EventDataStore=store)
    assert (shown["RetentionPeriod"], shown["BillingMode"]) == (366, "EXTENDABLE_RETENTION_PRICING")
    assert (shown["MultiRegionEnabled"], shown["TerminationProtectionEnabled"]) == (True, True)
    assert [one["FieldSelectors"] for one in shown["AdvancedEventSelectors"]] == [MANAGEMENT[0]["FieldSelectors"]]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Name": "lake"}, "EventDataStoreAlreadyExistsException"),
        ({"RetentionPeriod": 3653, "BillingMode": "FIXED_RETENTION_PRICING"}, "InvalidParameterException"),
        ({"AdvancedEventSelectors": MANAGEMENT * 6}, "InvalidEventSelectorsException"),
        ({"OrganizationEnabled": True}, "NotImplemented"),
        ({"KmsKeyId": "alias/key"}, "NotImplemented"),
    ],
)
def test_what_cannot_be_is_refused(cloudtrail: Any, store: str, given: dict[str, Any], code: str) -> None:
    assert refused(cloudtrail.create_event_data_store, **{"Name": "other", **given}) == code


def test_a_region_has_ten_and_all_pages_together_are_the_list(cloudtrail: Any) -> None:
    arns = [cloudtrail.create_event_data_store(Name=f"lake{number}")["EventDataStoreArn"] for number in range(10)]
    assert refused(cloudtrail.create_event_data_store, Name="lake10") == "EventDataStoreMaxLimitExceededException"
    found, token = [], {}
    while True:
        page = cloudtrail.list_event_data_stores(MaxResults=3, **token)
        found += [one["EventDataStoreArn"] for one in page["EventDataStores"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == sorted(arns)


def test_what_is_given_replaces_what_was(cloudtrail: Any, store: str) -> None:
    cloudtrail.update_event_data_store(EventDataStore=store, Name="pond", RetentionPeriod=7)
    shown = cloudtrail.get_event_data_store(EventDataStore=store)
    assert (shown["Name"], shown["RetentionPeriod"], shown["MultiRegionEnabled"]) == ("pond", 7, True)
    code = refused(cloudtrail.update_event_data_store, EventDataStore=store, BillingMode="FIXED_RETENTION_PRICING")
    assert code == "InvalidParameterException"


def test_a_protected_store_stays(cloudtrail: Any, store: str) -> None:
    code = refused(cloudtrail.delete_event_data_store, EventDataStore=store)
    assert code == "EventDataStoreTerminationProtectedException"
    assert cloudtrail.get_event_data_store(EventDataStore=store)["Status"] == "ENABLED"


def test_a_store_is_switched_off_and_on(cloudtrail: Any, store: str) -> None:
    assert refused(cloudtrail.start_event_data_store_ingestion, EventDataStore=store) == (
        "InvalidEventDataStoreStatusException"
    )
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=store)
    assert cloudtrail.get_event_data_store(EventDataStore=store)["Status"] == "STOPPED_INGESTION"
    assert refused(cloudtrail.stop_event_data_store_ingestion, EventDataStore=store) == (
        "InvalidEventDataStoreStatusException"
    )
    cloudtrail.start_event_data_store_ingestion(EventDataStore=store)
    assert cloudtrail.get_event_data_store(EventDataStore=store)["Status"] == "ENABLED"


def test_a_deleted_store_can_be_restored_for_seven_days(timed: Timed) -> None:
    cloudtrail = timed.cloudtrail
    made = cloudtrail.create_event_data_store(Name="lake", TerminationProtectionEnabled=False)
    store = made["EventDataStoreArn"]
    assert refused(cloudtrail.restore_event_data_store, EventDataStore=store) == "InvalidEventDataStoreStatusException"
    cloudtrail.delete_event_data_store(EventDataStore=store)
    assert cloudtrail.get_event_data_store(EventDataStore=store)["Status"] == "PENDING_DELETION"
    assert refused(cloudtrail.delete_event_data_store, EventDataStore=store) == "InactiveEventDataStoreException"
    assert refused(cloudtrail.update_event_data_store, EventDataStore=store) == "InactiveEventDataStoreException"
    timed.cloud.advance(6 * DAY)
    assert cloudtrail.restore_event_data_store(EventDataStore=store)["Status"] == "ENABLED"
    timed.cloud.advance(2 * DAY)
    cloudtrail.delete_event_data_store(EventDataStore=store)
    timed.cloud.advance(7 * DAY + 1)
    assert refused(cloudtrail.get_event_data_store, EventDataStore=store) == "EventDataStoreNotFoundException"


@pytest.mark.parametrize("arn", ["arn:aws:cloudtrail:us-east-1:111122223333:trail/main", "arn:aws:cloudtrail"])
def test_an_arn_of_something_else_is_refused(cloudtrail: Any, arn: str) -> None:
    assert refused(cloudtrail.get_event_data_store, EventDataStore=arn) == "EventDataStoreARNInvalidException"
