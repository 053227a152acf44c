"""Names, parameters, statements and spans by themselves."""

from __future__ import annotations

import pytest

from fogstead.model.standard import standard_models
from fogstead.services.cloudtrail import names, spans, sql, statements
from fogstead.services.cloudtrail.parameters import moment, written
from fogstead.services.cloudtrail.service import InvalidQueryStatement
from fogstead.services.cloudtrail.spans import Span

AT = 1_795_322_280_000  # 2026-11-22T04:38:00Z
STORE = "0ab1c2d3-1111-2222-3333-444455556666"


def test_files_are_named_as_cloudtrail_names_them() -> None:
    assert names.log_file("all", "111122223333", "us-east-1", AT, "a" * 16) == (
        "all/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/"
        "111122223333_CloudTrail_us-east-1_20261122T0438Z_aaaaaaaaaaaaaaaa.json.gz"
    )
    assert names.digest_file("", "111122223333", "eu-west-1", "main", "us-east-1", AT) == (
        "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/22/"
        "111122223333_CloudTrail-Digest_eu-west-1_main_us-east-1_20261122T043800Z.json.gz"
    )


def test_members_are_written_small_and_keys_of_maps_as_they_are() -> None:
    shape = standard_models().load("sqs").operation("CreateQueue").input
    given = {"QueueName": "orders", "tags": {"Team": "blue"}, "Attributes": {"DelaySeconds": "3"}}
    assert written(shape, given, "sqs") == {
        "queueName": "orders",
        "tags": {"Team": "blue"},
        "attributes": {"DelaySeconds": "3"},
    }
    assert written(shape, None, "sqs") is None


def test_s3s_members_have_their_names_on_the_wire() -> None:
    shape = standard_models().load("s3").operation("PutObject").input
    given = {"Bucket": "b", "Key": "K", "ACL": "private", "StorageClass": "STANDARD_IA", "Metadata": {"A": "1"}}
    assert written(shape, given, "s3") == {
        "bucketName": "b",
        "key": "K",
        "x-amz-acl": "private",
        "x-amz-storage-class": "STANDARD_IA",
        "metadata": {"A": "1"},
    }


def test_times_are_written_as_people_write_them() -> None:
    assert moment(AT) == "Nov 22, 2026, 4:38:00 AM"
    assert moment(AT + 12 * 3_600_000) == "Nov 22, 2026, 4:38:00 PM"
    assert moment(AT - 5 * 3_600_000) == "Nov 21, 2026, 11:38:00 PM"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (f"SELECT a FROM {STORE}", f'SELECT a FROM "{STORE}"'),
        (f"SELECT a FROM {STORE.upper()} x", f'SELECT a FROM "{STORE}" x'),
        (f'SELECT a FROM "{STORE}"', f'SELECT a FROM "{STORE}"'),
        (f"SELECT '{STORE}' FROM {STORE}", f"SELECT '{STORE}' FROM \"{STORE}\""),
        (f"SELECT 'it''s {STORE}' FROM {STORE}", f"SELECT 'it''s {STORE}' FROM \"{STORE}\""),
        (f"SELECT a -- {STORE}\nFROM {STORE}", f'SELECT a -- {STORE}\nFROM "{STORE}"'),
        (f"SELECT a /* {STORE} */ FROM {STORE}", f'SELECT a /* {STORE} */ FROM "{STORE}"'),
    ],
)
def test_the_id_of_a_store_is_a_table_but_not_in_texts_and_comments(text: str, made: str) -> None:
    found = statements.read(text)
    assert (found.sql, found.ids) == (made, (STORE,))


@pytest.mark.parametrize("text", ["SELECT 1", f"SELECT '{STORE}'", f"SELECT 1 -- {STORE}", "SELECT a FROM lake"])
def test_a_statement_without_a_store_is_refused(text: str) -> None:
    with pytest.raises(InvalidQueryStatement):
        statements.read(text)


def test_values_are_shown_as_text() -> None:
    assert sql.shown_value(None) == ""
    assert sql.shown_value(True) == "true"
    assert sql.shown_value({"a": 1, "b": None, "c": ["x", None]}) == "{a=1, b=null, c=[x, null]}"


def test_spans_open_close_and_move() -> None:
    logged = spans.opened((), 10)
    assert logged == (Span(10),)
    assert spans.closed(logged, 15) == (Span(10, 15),)
    assert spans.closed(spans.closed(logged, 15), 20) == (Span(10, 15),)
    two = spans.opened(spans.closed(logged, 15), 20)
    assert spans.moved(two, 12) == (Span(12, 15), Span(20))
    assert spans.moved(two, 15) == (Span(20),)
    assert spans.moved((Span(20),), 30) == (Span(30),)


def test_what_the_audit_no_longer_has_is_counted() -> None:
    two = (Span(10, 15), Span(20))
    assert spans.reachable(two, 5) == (two, 0)
    assert spans.reachable(two, 13) == ((Span(12, 15), Span(20)), 2)
    assert spans.reachable(two, 18) == ((Span(20),), 5)
    assert spans.reachable(two, 31) == ((Span(30),), 15)
