"""Trails: made, found, listed, changed, deleted, tagged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.cloudtrail.helpers import open_for_trails, policy


@pytest.fixture
def trail(cloudtrail: Any, bucket: str) -> str:
    """The trail `main`; its ARN."""
    return str(cloudtrail.create_trail(Name="main", S3BucketName=bucket)["TrailARN"])


def refused(call: Callable[..., Any], **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_what_was_said_of_a_trail_is_shown(client: Callable[..., Any], cloudtrail: Any, account: str) -> None:
    open_for_trails(client("s3"), f"other-{account}", account, prefix="all")
    given = {
        "Name": "main",
        "S3BucketName": f"other-{account}",
        "S3KeyPrefix": "all",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
    }
    made = cloudtrail.create_trail(**given)
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/main"
    assert (made["TrailARN"], made["LogFileValidationEnabled"], made["IsMultiRegionTrail"]) == (arn, True, True)
    shown = cloudtrail.get_trail(Name="main")["Trail"]
    assert shown == {
        "Name": "main",
        "S3BucketName": f"other-{account}",
        "S3KeyPrefix": "all",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "HomeRegion": "us-east-1",
        "TrailARN": arn,
        "LogFileValidationEnabled": True,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
    }
    assert cloudtrail.get_trail(Name=arn)["Trail"] == shown
    assert cloudtrail.describe_trails()["trailList"] == [shown]


def test_a_bucket_must_be_there_and_let_cloudtrail_in(
    client: Callable[..., Any], cloudtrail: Any, account: str
) -> None:
    s3, name = client("s3"), f"logs-{account}"
    given = {"Name": "main", "S3BucketName": name}
    assert refused(cloudtrail.create_trail, **given) == "S3BucketDoesNotExistException"
    s3.create_bucket(Bucket=name)
    assert refused(cloudtrail.create_trail, **given) == "InsufficientS3BucketPolicyException"
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy(name, account, trail="another")))
    assert refused(cloudtrail.create_trail, **given) == "InsufficientS3BucketPolicyException"
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy(name, account, prefix="elsewhere")))
    assert refused(cloudtrail.create_trail, **given) == "InsufficientS3BucketPolicyException"
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy(name, account)))
    assert cloudtrail.create_trail(**given)["S3BucketName"] == name
    assert cloudtrail.describe_trails()["trailList"] != []


def test_a_refused_trail_leaves_nothing_behind(client: Callable[..., Any], cloudtrail: Any, account: str) -> None:
    client("s3").create_bucket(Bucket=f"logs-{account}")
    refused(cloudtrail.create_trail, Name="main", S3BucketName=f"logs-{account}")
    assert cloudtrail.describe_trails()["trailList"] == []
    assert cloudtrail.list_trails()["Trails"] == []


@pytest.mark.parametrize(
    "name", ["ab", "a" * 129, "-main", "main_", "ma in", "ma--in", "ma._in", "192.168.5.4", "mäin"]
)
def test_names_that_are_none_are_refused(cloudtrail: Any, bucket: str, name: str) -> None:
    assert refused(cloudtrail.create_trail, Name=name, S3BucketName=bucket) == "InvalidTrailNameException"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"S3BucketName": "No_Bucket"}, "InvalidS3BucketNameException"),
        ({"S3KeyPrefix": "p" * 201}, "InvalidS3PrefixException"),
        (
            {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
            "InvalidParameterCombinationException",
        ),
        ({"TagsList": [{"Key": "a"}, {"Key": "a"}]}, "InvalidTagParameterException"),
        ({"TagsList": [{"Key": f"k{number}"} for number in range(51)]}, "TagsLimitExceededException"),
        ({"SnsTopicName": "topic"}, "NotImplemented"),
        ({"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:g:*"}, "NotImplemented"),
        ({"IsOrganizationTrail": True}, "NotImplemented"),
    ],
)
def test_what_cannot_be_is_refused(cloudtrail: Any, bucket: str, changes: dict[str, Any], code: str) -> None:
    assert refused(cloudtrail.create_trail, **{"Name": "main", "S3BucketName": bucket, **changes}) == code


def test_a_name_is_used_once_and_a_region_has_five(
    client: Callable[..., Any], cloudtrail: Any, account: str, trail: str, bucket: str
) -> None:
    assert refused(cloudtrail.create_trail, Name="main", S3BucketName=bucket) == "TrailAlreadyExistsException"
    statements = [one for number in range(5) for one in policy(bucket, account, trail=f"tr{number}")["Statement"]]
    document = {"Version": "2012-10-17", "Statement": statements}
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    for number in range(4):
        cloudtrail.create_trail(Name=f"tr{number}", S3BucketName=bucket)
    code = refused(cloudtrail.create_trail, Name="tr4", S3BucketName=bucket)
    assert code == "MaximumNumberOfTrailsExceededException"


def test_a_trail_of_all_regions_is_seen_from_each_of_them(
    client: Callable[..., Any], cloudtrail: Any, bucket: str
) -> None:
    arn = cloudtrail.create_trail(Name="main", S3BucketName=bucket, IsMultiRegionTrail=True)["TrailARN"]
    abroad = client("cloudtrail", region="eu-west-1")
    assert [one["TrailARN"] for one in abroad.describe_trails()["trailList"]] == [arn]
    assert abroad.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert abroad.describe_trails(trailNameList=["main"])["trailList"] == []
    assert [one["HomeRegion"] for one in abroad.describe_trails(trailNameList=[arn])["trailList"]] == ["us-east-1"]
    assert abroad.get_trail_status(Name=arn)["IsLogging"] is False
    assert refused(abroad.get_trail_status, Name="main") == "TrailNotFoundException"
    for change in (abroad.update_trail, abroad.delete_trail, abroad.start_logging, abroad.stop_logging):
        assert refused(change, Name=arn) == "InvalidHomeRegionException"
    assert abroad.list_trails()["Trails"] == [{"TrailARN": arn, "Name": "main", "HomeRegion": "us-east-1"}]


def test_a_trail_of_one_region_is_seen_from_there_alone(client: Callable[..., Any], trail: str) -> None:
    abroad = client("cloudtrail", region="eu-west-1")
    assert abroad.describe_trails()["trailList"] == []
    assert [one["TrailARN"] for one in abroad.list_trails()["Trails"]] == [trail]
    assert client("cloudtrail", account="210987654321").list_trails()["Trails"] == []


def test_what_is_given_replaces_what_was(cloudtrail: Any, trail: str, bucket: str) -> None:
    changed = cloudtrail.update_trail(Name="main", EnableLogFileValidation=True, IsMultiRegionTrail=True)
    assert (changed["LogFileValidationEnabled"], changed["IsMultiRegionTrail"]) == (True, True)
    shown = cloudtrail.get_trail(Name=trail)["Trail"]
    assert (shown["S3BucketName"], shown["LogFileValidationEnabled"], shown["IsMultiRegionTrail"]) == (
        bucket,
        True,
        True,
    )
    code = refused(cloudtrail.update_trail, Name="main", S3BucketName=f"{bucket}-none")
    assert code == "S3BucketDoesNotExistException"
    assert cloudtrail.get_trail(Name="main")["Trail"] == shown


def test_a_deleted_trail_is_not_found(cloudtrail: Any, trail: str) -> None:
    cloudtrail.delete_trail(Name="main")
    for call in (cloudtrail.get_trail, cloudtrail.get_trail_status, cloudtrail.delete_trail, cloudtrail.start_logging):
        assert refused(call, Name=trail) == "TrailNotFoundException"
    assert cloudtrail.describe_trails()["trailList"] == cloudtrail.list_trails()["Trails"] == []


@pytest.mark.parametrize("arn", ["arn:aws:sqs:us-east-1:111122223333:orders", "arn:aws:cloudtrail", "arn:aws:x:::"])
def test_an_arn_of_something_else_is_refused(cloudtrail: Any, arn: str) -> None:
    assert refused(cloudtrail.get_trail, Name=arn) == "CloudTrailARNInvalidException"


def test_tags_come_and_go(cloudtrail: Any, trail: str) -> None:
    cloudtrail.add_tags(ResourceId=trail, TagsList=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "x"}])
    cloudtrail.add_tags(ResourceId=trail, TagsList=[{"Key": "team", "Value": "green"}])
    cloudtrail.remove_tags(ResourceId=trail, TagsList=[{"Key": "stage"}])
    (listed,) = cloudtrail.list_tags(ResourceIdList=[trail])["ResourceTagList"]
    assert listed == {"ResourceId": trail, "TagsList": [{"Key": "team", "Value": "green"}]}
    assert refused(cloudtrail.list_tags, ResourceIdList=["main"]) == "CloudTrailARNInvalidException"
    channel = trail.replace("trail/main", "channel/0123")
    assert refused(cloudtrail.list_tags, ResourceIdList=[channel]) == "ResourceTypeNotSupportedException"
    assert refused(cloudtrail.list_tags, ResourceIdList=[f"{trail}x"]) == "TrailNotFoundException"
    assert refused(cloudtrail.list_tags, ResourceIdList=[trail, f"{trail}x"]) == "ResourceNotFoundException"
    assert refused(cloudtrail.list_tags, ResourceIdList=[]) == "InvalidParameterException"


def test_logging_is_switched_on_and_off(cloudtrail: Any, trail: str) -> None:
    assert cloudtrail.get_trail_status(Name="main")["IsLogging"] is False
    cloudtrail.start_logging(Name="main")
    cloudtrail.start_logging(Name=trail)
    status = cloudtrail.get_trail_status(Name="main")
    assert status["IsLogging"] is True
    assert status["TimeLoggingStarted"].endswith("Z")
    assert "StopLoggingTime" not in status
    cloudtrail.stop_logging(Name="main")
    cloudtrail.stop_logging(Name="main")
    status = cloudtrail.get_trail_status(Name="main")
    assert (status["IsLogging"], "StopLoggingTime" in status) == (False, True)


def test_insights_are_never_enabled(cloudtrail: Any, trail: str) -> None:
    assert refused(cloudtrail.get_insight_selectors, TrailName="main") == "InsightNotEnabledException"
    assert refused(cloudtrail.get_insight_selectors) == "InvalidParameterCombinationException"
    selectors = [{"InsightType": "ApiCallRateInsight"}]
    assert refused(cloudtrail.put_insight_selectors, TrailName="main", InsightSelectors=selectors) == "NotImplemented"
