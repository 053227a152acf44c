"""Deliveries: what a trail takes is in its bucket five minutes later, once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from services.cloudtrail.conftest import Timed, timed_on
from services.cloudtrail.helpers import delivered, keys, named, policy

FIVE_MINUTES = 301


def test_what_was_asked_is_delivered_after_five_minutes(timed: Timed) -> None:
    timed.sqs.create_queue(QueueName="before")
    timed.trail()
    queue = timed.sqs.create_queue(QueueName="orders")["QueueUrl"]
    timed.sqs.get_queue_attributes(QueueUrl=queue)
    assert keys(timed.s3, timed.bucket) == []
    timed.cloud.advance(FIVE_MINUTES)
    (key,) = keys(timed.s3, timed.bucket)
    pattern = (
        r"AWSLogs/(\d{12})/CloudTrail/us-east-1/\d{4}/\d\d/\d\d/\1_CloudTrail_us-east-1_\d{8}T\d{4}Z_\w{16}\.json\.gz"
    )
    assert re.fullmatch(pattern, key)
    head = timed.s3.head_object(Bucket=timed.bucket, Key=key)
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")
    events = delivered(timed.s3, timed.bucket)
    assert named(events) == ["CreateQueue", "GetQueueAttributes"]
    assert len({event["eventID"] for event in events}) == len(events)
    status = timed.cloudtrail.get_trail_status(Name="main")
    assert "LatestDeliveryTime" in status
    assert "LatestDeliveryError" not in status


def test_nothing_is_delivered_twice_and_nothing_where_nothing_happened(timed: Timed) -> None:
    timed.trail()
    for number in range(3):
        timed.sqs.create_queue(QueueName=f"q{number}")
        timed.cloud.advance(FIVE_MINUTES)
    before = keys(timed.s3, timed.bucket)
    names = [json.dumps(event["requestParameters"]) for event in delivered(timed.s3, timed.bucket)]
    assert [name for name in names if "queueName" in name] == [f'{{"queueName": "q{number}"}}' for number in range(3)]
    timed.cloud.advance(FIVE_MINUTES)  # the reads of this test itself
    after = keys(timed.s3, timed.bucket)
    timed.cloud.advance(3 * FIVE_MINUTES)
    assert len(before) == 3
    assert keys(timed.s3, timed.bucket)[:3] == before
    assert len(after) <= 4


def test_a_stopped_trail_delivers_what_it_logged_and_no_more(timed: Timed) -> None:
    timed.trail()
    timed.sqs.create_queue(QueueName="logged")
    timed.cloudtrail.stop_logging(Name="main")
    timed.sqs.create_queue(QueueName="unlogged")
    timed.cloudtrail.start_logging(Name="main")
    timed.sqs.create_queue(QueueName="again")
    timed.cloud.advance(FIVE_MINUTES)
    queues = [
        event["requestParameters"]["queueName"]
        for event in delivered(timed.s3, timed.bucket)
        if event["eventName"] == "CreateQueue"
    ]
    assert sorted(queues) == ["again", "logged"]


def test_a_deleted_trail_delivers_nothing(timed: Timed) -> None:
    timed.trail()
    timed.sqs.create_queue(QueueName="orders")
    timed.cloudtrail.delete_trail(Name="main")
    timed.cloud.advance(FIVE_MINUTES)
    assert keys(timed.s3, timed.bucket) == []


def test_a_trail_of_all_regions_has_a_file_for_each(timed: Timed) -> None:
    timed.trail(IsMultiRegionTrail=True)
    timed.client("sqs", region="eu-west-1").create_queue(QueueName="abroad")
    timed.sqs.create_queue(QueueName="here")
    timed.cloud.advance(FIVE_MINUTES)
    regions = {key.split("/")[3] for key in keys(timed.s3, timed.bucket)}
    assert regions == {"us-east-1", "eu-west-1"}
    found = {event["requestParameters"]["queueName"]: event["awsRegion"] for event in delivered(timed.s3, timed.bucket)
             if event["eventName"] == "CreateQueue"}  # fmt: skip
    assert found == {"abroad": "eu-west-1", "here": "us-east-1"}


def test_a_trail_of_one_region_takes_nothing_of_another(timed: Timed) -> None:
    timed.trail()
    timed.client("sqs", region="eu-west-1").create_queue(QueueName="abroad")
    timed.cloud.advance(FIVE_MINUTES)
    assert "CreateQueue" not in named(delivered(timed.s3, timed.bucket))


def test_another_account_is_not_in_it(timed: Timed) -> None:
    timed.trail()
    timed.cloud.client("sqs", account="210987654321").create_queue(QueueName="foreign")
    timed.cloud.advance(FIVE_MINUTES)
    assert {event["recipientAccountId"] for event in delivered(timed.s3, timed.bucket)} == {timed.account}


def test_data_events_are_delivered_where_they_are_selected(timed: Timed) -> None:
    timed.trail()
    timed.s3.create_bucket(Bucket=f"wares-{timed.account}")
    resources = [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::wares-{timed.account}/kept/"]}]
    timed.s3.put_object(Bucket=f"wares-{timed.account}", Key="kept/before", Body=b"x")
    timed.cloudtrail.put_event_selectors(
        TrailName="main", EventSelectors=[{"IncludeManagementEvents": False, "DataResources": resources}]
    )
    timed.s3.put_object(Bucket=f"wares-{timed.account}", Key="kept/a", Body=b"secret words")
    timed.s3.put_object(Bucket=f"wares-{timed.account}", Key="other/a", Body=b"x")
    with pytest.raises(ClientError):
        timed.s3.get_object(Bucket=f"wares-{timed.account}", Key="kept/none")
    timed.cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[{"DataResources": resources}])
    timed.cloud.advance(FIVE_MINUTES)
    events = delivered(timed.s3, timed.bucket)
    seen = [(event["eventName"], event["requestParameters"]["key"]) for event in named_events(events, "Data")]
    assert seen == [("PutObject", "kept/a"), ("GetObject", "kept/none")]
    first, second = named_events(events, "Data")
    assert first["requestParameters"]["bucketName"] == f"wares-{timed.account}"
    assert (first["managementEvent"], first["eventCategory"]) == (False, "Data")
    assert {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::wares-{timed.account}/kept/a"} in first["resources"]
    assert second["errorCode"] == "NoSuchKey"
    assert "secret words" not in json.dumps(events)


def named_events(events: list[dict[str, Any]], category: str) -> list[dict[str, Any]]:
    return [event for event in events if event["eventCategory"] == category]


def test_advanced_selectors_choose_among_data_events(timed: Timed) -> None:
    timed.trail()
    queue = timed.sqs.create_queue(QueueName="orders")["QueueUrl"]
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "eventName", "NotEquals": ["ReceiveMessage"]},
    ]
    timed.cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    timed.sqs.send_message(QueueUrl=queue, MessageBody="secret words")
    timed.sqs.receive_message(QueueUrl=queue)
    timed.cloud.advance(FIVE_MINUTES)
    events = delivered(timed.s3, timed.bucket)
    assert named(events) == ["SendMessage"]
    assert "secret words" not in json.dumps(events)


def test_selectors_are_followed_after_a_restart(own_cloud: CloudProcess, account: str) -> None:
    here = timed_on(own_cloud, account)
    here.trail()
    here.cloudtrail.put_event_selectors(
        TrailName="main",
        EventSelectors=[{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}],
    )
    own_cloud.kill()
    own_cloud.start()
    here.s3.put_object(Bucket=here.bucket, Key="a", Body=b"x")
    own_cloud.advance(FIVE_MINUTES)
    assert "PutObject" in named(delivered(here.s3, here.bucket), "s3.amazonaws.com")
    here.cloudtrail.stop_logging(Name="main")
    own_cloud.admin("POST", "/_fogstead/reset")


def test_a_trail_can_leave_its_own_deliveries_out(timed: Timed) -> None:
    timed.trail(RecursiveLogging=False)
    resources = [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{timed.bucket}/"]}]
    timed.cloudtrail.put_event_selectors(TrailName="main", EventSelectors=[{"DataResources": resources}])
    for _ in range(3):
        timed.cloud.advance(FIVE_MINUTES)
    events = delivered(timed.s3, timed.bucket)
    assert [event for event in events if event["userIdentity"].get("invokedBy") == "cloudtrail.amazonaws.com"] == []
    timed.cloudtrail.update_trail(Name="main", RecursiveLogging=True)
    for _ in range(3):
        timed.cloud.advance(FIVE_MINUTES)
    events = delivered(timed.s3, timed.bucket)
    assert [event for event in events if event["userIdentity"].get("invokedBy") == "cloudtrail.amazonaws.com"] != []


def test_a_bucket_that_shuts_its_door_is_said_and_gets_everything_later(timed: Timed) -> None:
    timed.trail()
    timed.sqs.create_queue(QueueName="orders")
    timed.s3.delete_bucket_policy(Bucket=timed.bucket)
    timed.cloud.advance(FIVE_MINUTES)
    status = timed.cloudtrail.get_trail_status(Name="main")
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert "LatestDeliveryTime" not in status
    assert status["LatestDeliveryAttemptTime"]
    document = json.dumps(policy(timed.bucket, timed.account))
    timed.s3.put_bucket_policy(Bucket=timed.bucket, Policy=document)
    timed.cloud.advance(FIVE_MINUTES)
    assert "LatestDeliveryError" not in timed.cloudtrail.get_trail_status(Name="main")
    assert named(delivered(timed.s3, timed.bucket)).count("CreateQueue") == 1


def test_a_bucket_of_another_account_can_take_the_files(timed: Timed) -> None:
    owner = timed_on(timed.cloud, "999988887777")
    document = json.dumps(policy(owner.bucket, timed.account))
    owner.s3.put_bucket_policy(Bucket=owner.bucket, Policy=document)
    timed.cloudtrail.create_trail(Name="main", S3BucketName=owner.bucket)
    timed.cloudtrail.start_logging(Name="main")
    timed.sqs.create_queue(QueueName="orders")
    timed.cloud.advance(FIVE_MINUTES)
    assert "CreateQueue" in named(delivered(owner.s3, owner.bucket))


def test_many_events_come_in_several_files(timed: Timed) -> None:
    timed.trail()
    queue = timed.sqs.create_queue(QueueName="orders")["QueueUrl"]
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
    ]
    timed.cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    entries = [{"Id": str(number), "ReceiptHandle": "AAAA"} for number in range(1)]
    for _ in range(100):
        timed.sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    timed.cloud.advance(FIVE_MINUTES)
    events = delivered(timed.s3, timed.bucket)
    assert named(events) == ["DeleteMessageBatch"] * 100
