"""What may be said about a bucket as a whole: versioning, who pays, tags, logging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import names
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.service import (
    IllegalVersioningConfigurationException,
    NoSuchTagSet,
    s3,
)

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketTaggingRequest,
        GetBucketAccelerateConfigurationOutput,
        GetBucketAccelerateConfigurationRequest,
        GetBucketLoggingOutput,
        GetBucketLoggingRequest,
        GetBucketRequestPaymentOutput,
        GetBucketRequestPaymentRequest,
        GetBucketTaggingOutput,
        GetBucketTaggingRequest,
        GetBucketVersioningOutput,
        GetBucketVersioningRequest,
        PutBucketLoggingRequest,
        PutBucketRequestPaymentRequest,
        PutBucketTaggingRequest,
        PutBucketVersioningRequest,
    )

# A document's digests are about its bytes, which are read before any operation sees them.
DIGESTS: Final = ("ContentMD5", "ChecksumAlgorithm")
PAYMENT: Final = "RequestPaymentConfiguration"


def configure(tx: Transaction, name: str, configuration: Any | None) -> None:
    """Keep a configuration of the call's bucket under its name; None is as if it had never been said."""
    bucket: Bucket = tx.resource
    rest = {key: value for key, value in bucket.configurations.items() if key != name}
    tx.replace(bucket, configurations=rest if configuration is None else {**rest, name: configuration})


# --------------------------------------------------------------------------- versioning
@s3.operation(on=Bucket, at="Bucket")
def get_bucket_versioning(tx: Transaction, req: GetBucketVersioningRequest) -> GetBucketVersioningOutput:  # noqa: ARG001
    """Nothing until it is said for the first time."""
    bucket: Bucket = tx.resource
    return {"Status": bucket.versioning} if bucket.versioning else {}


@s3.operation(on=Bucket, at="Bucket", ignores=(*DIGESTS, "MFA"))
def put_bucket_versioning(tx: Transaction, req: PutBucketVersioningRequest) -> None:
    """Enabled or Suspended; versions that are there stay either way. Deletes never ask for a second factor."""
    asked = req["VersioningConfiguration"]
    if asked.get("MFADelete") == "Enabled":
        raise NotImplementedHere("MFADelete is not implemented by this cloud.")
    status = asked.get("Status")
    if status is None:
        raise IllegalVersioningConfigurationException
    tx.replace(tx.resource, versioning=status)


# --------------------------------------------------------------------------- who pays
@s3.operation(on=Bucket, at="Bucket")
def get_bucket_request_payment(
    tx: Transaction,
    req: GetBucketRequestPaymentRequest,  # noqa: ARG001
) -> GetBucketRequestPaymentOutput:
    """The owner, unless it is said otherwise."""
    bucket: Bucket = tx.resource
    return {"Payer": bucket.configurations.get(PAYMENT, {}).get("Payer", "BucketOwner")}


@s3.operation(on=Bucket, at="Bucket", ignores=DIGESTS)
def put_bucket_request_payment(tx: Transaction, req: PutBucketRequestPaymentRequest) -> None:
    """Where requesters pay, they have to say so with each request: see `Bucket.expect`."""
    payer = req["RequestPaymentConfiguration"]["Payer"]
    configure(tx, PAYMENT, None if payer == "BucketOwner" else {"Payer": payer})


# --------------------------------------------------------------------------- tags
@s3.operation(on=Bucket, at="Bucket")
def get_bucket_tagging(tx: Transaction, req: GetBucketTaggingRequest) -> GetBucketTaggingOutput:  # noqa: ARG001
    """All of them; NoSuchTagSet where there are none."""
    bucket: Bucket = tx.resource
    if not bucket.tags:
        raise NoSuchTagSet(BucketName=bucket.name)
    return {"TagSet": [{"Key": key, "Value": value} for key, value in bucket.tags.items()]}


@s3.operation(on=Bucket, at="Bucket", ignores=DIGESTS)
def put_bucket_tagging(tx: Transaction, req: PutBucketTaggingRequest) -> None:
    """The whole set takes the place of the one before."""
    tx.replace(tx.resource, tags=names.bucket_tags(req["Tagging"]["TagSet"]))


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketTagging")
def delete_bucket_tagging(tx: Transaction, req: DeleteBucketTaggingRequest) -> None:  # noqa: ARG001
    """The whole set."""
    tx.replace(tx.resource, tags={})


# --------------------------------------------------------------------------- logging and acceleration
@s3.operation(on=Bucket, at="Bucket")
def get_bucket_logging(tx: Transaction, req: GetBucketLoggingRequest) -> GetBucketLoggingOutput:  # noqa: ARG001
    """Nothing: no requests are logged."""
    return {}


@s3.operation(on=Bucket, at="Bucket", ignores=DIGESTS)
def put_bucket_logging(tx: Transaction, req: PutBucketLoggingRequest) -> None:  # noqa: ARG001
    """Turning logging off succeeds, for it is off."""
    if req["BucketLoggingStatus"].get("LoggingEnabled") is not None:
        raise NotImplementedHere("LoggingEnabled is not implemented by this cloud.")


@s3.operation(on=Bucket, at="Bucket", action="s3:GetAccelerateConfiguration")
def get_bucket_accelerate_configuration(
    tx: Transaction,  # noqa: ARG001
    req: GetBucketAccelerateConfigurationRequest,  # noqa: ARG001
) -> GetBucketAccelerateConfigurationOutput:
    """Nothing, as where acceleration was never turned on."""
    return {}
