"""What S3 asks of a bucket's policy beyond the grammar of policies: its actions, resources and condition keys.

Sources: S3 User Guide, "Bucket policies for Amazon S3" and "Policies and permissions in Amazon S3"; Service
Authorization Reference, "Actions, resources, and condition keys for Amazon S3". Which condition keys go with which
actions is not checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fogstead.kernel.conditions import PolicyFault, glob
from fogstead.kernel.policies import compile_policy
from fogstead.services.s3.service import MalformedPolicy

POLICY_BYTES_MAX: Final = 20 * 1024

# CreateBucket is missing: who may do it is no matter of a bucket that exists.
BUCKET_ACTIONS: Final = frozenset(
    """
    CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration DeleteBucketPolicy
    DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS
    GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
    GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
    GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
    ListTagsForResource PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl
    PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls
    PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
    PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration
    PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
    UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
    """.lower().split()
)
OBJECT_ACTIONS: Final = frozenset(
    """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject UpdateObjectEncryption
    """.lower().split()
)
CONDITION_KEYS: Final = frozenset(
    """
    AccessGrantsInstanceArn AccessPointNetworkOrigin DataAccessPointAccount DataAccessPointArn
    InventoryAccessibleOptionalFields ObjectCreationOperation RequestObjectTagKeys ResourceAccount TlsVersion authType
    delimiter destinationRegion if-match if-none-match isReplicationPauseRequest max-keys object-lock-legal-hold
    object-lock-mode object-lock-remaining-retention-days object-lock-retain-until-date prefix signatureAge
    signatureversion versionid x-amz-acl x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control
    x-amz-grant-read x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive
    x-amz-object-ownership x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id
    x-amz-server-side-encryption-customer-algorithm x-amz-storage-class x-amz-website-redirect-location
    """.lower().split()
)
_KEYS_OF_TAGS: Final = ("accesspointtag/", "buckettag/", "existingobjecttag/", "requestobjecttag/")

_BUCKET: Final = frozenset({"bucket"})
_OBJECT: Final = frozenset({"object"})
_NONE: Final[frozenset[str]] = frozenset()


def check(text: str, bucket: str) -> None:
    """MalformedPolicy, with the sentence that says why, for a document that cannot be the policy of this bucket."""
    if len(text.encode("utf-8")) > POLICY_BYTES_MAX:
        raise MalformedPolicy("Policy exceeds the maximum allowed document size.")  # the limit's code is not documented
    if not text.startswith("{"):
        raise MalformedPolicy
    try:
        compile_policy(text, "resource")
    except PolicyFault as fault:
        raise MalformedPolicy(str(fault)) from None
    for statement in _listed(json.loads(text)["Statement"]):
        _check_statement(statement, f"arn:aws:s3:::{bucket}")


def _check_statement(statement: Mapping[str, Any], arn: str) -> None:
    """The kernel has compiled it, so its elements have the types they should have."""
    if "Resource" not in statement and "NotResource" not in statement:
        raise MalformedPolicy("Missing required field Resource")
    resources = _listed(statement.get("Resource", statement.get("NotResource")))
    kinds = _NONE.union(*(_kinds_of_resource(resource, arn) for resource in resources))
    says_all = "Action" in statement and "Resource" in statement
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        fitting = _kinds_of_action(action)
        if not fitting:
            raise MalformedPolicy("Policy has invalid action")
        if says_all and not fitting & kinds:
            raise MalformedPolicy("Action does not apply to any resource(s) in statement")
    for key in _condition_keys(statement):
        if not _is_condition_key(key.lower()):
            raise MalformedPolicy("Policy has an invalid condition key")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _kinds_of_resource(resource: str, arn: str) -> frozenset[str]:
    """Whether it means the bucket or objects in it; a star right behind the name means both."""
    rest = resource.removeprefix(arn)
    if resource.startswith(arn) and rest[:1] in {"", "/", "*"}:
        return {"": _BUCKET, "/": _OBJECT, "*": _BUCKET | _OBJECT}[rest[:1]]
    raise MalformedPolicy("Policy has invalid resource")


def _kinds_of_action(action: str) -> frozenset[str]:
    if action == "*":
        return _BUCKET | _OBJECT
    vendor, _, name = action.lower().partition(":")
    if vendor != "s3":
        return _NONE
    matches = glob(name).match
    return (_BUCKET if any(map(matches, BUCKET_ACTIONS)) else _NONE) | (
        _OBJECT if any(map(matches, OBJECT_ACTIONS)) else _NONE
    )


def _condition_keys(statement: Mapping[str, Any]) -> Iterator[str]:
    for keys in statement.get("Condition", {}).values():
        yield from keys


def _is_condition_key(key: str) -> bool:
    """Keys of other vendors come with federated callers; only S3's own are known here."""
    vendor, colon, name = key.partition(":")
    return bool(colon) and (vendor != "s3" or name in CONDITION_KEYS or name.startswith(_KEYS_OF_TAGS))
