"""The values of dimensions and tags."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from services.ce.bill import month, today

S3, SQS = "Amazon Simple Storage Service", "Amazon Simple Queue Service"


@pytest.fixture
def period(cloud: CloudProcess) -> dict[str, str]:
    return month(today(cloud))


def _values(ce: Any, period: dict[str, str], dimension: str, **more: Any) -> list[str]:
    answer = ce.get_dimension_values(TimePeriod=period, Dimension=dimension, **more)
    return [one["Value"] for one in answer["DimensionValues"]]


def test_dimensions_have_the_values_that_were_used(ce: Any, period: dict[str, str], used: None) -> None:
    assert _values(ce, period, "SERVICE") == [SQS, S3]
    assert _values(ce, period, "REGION") == ["eu-west-1", "us-east-1"]
    assert _values(ce, period, "SERVICE", SearchString="Queue") == [SQS]
    only = {"Tags": {"Key": "team", "Values": ["blue"]}}
    assert _values(ce, period, "REGION", Filter=only) == ["eu-west-1"]


def test_values_are_sorted_by_what_they_cost(ce: Any, period: dict[str, str], used: None) -> None:
    by = {"Key": "UsageQuantity", "SortOrder": "DESCENDING"}
    assert _values(ce, period, "OPERATION", SortBy=[by])[:2] == ["PutObject", "CreateBucket"]
    assert _values(ce, period, "OPERATION", SortBy=[{**by, "SortOrder": "ASCENDING"}])[-1] == "PutObject"


def test_pages_of_values_joined_are_all_of_them(ce: Any, period: dict[str, str], used: None) -> None:
    whole = _values(ce, period, "OPERATION")
    seen: list[str] = []
    more: dict[str, str] = {}
    while True:
        answer = ce.get_dimension_values(TimePeriod=period, Dimension="OPERATION", MaxResults=1, **more)
        assert (answer["ReturnSize"], answer["TotalSize"]) == (1, len(whole))
        seen += [one["Value"] for one in answer["DimensionValues"]]
        if "NextPageToken" not in answer:
            break
        more = {"NextPageToken": answer["NextPageToken"]}
    assert seen == whole


def test_tags_are_keys_and_the_values_of_a_key(ce: Any, period: dict[str, str], used: None) -> None:
    assert ce.get_tags(TimePeriod=period)["Tags"] == ["team"]
    assert ce.get_tags(TimePeriod=period, TagKey="team")["Tags"] == ["", "blue", "red"]
    found = ce.get_tags(TimePeriod=period, TagKey="team", SearchString="re")
    assert (found["Tags"], found["ReturnSize"], found["TotalSize"]) == (["red"], 1, 1)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"Context": "RESERVATIONS"}, 501),
        ({"Dimension": "AZ"}, 501),
        ({"SortBy": [{"Key": "Beauty"}]}, 400),
        ({"SortBy": [{"Key": "UsageQuantity"}], "SearchString": "x"}, 400),
    ],
)
def test_what_cannot_be_told_is_refused(ce: Any, period: dict[str, str], asked: dict[str, Any], status: int) -> None:
    with pytest.raises(ClientError) as refused:
        ce.get_dimension_values(**{"TimePeriod": period, "Dimension": "SERVICE", **asked})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_forecast_is_not_made_up(ce: Any, period: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refused:
        ce.get_cost_forecast(TimePeriod=period, Metric="UNBLENDED_COST", Granularity="MONTHLY")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
