"""`aws cloudtrail validate-logs` walks the chain of digests and believes it, until somebody touches a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clients.programs import Cli
from cloud import CloudProcess
from services.cloudtrail.conftest import Timed, timed_on
from services.cloudtrail.helpers import keys

pytestmark = pytest.mark.slow

ACCOUNT = "000000000000"
HOUR = 3600


@pytest.fixture
def here(own_cloud: CloudProcess) -> Timed:
    """Three hours with something in each of them."""
    made = timed_on(own_cloud, ACCOUNT)
    made.trail(EnableLogFileValidation=True)
    for number in range(3):
        made.sqs.create_queue(QueueName=f"q{number}")
        own_cloud.advance(HOUR)
    return made


def _validate(aws: Cli, here: Timed) -> tuple[int, str]:
    if "--endpoint-url" in aws.command:
        pytest.skip("before 2.13 validate-logs asks AWS's own S3, whatever it is told")
    clock = here.cloud.admin("GET", "/_fogstead/clock")
    now = datetime.fromtimestamp(clock["cloud_millis"] / 1000, UTC)
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
    finished = aws.refused(
        *("cloudtrail", "validate-logs", "--trail-arn", arn, "--verbose"),
        *("--start-time", (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        *("--end-time", (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")),
    )
    return finished.code, finished.out + finished.err


def test_the_chain_of_digests_is_believed(aws: Cli, here: Timed) -> None:
    code, said = _validate(aws, here)
    assert code == 0, said
    assert "3/3 digest files valid" in said, said
    assert "log files valid" in said, said
    assert "INVALID" not in said


def test_a_changed_log_file_is_found_out(aws: Cli, here: Timed) -> None:
    key = keys(here.s3, here.bucket)[0]
    here.s3.put_object(Bucket=here.bucket, Key=key, Body=b"nothing happened", ContentEncoding="gzip")
    code, said = _validate(aws, here)
    assert code != 0
    assert "INVALID" in said


def test_a_removed_digest_is_found_out(aws: Cli, here: Timed) -> None:
    middle = keys(here.s3, here.bucket, "/CloudTrail-Digest/")[1]
    here.s3.delete_object(Bucket=here.bucket, Key=middle)
    code, said = _validate(aws, here)
    assert "INVALID" in said or "not found" in said, (code, said)


def test_events_are_looked_up(aws: Cli, here: Timed) -> None:
    found = aws(
        *("cloudtrail", "lookup-events", "--lookup-attributes"),
        "AttributeKey=EventName,AttributeValue=CreateQueue",
    ).json["Events"]
    assert [one["Resources"][0]["ResourceName"] for one in found] == ["q2", "q1", "q0"]
