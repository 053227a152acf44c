"""A bucket's default encryption: what new objects get whose request does not say.

Source: S3 API reference, PutBucketEncryption; S3 User Guide, "Setting default server-side encryption behavior" and
"Blocking or unblocking SSE-C for a general purpose bucket". By the latter new buckets of AWS take no customers' keys
since April 2026. Here they do until somebody blocks them: most programs that bring keys were written before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.sealings import CUSTOMER, KMS, OWN
from fogstead.services.s3.service import InvalidArgument, MalformedXML, s3
from fogstead.services.s3.settings import DIGESTS, configure

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketEncryptionRequest,
        GetBucketEncryptionOutput,
        GetBucketEncryptionRequest,
        PutBucketEncryptionRequest,
    )

ENCRYPTION: Final = "ServerSideEncryptionConfiguration"
_BLOCKS_NOTHING = "NONE"


class Default(NamedTuple):
    """What a bucket says of the encryption of its objects."""

    algorithm: str = OWN
    key_id: str = ""
    """As it was given; empty is S3's own key of KMS."""
    bucket_key: bool = False
    blocked: str = ""
    """`SSE-C` or `NONE`, as it was said; empty where nobody has said, which blocks nothing."""


_UNSAID: Final = Default()


def default_of(bucket: Bucket) -> Default:
    """The default in force."""
    said = bucket.configurations.get(ENCRYPTION)
    if said is None:
        return _UNSAID
    return Default(
        said.get("SSEAlgorithm", OWN),
        said.get("KMSMasterKeyID", ""),
        said.get("BucketKeyEnabled", False),
        said.get("Blocked", ""),
    )


@s3.operation(on=Bucket, at="Bucket", action="s3:GetEncryptionConfiguration")
def get_bucket_encryption(tx: Transaction, req: GetBucketEncryptionRequest) -> GetBucketEncryptionOutput:  # noqa: ARG001
    """There always is one."""
    default = default_of(tx.resource)
    by_default: Any = {"SSEAlgorithm": default.algorithm}
    if default.key_id:
        by_default["KMSMasterKeyID"] = default.key_id
    rule: Any = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": default.bucket_key}
    if default.blocked:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": [default.blocked]}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@s3.operation(on=Bucket, at="Bucket", action="s3:PutEncryptionConfiguration", ignores=DIGESTS)
def put_bucket_encryption(tx: Transaction, req: PutBucketEncryptionRequest) -> None:
    """Objects that are there stay as they are. The key is not looked up before an object needs it."""
    rules = req["ServerSideEncryptionConfiguration"]["Rules"]
    if len(rules) != 1 or not rules[0]:
        raise MalformedXML
    rule = rules[0]
    said = _checked(rule.get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": OWN})
    if rule.get("BucketKeyEnabled"):
        said["BucketKeyEnabled"] = True
    blocked = set(rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", []))
    if blocked == {CUSTOMER, _BLOCKS_NOTHING}:
        raise MalformedXML
    if blocked:
        said["Blocked"] = blocked.pop()
    configure(tx, ENCRYPTION, said or None)


def _checked(default: Mapping[str, Any]) -> dict[str, Any]:
    algorithm, key = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    if algorithm == OWN:
        if key is not None:
            raise InvalidArgument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ArgumentName="KMSMasterKeyID",
                ArgumentValue=key,
            )
        return {}
    if algorithm != KMS:
        raise NotImplementedHere(f"The encryption {algorithm} is not implemented by this cloud.")
    return {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}


@s3.operation(on=Bucket, at="Bucket", action="s3:PutEncryptionConfiguration")
def delete_bucket_encryption(tx: Transaction, req: DeleteBucketEncryptionRequest) -> None:  # noqa: ARG001
    """Back to what a new bucket has."""
    configure(tx, ENCRYPTION, None)
