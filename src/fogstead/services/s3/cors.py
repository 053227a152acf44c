"""Which web pages a bucket lets in: the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import cors_rules
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.cors_rules import CorsRule
from fogstead.services.s3.service import NoSuchCORSConfiguration, s3
from fogstead.services.s3.settings import DIGESTS, configure

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketCorsRequest,
        GetBucketCorsOutput,
        GetBucketCorsRequest,
        PutBucketCorsRequest,
    )

CONFIGURATION: Final = "CORSConfiguration"


def rules_of(bucket: Bucket) -> Sequence[CorsRule] | None:
    """A bucket's rules; None when it has no configuration."""
    kept = bucket.configurations.get(CONFIGURATION)
    return None if kept is None else cors_rules.checked(kept)


@s3.operation(on=Bucket, at="Bucket", action="s3:GetBucketCORS")
def get_bucket_cors(tx: Transaction, req: GetBucketCorsRequest) -> GetBucketCorsOutput:  # noqa: ARG001
    """The rules in their order."""
    bucket: Bucket = tx.resource
    kept: Any = bucket.configurations.get(CONFIGURATION)
    if kept is None:
        raise NoSuchCORSConfiguration(BucketName=bucket.name)
    return {"CORSRules": kept["CORSRules"]}


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketCORS", ignores=DIGESTS)
def put_bucket_cors(tx: Transaction, req: PutBucketCorsRequest) -> None:
    """The whole configuration takes the place of the one before."""
    rules = cors_rules.checked(req["CORSConfiguration"])
    configure(tx, CONFIGURATION, {"CORSRules": cors_rules.shown(rules)})


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketCORS")
def delete_bucket_cors(tx: Transaction, req: DeleteBucketCorsRequest) -> None:  # noqa: ARG001
    """No error when there is none."""
    configure(tx, CONFIGURATION, None)
