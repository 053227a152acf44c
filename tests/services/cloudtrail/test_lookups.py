"""LookupEvents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from services.cloudtrail.conftest import Timed
from services.cloudtrail.helpers import looked_up


def events(cloudtrail: Any, **attribute: str) -> list[str]:
    return [event["EventName"] for event in looked_up(cloudtrail, **attribute)]


def test_a_call_is_found_with_all_that_cloudtrail_says_of_it(cloudtrail: Any, sqs: Any, account: str) -> None:
    made = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "3"}, tags={"Team": "blue"})
    (found,) = looked_up(cloudtrail, EventName="CreateQueue")
    assert (found["ReadOnly"], found["EventSource"], found["Username"]) == ("false", "sqs.amazonaws.com", "root")
    assert found["Resources"] == [{"ResourceType": "AWS::SQS::Queue", "ResourceName": "orders"}]
    event = json.loads(found["CloudTrailEvent"])
    assert event["eventVersion"] == "1.11"
    assert event["userIdentity"]["type"] == "Root"
    assert event["userIdentity"]["arn"] == f"arn:aws:iam::{account}:root"
    assert event["eventTime"].endswith("Z")
    assert (event["awsRegion"], event["recipientAccountId"]) == ("us-east-1", account)
    assert event["requestParameters"] == {
        "queueName": "orders",
        "attributes": {"DelaySeconds": "3"},
        "tags": {"Team": "blue"},
    }
    assert event["responseElements"] == {"queueUrl": made["QueueUrl"]}
    assert event["requestID"] == made["ResponseMetadata"]["RequestId"]
    assert event["eventID"] == found["EventId"]
    assert (event["readOnly"], event["managementEvent"], event["eventCategory"]) == (False, True, "Management")
    assert event["eventType"] == "AwsApiCall"
    assert event["sourceIPAddress"] == "127.0.0.1"
    assert "Boto3" in event["userAgent"]
    assert "errorCode" not in event


def test_a_refused_call_is_found_with_its_error(cloudtrail: Any, sqs: Any) -> None:
    with pytest.raises(ClientError):
        sqs.get_queue_url(QueueName="nowhere")
    (found,) = looked_up(cloudtrail, EventName="GetQueueUrl")
    event = json.loads(found["CloudTrailEvent"])
    assert event["errorCode"] == "QueueDoesNotExist"
    assert event["errorMessage"]
    assert event["responseElements"] is None
    assert found["ReadOnly"] == "true"


def test_the_newest_comes_first_and_pages_hold_fifty(cloudtrail: Any, sqs: Any) -> None:
    for number in range(60):
        sqs.create_queue(QueueName=f"q{number}")
    first = cloudtrail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}])
    assert len(first["Events"]) == 50
    names = [json.loads(one["CloudTrailEvent"])["requestParameters"]["queueName"] for one in first["Events"]]
    assert names == [f"q{number}" for number in range(59, 9, -1)]
    assert events(cloudtrail, EventName="CreateQueue") == ["CreateQueue"] * 60
    with pytest.raises(cloudtrail.exceptions.InvalidNextTokenException):
        cloudtrail.lookup_events(NextToken=first["NextToken"])


@pytest.mark.parametrize(
    ("attribute", "count"),
    [
        ({"EventSource": "sqs.amazonaws.com"}, 3),
        ({"EventSource": "s3.amazonaws.com"}, 0),
        ({"ReadOnly": "true"}, 1),
        ({"ResourceName": "orders"}, 3),
        ({"ResourceName": "bills"}, 0),
        ({"ResourceType": "AWS::SQS::Queue"}, 3),
        ({"Username": "root"}, 3),
        ({"Username": "alice"}, 0),
        ({"EventName": "TagQueue"}, 1),
    ],
)
def test_an_attribute_narrows_the_search_down(
    cloudtrail: Any, sqs: Any, queue: str, attribute: dict[str, str], count: int
) -> None:
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1"})
    sqs.get_queue_attributes(QueueUrl=queue)
    assert len(looked_up(cloudtrail, **attribute)) == count


def test_an_event_is_found_by_its_id_and_by_its_resources_arn(cloudtrail: Any, queue: str, account: str) -> None:
    arn = f"arn:aws:sqs:us-east-1:{account}:orders"
    (found,) = looked_up(cloudtrail, ResourceName=arn)
    assert [one["EventId"] for one in looked_up(cloudtrail, EventId=found["EventId"])] == [found["EventId"]]


def test_only_one_attribute_can_be_given(cloudtrail: Any) -> None:
    attributes = [{"AttributeKey": "ReadOnly", "AttributeValue": "true"}] * 2
    with pytest.raises(cloudtrail.exceptions.InvalidLookupAttributesException):
        cloudtrail.lookup_events(LookupAttributes=attributes)


def test_data_events_are_not_found(cloudtrail: Any, sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="secret words")
    found = looked_up(cloudtrail)
    assert [one["EventName"] for one in found if one["EventSource"] == "sqs.amazonaws.com"] == ["CreateQueue"]
    assert "secret words" not in json.dumps(found, default=str)


def test_another_account_and_another_region_see_nothing(client: Callable[..., Any], queue: str) -> None:
    assert events(client("cloudtrail"), EventName="CreateQueue") == ["CreateQueue"]
    assert events(client("cloudtrail", region="eu-west-1"), EventName="CreateQueue") == []
    assert events(client("cloudtrail", account="210987654321"), ResourceName="orders") == []


def test_insights_are_never_there(cloudtrail: Any, queue: str) -> None:
    assert cloudtrail.lookup_events(EventCategory="insight")["Events"] == []


def test_a_time_range_bounds_the_search(timed: Timed) -> None:
    timed.sqs.create_queue(QueueName="early")
    (first,) = looked_up(timed.cloudtrail, EventName="CreateQueue")
    timed.cloud.advance(3600)
    timed.sqs.create_queue(QueueName="late")
    assert len(looked_up(timed.cloudtrail, EventName="CreateQueue")) == 2
    between = first["EventTime"] + timedelta(minutes=1)

    def within(**times: Any) -> list[str]:
        found = timed.cloudtrail.lookup_events(**times)["Events"]
        return [one["Resources"][0]["ResourceName"] for one in found if one["EventName"] == "CreateQueue"]

    assert within(StartTime=between) == ["late"]
    assert within(EndTime=between) == ["early"]
    assert within(StartTime=first["EventTime"], EndTime=first["EventTime"]) == ["early"]
    with pytest.raises(timed.cloudtrail.exceptions.InvalidTimeRangeException):
        within(StartTime=between, EndTime=first["EventTime"])


def test_events_are_found_for_ninety_days(own_cloud: CloudProcess) -> None:
    cloudtrail, sqs = own_cloud.client("cloudtrail"), own_cloud.client("sqs")
    sqs.create_queue(QueueName="orders")
    own_cloud.advance(89 * 86_400)
    assert events(cloudtrail, EventName="CreateQueue") == ["CreateQueue"]
    own_cloud.advance(86_400 + 1)
    assert events(cloudtrail, EventName="CreateQueue") == []


def test_what_was_recorded_outlives_kill_9(own_cloud: CloudProcess) -> None:
    own_cloud.client("sqs").create_queue(QueueName="orders")
    own_cloud.kill()
    own_cloud.start()
    assert events(own_cloud.client("cloudtrail"), EventName="CreateQueue") == ["CreateQueue"]


def test_two_lookups_a_second_are_enough_where_calls_are_throttled(tmp_path: Any) -> None:
    cloud = CloudProcess(tmp_path / "data", "--throttle").start()
    try:
        cloudtrail = cloud.client("cloudtrail")
        refused = [_code(cloudtrail.lookup_events) for _ in range(6)]
        assert refused[:2] == ["", ""]
        assert "ThrottlingException" in refused
    finally:
        cloud.stop()


def _code(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
