"""What may be said about a bucket as a whole: versioning, who pays, encryption, tags, logging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import names
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.service import (
    IllegalVersioningConfigurationException,
    InvalidArgument,
    MalformedXML,
    NoSuchTagSet,
    s3,
)

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketEncryptionRequest,
        DeleteBucketTaggingRequest,
        GetBucketAccelerateConfigurationOutput,
        GetBucketAccelerateConfigurationRequest,
        GetBucketEncryptionOutput,
        GetBucketEncryptionRequest,
        GetBucketLoggingOutput,
        GetBucketLoggingRequest,
        GetBucketRequestPaymentOutput,
        GetBucketRequestPaymentRequest,
        GetBucketTaggingOutput,
        GetBucketTaggingRequest,
        GetBucketVersioningOutput,
        GetBucketVersioningRequest,
        PutBucketEncryptionRequest,
        PutBucketLoggingRequest,
        PutBucketRequestPaymentRequest,
        PutBucketTaggingRequest,
        PutBucketVersioningRequest,
    )

# A document's digests are about its bytes, which are read before any operation sees them.
DIGESTS: Final = ("ContentMD5", "ChecksumAlgorithm")
PAYMENT: Final = "RequestPaymentConfiguration"
ENCRYPTION: Final = "ServerSideEncryptionConfiguration"


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


# --------------------------------------------------------------------------- encryption
@s3.operation(on=Bucket, at="Bucket", action="s3:GetEncryptionConfiguration")
def get_bucket_encryption(tx: Transaction, req: GetBucketEncryptionRequest) -> GetBucketEncryptionOutput:  # noqa: ARG001
    """Everything is encrypted; since April 2026 new buckets take no keys of the customers' own."""
    bucket: Bucket = tx.resource
    rule: Any = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": bucket.configurations.get(ENCRYPTION, {}).get("BucketKeyEnabled", False),
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@s3.operation(on=Bucket, at="Bucket", action="s3:PutEncryptionConfiguration", ignores=DIGESTS)
def put_bucket_encryption(tx: Transaction, req: PutBucketEncryptionRequest) -> None:
    """The cloud's own key is the only one; a bucket key is remembered, and means nothing to it, as at AWS."""
    rules = req["ServerSideEncryptionConfiguration"]["Rules"]
    if len(rules) != 1 or not rules[0]:
        raise MalformedXML
    _check_default(rules[0].get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": "AES256"})
    blocked = rules[0].get("BlockedEncryptionTypes", {}).get("EncryptionType", ["SSE-C"])
    if blocked != ["SSE-C"]:
        raise NotImplementedHere("BlockedEncryptionTypes without SSE-C is not implemented by this cloud.")
    configure(tx, ENCRYPTION, {"BucketKeyEnabled": True} if rules[0].get("BucketKeyEnabled") else None)


def _check_default(default: Mapping[str, Any]) -> None:
    algorithm, key = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    if algorithm != "AES256":
        raise NotImplementedHere(f"The encryption {algorithm} is not implemented by this cloud.")
    if key is not None:
        raise InvalidArgument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="KMSMasterKeyID",
            ArgumentValue=key,
        )


@s3.operation(on=Bucket, at="Bucket", action="s3:PutEncryptionConfiguration")
def delete_bucket_encryption(tx: Transaction, req: DeleteBucketEncryptionRequest) -> None:  # noqa: ARG001
    """Back to the default, which encrypts as well."""
    configure(tx, ENCRYPTION, None)


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
