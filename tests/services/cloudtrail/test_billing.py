"""What CloudTrail puts on the bill."""

from __future__ import annotations

from services.ce.bill import lines, month, today
from services.cloudtrail.conftest import Timed
from services.cloudtrail.helpers import delivered, open_for_trails


def test_the_first_copy_of_management_events_is_free_and_others_are_paid_for(timed: Timed) -> None:
    timed.trail()
    timed.cloud.advance(1)
    open_for_trails(timed.s3, f"more-{timed.account}", timed.account, trail="second")
    timed.cloudtrail.create_trail(Name="second", S3BucketName=f"more-{timed.account}")
    timed.cloudtrail.start_logging(Name="second")
    for number in range(3):
        timed.sqs.create_queue(QueueName=f"q{number}")
    timed.cloud.advance(600)

    found = lines(timed.client("ce"), month(today(timed.cloud)))
    free, paid = found["USE1-FreeEventsRecorded"], found["USE1-PaidEventsRecorded"]
    assert free[0] == len([event for event in delivered(timed.s3, timed.bucket) if event["managementEvent"]])
    assert paid[0] >= 3
    assert free[1] == 0
    assert paid[1] > 0
