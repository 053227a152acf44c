"""Notifications: asked for by a bucket's owner, tried when they are, and delivered after each change.

What happened is noted in the transaction of the change (`notices`), so a crash loses nothing of it. Buckets share one
home, whose outbox keeps their order; delivery is at least once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fogstead.kernel.arns import Arn
from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import reaction
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import notification_messages, notification_rules
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.notices import CONFIGURATION, HAPPENED
from fogstead.services.s3.notification_rules import Target
from fogstead.services.s3.service import InvalidArgument, NoSuchBucket, s3

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        GetBucketNotificationConfigurationRequest,
        NotificationConfiguration,
        PutBucketNotificationConfigurationRequest,
    )

log = logging.getLogger(__name__)


# --------------------------------------------------------------------------- the configuration
@s3.operation(on=Bucket, at="Bucket", action="s3:GetBucketNotification")
def get_bucket_notification_configuration(
    tx: Transaction,
    req: GetBucketNotificationConfigurationRequest,  # noqa: ARG001
) -> NotificationConfiguration:
    """Who is told of what; empty when nobody is."""
    found: NotificationConfiguration = notification_rules.shown(tx.resource.configurations.get(CONFIGURATION, ()))
    return found


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketNotification")
async def put_bucket_notification_configuration(call: Call, req: PutBucketNotificationConfigurationRequest) -> None:
    """Replaces the whole configuration, once a test message has reached every queue in it."""
    bucket: Bucket = call.resource
    configuration = req["NotificationConfiguration"]
    targets = notification_rules.targets_of(configuration, bucket.location, call.cloud.ids.uuid)
    if not req.get("SkipDestinationValidation"):
        await _try_queues(call, bucket, targets)
    await call.transact(_keep, bucket, targets)


def _keep(tx: Transaction, seen: Bucket, targets: list[Target]) -> None:
    """The bucket may be another one of the same name since its queues were tried."""
    bucket: Bucket = tx.resource
    if bucket.incarnation != seen.incarnation:
        raise NoSuchBucket
    others = {name: value for name, value in bucket.configurations.items() if name != CONFIGURATION}
    tx.replace(bucket, configurations={**others, CONFIGURATION: targets} if targets else others)


async def _try_queues(call: Call, bucket: Bucket, targets: list[Target]) -> None:
    """InvalidArgument that names each queue which does not take a message."""
    text = notification_messages.test_event(bucket.name, call.origin.request_id, call.cloud.clock.now())
    refusals: dict[str, str] = {}
    for arn in dict.fromkeys(target["arn"] for target in targets):
        try:
            await _send(call, bucket.arn, bucket.owner, arn, text)
        except ServiceError as error:
            if not error.sender_fault:
                raise
            refusals[arn] = _why(error)
    if refusals:
        members = {
            f"{member}{number}": text
            for number, (arn, why) in enumerate(refusals.items(), 1)
            for member, text in (("ArgumentName", arn), ("ArgumentValue", why))
        }
        raise InvalidArgument("Unable to validate the following destination configurations", **members)


def _why(error: ServiceError) -> str:
    if isinstance(error, AccessDenied):
        return "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    return error.message


async def _send(call: Call, bucket_arn: str, owner: str, queue_arn: str, text: str) -> None:
    services = call.as_service(source=bucket_arn, account=owner, region=Arn.parse(queue_arn).region)
    await services.sqs.send_message(QueueUrl=queue_arn, MessageBody=text)


# --------------------------------------------------------------------------- the delivery
@reaction(HAPPENED, name="s3.notify")
async def notify(call: Call, happened: dict[str, Any]) -> None:
    """Tells each target of an event.

    A queue that is gone, or lets S3 send no more, never hears of it: the event is dropped for this queue, as AWS does,
    and goes to the others. A fault of the cloud's own is raised once all were tried, so that the outbox tries again.
    """
    bucket_arn = f"arn:aws:s3:::{happened['bucket']}"
    fault: ServiceError | None = None
    for configuration_id, arn in happened["targets"]:
        try:
            text = notification_messages.records(happened, configuration_id)
            await _send(call, bucket_arn, happened["owner"], arn, text)
        except ServiceError as error:
            if error.sender_fault:
                log.info("%s was not told of %s in %s: %s", arn, happened["name"], bucket_arn, error.message)
            else:
                fault = error
    if fault is not None:
        raise fault
