"""Queries: SQL over what an event data store has taken in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess
from services.cloudtrail.conftest import Timed

pytest.importorskip("duckdb", reason="needs DuckDB: pip install 'fogstead[sql]'")

DAY = 86_400
PATIENCE_SECONDS = 30


@pytest.fixture
def store(cloudtrail: Any) -> str:
    """An event data store's id."""
    return made(cloudtrail)


def made(cloudtrail: Any, **more: Any) -> str:
    given = {"Name": "lake", "TerminationProtectionEnabled": False, **more}
    return str(cloudtrail.create_event_data_store(**given)["EventDataStoreArn"].rpartition("/")[2])


def ended(cloudtrail: Any, query: str) -> dict[str, Any]:
    """A query once it has ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        seen: dict[str, Any] = cloudtrail.describe_query(QueryId=query)
        if seen["QueryStatus"] not in {"QUEUED", "RUNNING"}:
            return seen
    raise AssertionError(f"the query did not end: {seen}")


def ask(cloudtrail: Any, statement: str) -> list[dict[str, str]]:
    """The rows of a query that has to finish."""
    query = cloudtrail.start_query(QueryStatement=statement)["QueryId"]
    seen = ended(cloudtrail, query)
    assert seen["QueryStatus"] == "FINISHED", seen
    found, token = [], {}
    while True:
        page = cloudtrail.get_query_results(QueryId=query, MaxQueryResults=2, **token)
        found += [{name: value for column in row for name, value in column.items()} for row in page["QueryResultRows"]]
        if "NextToken" not in page:
            assert page["QueryStatistics"]["TotalResultsCount"] == len(found)
            return found
        token = {"NextToken": page["NextToken"]}


def refused(cloudtrail: Any, statement: str) -> str:
    with pytest.raises(ClientError) as error:
        cloudtrail.start_query(QueryStatement=statement)
    return str(error.value.response["Error"]["Code"])


def test_events_are_found_by_their_nested_fields(cloudtrail: Any, sqs: Any, store: str, account: str) -> None:
    for name in ("orders", "bills", "parcels"):
        sqs.create_queue(QueueName=name, tags={"Team": "blue"})
    rows = ask(
        cloudtrail,
        f"""SELECT eventName, userIdentity.arn AS who, requestParameters['queueName'] AS queue,
                   element_at(requestParameters, 'tags') AS tags, resources[1].type AS kind, awsRegion, readOnly
            FROM {store} -- the lake
            WHERE eventSource = 'sqs.amazonaws.com' AND eventTime > '2020-01-01 00:00:00'
            ORDER BY queue""",
    )
    root = f"arn:aws:iam::{account}:root"
    assert rows == [
        {
            "eventName": "CreateQueue",
            "who": root,
            "queue": name,
            "tags": '{"Team":"blue"}',
            "kind": "AWS::SQS::Queue",
            "awsRegion": "us-east-1",
            "readOnly": "false",
        }
        for name in ("bills", "orders", "parcels")
    ]


def test_events_are_counted_and_grouped(cloudtrail: Any, sqs: Any, store: str) -> None:
    for number in range(3):
        sqs.create_queue(QueueName=f"q{number}")
    sqs.list_queues()
    rows = ask(
        cloudtrail,
        f"SELECT eventName, count(*) AS n FROM {store} WHERE eventSource = 'sqs.amazonaws.com' "
        "GROUP BY eventName HAVING count(*) > 0 ORDER BY n DESC",
    )
    assert rows == [{"eventName": "CreateQueue", "n": "3"}, {"eventName": "ListQueues", "n": "1"}]


def test_times_and_whole_events_are_shown_as_text(cloudtrail: Any, queue: str, store: str, sqs: Any) -> None:
    sqs.list_queues()
    ((row),) = ask(
        cloudtrail,
        f"SELECT eventTime, eventJson, errorCode, tlsDetails FROM {store} WHERE eventName = 'ListQueues'",
    )
    assert len(row["eventTime"]) == len("2026-11-22 04:38:00.000")
    assert '"eventName":"ListQueues"' in row["eventJson"]
    assert row["errorCode"] == ""


def test_a_store_has_what_was_asked_before_the_query_and_nothing_from_before_it_was(
    cloudtrail: Any, sqs: Any, queue: str
) -> None:
    store = made(cloudtrail)
    statement = f"SELECT requestParameters['queueName'] AS q FROM {store} WHERE eventName = 'CreateQueue'"
    assert ask(cloudtrail, statement) == []
    sqs.create_queue(QueueName="later")
    assert ask(cloudtrail, statement) == [{"q": "later"}]


def test_a_store_takes_what_its_selectors_take(cloudtrail: Any, sqs: Any, account: str) -> None:
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "resources.ARN", "StartsWith": [f"arn:aws:sqs:us-east-1:{account}:o"]},
    ]
    store = made(cloudtrail, AdvancedEventSelectors=[{"FieldSelectors": fields}])
    for name in ("orders", "bills"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="secret words")
    rows = ask(cloudtrail, f"SELECT eventName, eventJson FROM {store}")
    assert [row["eventName"] for row in rows] == ["SendMessage"]
    assert "orders" in rows[0]["eventJson"]
    assert "secret words" not in rows[0]["eventJson"]


def test_a_store_of_one_region_takes_nothing_of_another(client: Any, cloudtrail: Any) -> None:
    both, here = made(cloudtrail), made(cloudtrail, Name="pond", MultiRegionEnabled=False)
    client("sqs", region="eu-west-1").create_queue(QueueName="abroad")
    for store, count in ((both, "1"), (here, "0")):
        statement = f"SELECT count(*) AS n FROM {store} WHERE eventName = 'CreateQueue'"
        assert ask(cloudtrail, statement) == [{"n": count}]


def test_stores_can_be_joined(cloudtrail: Any, sqs: Any) -> None:
    one, two = made(cloudtrail), made(cloudtrail, Name="pond")
    sqs.create_queue(QueueName="orders")
    statement = (
        f"SELECT a.eventID AS id FROM {one} a JOIN {two} b ON a.eventID = b.eventID WHERE a.eventName = 'CreateQueue'"
    )
    assert len(ask(cloudtrail, statement)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT eventName",
        "SELECT nothing FROM {store}",
        "SELECT FROM WHERE {store}",
        "DROP TABLE {store}",
        "SELECT 1 FROM {store}; SELECT 2 FROM {store}",
        "COPY {store} TO '/tmp/stolen.csv'",
        "SELECT * FROM {store}, read_text('/etc/passwd')",
        "SELECT * FROM {store}, '/etc/passwd'",
        "PRAGMA table_info('{store}')",
        "EXPLAIN SELECT 1 FROM {store}",
        "SELECT getenv('HOME') FROM {store}",
        "SELECT * FROM {store} JOIN columns ON true",
    ],
)
def test_what_is_no_plain_select_over_stores_is_refused(cloudtrail: Any, store: str, statement: str) -> None:
    assert refused(cloudtrail, statement.format(store=store)) == "InvalidQueryStatementException"
    assert cloudtrail.list_queries(EventDataStore=store)["Queries"] == []


def test_files_stay_out_of_reach_whatever_is_tried(cloudtrail: Any, queue: str, store: str, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\nsecret words\n")
    for function in ("read_csv", "read_text", "read_blob", "glob"):
        statement = f"SELECT * FROM {store}, {function}('{tmp_path}/secret.csv')"
        assert refused(cloudtrail, statement) == "InvalidQueryStatementException"
    statement = f"SELECT * FROM {store}, query('SELECT * FROM read_text(''{tmp_path}/secret.csv'')')"
    assert refused(cloudtrail, statement) == "InvalidQueryStatementException"
    statement = f"SELECT * FROM {store}, sniff_csv('{tmp_path}/secret.csv')"  # found out when it runs
    seen = ended(cloudtrail, cloudtrail.start_query(QueryStatement=statement)["QueryId"])
    assert seen["QueryStatus"] == "FAILED"
    assert "Permission" in seen["ErrorMessage"]


def test_a_query_that_fails_says_why(cloudtrail: Any, sqs: Any, store: str) -> None:
    sqs.list_queues()
    query = cloudtrail.start_query(QueryStatement=f"SELECT CAST(eventName AS INTEGER) AS n FROM {store}")["QueryId"]
    seen = ended(cloudtrail, query)
    assert seen["QueryStatus"] == "FAILED"
    assert "Conversion" in seen["ErrorMessage"]
    results = cloudtrail.get_query_results(QueryId=query)
    assert (results["QueryStatus"], results["QueryResultRows"]) == ("FAILED", [])


def test_a_query_can_be_cancelled_once(cloudtrail: Any, sqs: Any, store: str) -> None:
    for _ in range(20):
        sqs.list_queues()
    tables = ", ".join(f"{store} t{number}" for number in range(9))
    query = cloudtrail.start_query(QueryStatement=f"SELECT count(*) AS n FROM {tables}")["QueryId"]
    assert cloudtrail.describe_query(QueryId=query)["QueryStatus"] in {"QUEUED", "RUNNING"}
    assert cloudtrail.cancel_query(QueryId=query)["QueryStatus"] == "CANCELLED"
    assert cloudtrail.describe_query(QueryId=query)["QueryStatus"] == "CANCELLED"
    with pytest.raises(cloudtrail.exceptions.InactiveQueryException):
        cloudtrail.cancel_query(QueryId=query)
    assert ask(cloudtrail, f"SELECT 1 AS one FROM {store} LIMIT 1") == [{"one": "1"}]


def test_a_query_that_needs_too_much_memory_fails_and_harms_nobody(cloudtrail: Any, sqs: Any, store: str) -> None:
    sqs.list_queues()
    statement = f"SELECT list(range) AS n FROM {store}, range(200000000) WHERE eventName = 'ListQueues'"
    query = cloudtrail.start_query(QueryStatement=statement)["QueryId"]
    seen = ended(cloudtrail, query)
    assert seen["QueryStatus"] == "FAILED"
    assert "memory" in seen["ErrorMessage"].lower()
    assert ask(cloudtrail, f"SELECT 1 AS one FROM {store} LIMIT 1") == [{"one": "1"}]


def test_queries_are_listed_newest_first_and_by_status(cloudtrail: Any, sqs: Any, store: str) -> None:
    sqs.list_queues()
    statements = [f"SELECT 1 AS n FROM {store}", f"SELECT CAST(eventName AS INTEGER) AS n FROM {store}"]
    first, second = [cloudtrail.start_query(QueryStatement=one)["QueryId"] for one in statements]
    ended(cloudtrail, first)
    ended(cloudtrail, second)
    listed = cloudtrail.list_queries(EventDataStore=store)["Queries"]
    assert {one["QueryId"] for one in listed} == {first, second}
    failed = cloudtrail.list_queries(EventDataStore=store, QueryStatus="FAILED")["Queries"]
    assert [one["QueryId"] for one in failed] == [second]
    page = cloudtrail.list_queries(EventDataStore=store, MaxResults=1)
    rest = cloudtrail.list_queries(EventDataStore=store, MaxResults=1, NextToken=page["NextToken"])
    assert {one["QueryId"] for one in page["Queries"] + rest["Queries"]} == {first, second}
    assert "NextToken" not in rest
    with pytest.raises(cloudtrail.exceptions.InvalidNextTokenException):
        cloudtrail.list_queries(EventDataStore=store, NextToken="AAAA" * 8)


def test_another_account_finds_neither_store_nor_query(client: Any, cloudtrail: Any, store: str) -> None:
    query = cloudtrail.start_query(QueryStatement=f"SELECT 1 AS n FROM {store}")["QueryId"]
    stranger = client("cloudtrail", account="210987654321")
    with pytest.raises(stranger.exceptions.EventDataStoreNotFoundException):
        stranger.start_query(QueryStatement=f"SELECT 1 AS n FROM {store}")
    with pytest.raises(stranger.exceptions.QueryIdNotFoundException):
        stranger.get_query_results(QueryId=query)


def test_a_store_about_to_be_deleted_is_not_queried(cloudtrail: Any, store: str) -> None:
    query = cloudtrail.start_query(QueryStatement=f"SELECT 1 AS n FROM {store}")["QueryId"]
    cloudtrail.delete_event_data_store(EventDataStore=store)
    assert refused(cloudtrail, f"SELECT 1 AS n FROM {store}") == "InactiveEventDataStoreException"
    with pytest.raises(cloudtrail.exceptions.InactiveEventDataStoreException):
        cloudtrail.describe_query(QueryId=query)


def test_a_query_that_a_kill_ended_runs_again_when_it_is_looked_at(own_cloud: CloudProcess) -> None:
    cloudtrail, sqs = own_cloud.client("cloudtrail"), own_cloud.client("sqs")
    store = made(cloudtrail)
    sqs.create_queue(QueueName="orders")
    statement = f"SELECT eventName AS n FROM {store} WHERE eventName = 'CreateQueue'"
    query = cloudtrail.start_query(QueryStatement=statement)["QueryId"]
    own_cloud.kill()
    own_cloud.start()
    assert ended(cloudtrail, query)["QueryStatus"] == "FINISHED"
    assert cloudtrail.get_query_results(QueryId=query)["QueryResultRows"] == [[{"n": "CreateQueue"}]]


def test_events_and_queries_are_kept_for_their_time(timed: Timed) -> None:
    cloudtrail = timed.cloudtrail
    store = made(cloudtrail, RetentionPeriod=30)
    timed.sqs.create_queue(QueueName="old")
    statement = f"SELECT requestParameters['queueName'] AS q FROM {store} WHERE eventName = 'CreateQueue' ORDER BY q"
    query = cloudtrail.start_query(QueryStatement=statement)["QueryId"]
    assert ended(cloudtrail, query)["QueryStatus"] == "FINISHED"
    timed.cloud.advance(20 * DAY)
    with pytest.raises(cloudtrail.exceptions.QueryIdNotFoundException):
        cloudtrail.describe_query(QueryId=query)
    timed.sqs.create_queue(QueueName="young")
    assert ask(cloudtrail, statement) == [{"q": "old"}, {"q": "young"}]
    timed.cloud.advance(11 * DAY)
    assert ask(cloudtrail, statement) == [{"q": "young"}]


def test_a_store_that_was_switched_off_has_what_it_took_and_no_more(cloudtrail: Any, sqs: Any, store: str) -> None:
    sqs.create_queue(QueueName="first")
    cloudtrail.stop_event_data_store_ingestion(EventDataStore=store)
    sqs.create_queue(QueueName="second")
    cloudtrail.start_event_data_store_ingestion(EventDataStore=store)
    sqs.create_queue(QueueName="third")
    statement = f"SELECT requestParameters['queueName'] AS q FROM {store} WHERE eventName = 'CreateQueue' ORDER BY q"
    assert ask(cloudtrail, statement) == [{"q": "first"}, {"q": "third"}]


@pytest.mark.parametrize(
    "given", [{"DeliveryS3Uri": "s3://logs/"}, {"QueryAlias": "template"}, {"EventDataStoreOwnerAccountId": "1" * 12}]
)
def test_members_that_would_have_no_effect_are_refused(cloudtrail: Any, store: str, given: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        cloudtrail.start_query(QueryStatement=f"SELECT 1 AS n FROM {store}", **given)


def test_a_cloud_that_is_stopped_waits_for_no_query(own_cloud: CloudProcess) -> None:
    cloudtrail, sqs = own_cloud.client("cloudtrail"), own_cloud.client("sqs")
    store = made(cloudtrail)
    for _ in range(20):
        sqs.list_queues()
    tables = ", ".join(f"{store} t{number}" for number in range(9))
    query = cloudtrail.start_query(QueryStatement=f"SELECT count(*) AS n FROM {tables}")["QueryId"]
    until = time.monotonic() + PATIENCE_SECONDS
    while cloudtrail.describe_query(QueryId=query)["QueryStatus"] == "QUEUED" and time.monotonic() < until:
        pass
    began = time.monotonic()
    assert own_cloud.stop() == 0
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
