"""`fogstead bill`, on a cloud of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.commands_run import fogstead
from cloud import CloudProcess
from services.ce.bill import go_to, next_month, today


@pytest.fixture
def used(own_cloud: CloudProcess) -> CloudProcess:
    """At the beginning of a month, with 5 requests of S3 and 2 of SQS."""
    go_to(own_cloud, next_month(today(own_cloud)))
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="billed", CreateBucketConfiguration={"Tags": [{"Key": "team", "Value": "red"}]})
    for _ in range(4):
        s3.put_object(Bucket="billed", Key="a", Body=b"x" * 1024 * 1024)
    sqs = own_cloud.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"], MessageBody="x")
    return own_cloud


def _bill(cloud: CloudProcess, *more: str) -> Any:
    done = fogstead("bill", "--url", cloud.endpoint, "-o", "json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_table_has_lines_units_and_a_total(used: CloudProcess) -> None:
    done = fogstead("bill", "--url", used.endpoint)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "service usage-type quantity unit USD"
    assert "Amazon Simple Storage Service Requests-Tier1 5 Requests 0.000025" in lines
    assert "Amazon Simple Queue Service Requests-Tier1 2 Requests 0" in lines
    assert lines[-1].startswith(f"Total for {today(used):%Y-%m}, so far: 0.000025")


def test_a_month_and_what_it_is_by_can_be_said(used: CloudProcess) -> None:
    start = today(used)
    go_to(used, next_month(start))
    by_day = _bill(used, "--month", f"{start:%Y-%m}", "--by", "day,service")
    assert not by_day["estimated"]
    days = {line["day"] for line in by_day["lines"]}
    assert {start.isoformat(), (next_month(start) - timedelta(days=1)).isoformat()} <= days
    assert sum(Decimal(line["cost"]) for line in by_day["lines"]) == Decimal(by_day["total"])
    assert float(by_day["total"]) == pytest.approx(0.000025 + 0.023 / 1024, rel=1e-4)
    by_team = _bill(used, "--month", f"{start:%Y-%m}", "--by", "tag:team,region")
    assert {(line["tag:team"], line["region"]) for line in by_team["lines"]} == {
        ("", "us-east-1"),
        ("red", "us-east-1"),
    }
    whole = _bill(used, "--month", f"{start:%Y-%m}", "--by", "day")
    assert len(whole["lines"]) == (next_month(start) - start).days


def test_another_account_has_another_bill(used: CloudProcess) -> None:
    assert _bill(used, "--account", "111122223333") == {
        "month": f"{today(used):%Y-%m}",
        "estimated": True,
        "currency": "USD",
        "total": "0",
        "lines": [],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--by", "colour"), 2, "colour"),
        (("--by", "service,region,operation"), 2, "more than 2"),
        (("--month", "november"), 2, "no month"),
        (("--month", "2199-01"), 1, "no later than the current date"),
        (("--account", "12"), 1, "cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_said(
    own_cloud: CloudProcess, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = fogstead("bill", "--url", own_cloud.endpoint, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_without_a_cloud_there_is_no_bill(tmp_path: Path) -> None:
    assert fogstead("bill", data_dir=tmp_path).returncode == 3


def test_a_book_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "book.json").write_text("{}")
    done = fogstead("start", "--port", "0", "--price-book", tmp_path / "book.json", data_dir=tmp_path / "data")
    assert done.returncode == 1
    assert "is no price book" in done.stderr
    assert not (tmp_path / "data" / "lock").exists() or fogstead("status", data_dir=tmp_path / "data").returncode == 3
