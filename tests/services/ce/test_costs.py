"""GetCostAndUsage: periods, groups, filters, metrics, pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from fogstead.services.ce import costs, paging
from fogstead.services.ce.service import InvalidNextToken, RequestChanged
from services.ce.bill import ask, go_to, lines, month, next_month, today

S3, SQS = "Amazon Simple Storage Service", "Amazon Simple Queue Service"
PUTS = {"Dimensions": {"Key": "OPERATION", "Values": ["PutObject"]}}


def _refused(ce: Any, **asked: Any) -> Any:
    with pytest.raises(ClientError) as refused:
        ce.get_cost_and_usage(**asked)
    return refused.value.response


@pytest.fixture
def period(cloud: CloudProcess) -> dict[str, str]:
    return month(today(cloud))


# --------------------------------------------------------------------------- what is told
def test_an_account_that_used_nothing_has_an_empty_bill(ce: Any, period: dict[str, str]) -> None:
    assert ask(ce, period) == [
        {
            "TimePeriod": period,
            "Total": {
                "UnblendedCost": {"Amount": "0", "Unit": "USD"},
                "UsageQuantity": {"Amount": "0", "Unit": "N/A"},
            },
            "Groups": [],
            "Estimated": True,
        }
    ]


def test_a_group_has_its_keys_and_metrics_and_the_answer_its_definitions(
    ce: Any, period: dict[str, str], used: None
) -> None:
    by = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "TAG", "Key": "team"}]
    answer = ce.get_cost_and_usage(
        TimePeriod=period, Granularity="MONTHLY", Metrics=["UsageQuantity"], GroupBy=by, Filter=PUTS
    )
    assert answer["GroupDefinitions"] == by
    (result,) = answer["ResultsByTime"]
    assert result["Total"] == {}
    assert result["Groups"] == [
        {"Keys": [S3, f"team${team}"], "Metrics": {"UsageQuantity": {"Amount": "3", "Unit": "Requests"}}}
        for team in ("blue", "red")
    ]


def test_all_kinds_of_cost_are_the_same_sum(ce: Any, period: dict[str, str], used: None) -> None:
    (result,) = ask(ce, period, Metrics=sorted(costs.METRICS), Filter=PUTS)
    total = result["Total"]
    assert {metric: total[metric]["Amount"] for metric in costs.COSTS} == dict.fromkeys(costs.COSTS, "0.00003")
    assert total["NormalizedUsageAmount"] == {"Amount": "0", "Unit": "N/A"}
    assert total["UsageQuantity"] == {"Amount": "6", "Unit": "Requests"}


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("SERVICE", {S3: 8, SQS: 1}),
        ("SERVICE_CODE", {"AmazonS3": 8, "AWSQueueService": 1}),
        ("REGION", {"us-east-1": 5, "eu-west-1": 4}),
        ("USAGE_TYPE", {"Requests-Tier1": 5, "EU-Requests-Tier1": 4}),
        ("OPERATION", {"PutObject": 6, "CreateBucket": 2, "CreateQueue": 1}),
        ("RECORD_TYPE", {"Usage": 9}),
    ],
)
def test_usage_is_grouped_by_a_dimension(
    ce: Any, period: dict[str, str], used: None, key: str, wanted: dict[str, int]
) -> None:
    requests = {"Not": {"Dimensions": {"Key": "OPERATION", "Values": ["StandardStorage"]}}}
    found = lines(ce, period, key, Filter=requests)
    assert {name: quantity for name, (quantity, _) in found.items()} == wanted


def test_an_account_is_a_dimension(ce: Any, period: dict[str, str], used: None, account: str) -> None:
    assert set(lines(ce, period, "LINKED_ACCOUNT")) == {account}


# --------------------------------------------------------------------------- filters
def _dimension(key: str, *values: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": key, "Values": list(values)}}


def _tagged(*values: str) -> dict[str, Any]:
    return {"Tags": {"Key": "team", "Values": list(values)}}


@pytest.mark.parametrize(
    ("expression", "quantity"),
    [
        (_dimension("SERVICE", SQS), 1),
        (_dimension("SERVICE", S3, SQS), 9),
        (_tagged("red"), 3),
        (_tagged("red", "blue"), 6),
        (_tagged(""), 3),
        ({"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}, 3),
        ({"Not": _tagged("red")}, 6),
        ({"And": [_dimension("SERVICE", S3), {"Not": _dimension("REGION", "eu-west-1")}]}, 4),
        ({"Or": [_dimension("SERVICE", SQS), {"And": [_tagged("blue"), PUTS]}]}, 4),
        (_dimension("SERVICE", "sqs"), 0),
    ],
)
def test_a_filter_chooses(
    ce: Any, period: dict[str, str], used: None, expression: dict[str, Any], quantity: int
) -> None:
    requests = {"Not": _dimension("OPERATION", "StandardStorage")}
    (result,) = ask(ce, period, Filter={"And": [expression, requests]})
    assert Decimal(result["Total"]["UsageQuantity"]["Amount"]) == quantity


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"And": [PUTS, PUTS], "Not": PUTS},
        {"Or": [PUTS]},
        {"Dimensions": {"Key": "SERVICE"}},
        {"Dimensions": {"Values": ["x"]}},
        {"Dimensions": {"Key": "SERVICE", "Values": ["x"], "MatchOptions": ["STARTS_WITH"]}},
        {"Tags": {"Values": ["x"]}},
        {"Tags": {"Key": "team"}},
        {"Tags": {"Key": "team", "Values": ["x"], "MatchOptions": ["ABSENT"]}},
        {"Not": {"And": [PUTS, {}]}},
    ],
)
def test_an_expression_that_says_nothing_is_refused(
    ce: Any, period: dict[str, str], expression: dict[str, Any]
) -> None:
    refused = _refused(ce, TimePeriod=period, Granularity="MONTHLY", Metrics=["UsageQuantity"], Filter=expression)
    assert refused["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    "asked",
    [
        {"Granularity": "HOURLY"},
        {"GroupBy": [{"Type": "DIMENSION", "Key": "INSTANCE_TYPE"}]},
        {"GroupBy": [{"Type": "COST_CATEGORY", "Key": "x"}]},
        {"Filter": {"CostCategories": {"Key": "x", "Values": ["y"]}}},
        {"Filter": _dimension("PURCHASE_TYPE", "x")},
        {"BillingViewArn": "arn:aws:billing::123456789012:billingview/primary"},
    ],
)
def test_what_is_not_here_says_501(ce: Any, period: dict[str, str], asked: dict[str, Any]) -> None:
    given = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UsageQuantity"], **asked}
    assert _refused(ce, **given)["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"Metrics": ["Everything"]}, "Everything"),
        ({"Metrics": []}, "metric"),
        ({"GroupBy": [{"Type": "TAG", "Key": name} for name in "abc"]}, "2 keys"),
        ({"GroupBy": [{"Type": "TAG"}]}, "Type and a Key"),
        ({"TimePeriod": {"Start": "2026-02-30", "End": "2026-03-01"}}, "2026-02-30"),
        ({"TimePeriod": {"Start": "2026-01-01T00:00:00Z", "End": "2026-03-01"}}, "yyyy-MM-dd"),
        ({"TimePeriod": {"Start": "2026-02-02", "End": "2026-02-02"}}, "should be before end date"),
    ],
)
def test_bad_input_is_a_validation_exception(ce: Any, period: dict[str, str], asked: dict[str, Any], said: str) -> None:
    given = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UsageQuantity"], **asked}
    refused = _refused(ce, **given)
    assert refused["Error"]["Code"] == "ValidationException"
    assert said in refused["Error"]["Message"]


# --------------------------------------------------------------------------- periods
def test_periods_have_their_limits(ce: Any, cloud: CloudProcess) -> None:
    day = today(cloud)
    tomorrow, far = day + timedelta(days=1), next_month(next_month(day))
    old = (day.replace(day=1) - timedelta(days=440)).replace(day=2)
    ancient = day.replace(year=day.year - 5, day=1)
    for start, end, code, said in (
        (tomorrow, far, "ValidationException", "no later than the current date"),
        (day, next_month(day) + timedelta(days=1), "ValidationException", "end date past the beginning of next month"),
        (old, day, "ValidationException", "first day of the month"),
        (ancient, day, "BillExpirationException", "expired"),
    ):
        period = {"Start": start.isoformat(), "End": end.isoformat()}
        refused = _refused(ce, TimePeriod=period, Granularity="MONTHLY", Metrics=["UsageQuantity"])
        assert (refused["Error"]["Code"], said in refused["Error"]["Message"]) == (code, True)
    period = {"Start": old.replace(day=1).isoformat(), "End": day.replace(day=1).isoformat()}
    assert len(ask(ce, period)) >= 14


def test_days_and_months_add_up_and_closed_months_are_no_estimate(own_cloud: CloudProcess, account: str) -> None:
    first = next_month(today(own_cloud))
    go_to(own_cloud, first)
    ce, sqs = own_cloud.client("ce", account=account), own_cloud.client("sqs", account=account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    go_to(own_cloud, first + timedelta(days=2))
    for _ in range(3):
        sqs.get_queue_attributes(QueueUrl=url)
    go_to(own_cloud, next_month(first))
    sqs.get_queue_attributes(QueueUrl=url)
    period = {"Start": first.isoformat(), "End": (next_month(first) + timedelta(days=1)).isoformat()}
    daily = ask(ce, period, Granularity="DAILY")
    assert len(daily) == (next_month(first) - first).days + 1
    assert daily[2]["TimePeriod"] == {
        "Start": (first + timedelta(days=2)).isoformat(),
        "End": (first + timedelta(days=3)).isoformat(),
    }
    amounts = [int(Decimal(one["Total"]["UsageQuantity"]["Amount"])) for one in daily]
    assert [(day, amount) for day, amount in enumerate(amounts) if amount] == [(0, 1), (2, 3), (len(daily) - 1, 1)]
    monthly = ask(ce, period)
    assert [
        (one["TimePeriod"]["Start"], one["Total"]["UsageQuantity"]["Amount"], one["Estimated"]) for one in monthly
    ] == [
        (first.isoformat(), "4", False),
        (next_month(first).isoformat(), "1", True),
    ]
    inside = {"Start": (first + timedelta(days=1)).isoformat(), "End": (first + timedelta(days=5)).isoformat()}
    (cut,) = ask(ce, inside)
    assert (cut["TimePeriod"], cut["Total"]["UsageQuantity"]["Amount"]) == (inside, "3")


def test_the_bill_stays_after_a_restart_and_goes_with_a_reset(own_cloud: CloudProcess, account: str) -> None:
    own_cloud.client("sqs", account=account).create_queue(QueueName="q")
    assert own_cloud.stop() == 0
    own_cloud.start()
    ce = own_cloud.client("ce", account=account)
    period = month(today(own_cloud))
    assert lines(ce, period)["Requests-Tier1"][0] == 1
    own_cloud.admin("POST", "/_fogstead/reset")
    assert lines(ce, period) == {}


def test_an_account_reads_its_own_bill_only(ce: Any, period: dict[str, str], used: None, cloud: CloudProcess) -> None:
    assert lines(cloud.client("ce", account="999999999993"), period) == {}


def test_any_region_tells_the_same_bill(ce: Any, period: dict[str, str], used: None, client: Any) -> None:
    assert lines(client("ce", region="eu-west-1"), period, Filter=PUTS) == lines(ce, period, Filter=PUTS)


# --------------------------------------------------------------------------- pages
def test_pages_joined_are_the_whole_and_bound_to_their_request() -> None:
    entries, request = list(range(7)), {"TimePeriod": {"Start": "a"}, "MaxResults": 3}
    seen: list[int] = []
    following: dict[str, str] = {}
    while True:
        page, following = paging.page(entries, {**request, **following}, 3)
        seen += page
        if not following:
            break
        token = following
    assert seen == entries
    with pytest.raises(RequestChanged):
        paging.page(entries, {"TimePeriod": {"Start": "b"}, **token}, 3)
    for wrong in ("x", "AAAA", "é", token["NextPageToken"] + "AAAA"):
        with pytest.raises(InvalidNextToken):
            paging.page(entries, {**request, "NextPageToken": wrong}, 3)
    assert paging.page(entries, request, 7) == (entries, {})


def test_a_token_of_another_report_is_refused(ce: Any, period: dict[str, str]) -> None:
    given = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["UsageQuantity"]}
    refused = _refused(ce, **given, NextPageToken="nonsense")
    assert refused["Error"]["Code"] == "InvalidNextTokenException"


def test_a_group_that_begins_a_page_is_shown_in_its_period() -> None:
    pieces = [costs.Span(0, 1), costs.Span(1, 2)]
    groups: Any = {("a",): [], ("b",): [], ("c",): []}
    rows = [row for piece in pieces for row in costs._rows(piece, groups, grouped=True)]
    shown = costs._joined(rows[2:5])
    assert [(piece, [key for key, _ in found]) for piece, found in shown] == [
        (pieces[0], [("c",)]),
        (pieces[1], [("a",), ("b",)]),
    ]
