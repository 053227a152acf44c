"""The configurations of a bucket: how each is read, written and taken back, and what it is before."""

from __future__ import annotations

from typing import Any

from .access import allow, policy

ROLE = "arn:aws:iam::123456789012:role/r"
NOT_CONFIGURED = {
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_policy_status": "NoSuchBucketPolicy",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_bucket_metadata_configuration": "MetadataConfigurationNotFound",
}
EMPTY = {
    "get_bucket_versioning": {},
    "get_bucket_logging": {},
    "get_bucket_accelerate_configuration": {},
    "get_bucket_notification_configuration": {},
    "get_bucket_request_payment": {"Payer": "BucketOwner"},
    "get_bucket_abac": {"AbacStatus": {"Status": "Disabled"}},
    "list_bucket_analytics_configurations": {"IsTruncated": False},
    "list_bucket_intelligent_tiering_configurations": {"IsTruncated": False},
    "list_bucket_inventory_configurations": {"IsTruncated": False},
    "list_bucket_metrics_configurations": {"IsTruncated": False},
}
SETTERS: dict[str, dict[str, Any]] = {
    "put_bucket_tagging": {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "put_bucket_cors": {
        "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"]}]}
    },
    "put_bucket_request_payment": {"RequestPaymentConfiguration": {"Payer": "BucketOwner"}},
    "put_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    "put_public_access_block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}},
    "put_bucket_encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
    "put_bucket_notification_configuration": {"NotificationConfiguration": {}},
    "put_bucket_policy": {"Policy": policy(allow("BUCKET", "s3:GetObject", "111111111111"))},
    "put_bucket_acl": {"ACL": "private"},
}
GETTERS = (
    *NOT_CONFIGURED,
    *(name for name in EMPTY if name.startswith("get_")),
    "get_bucket_acl",
    "get_bucket_encryption",
    "get_bucket_location",
    "get_bucket_ownership_controls",
    "get_public_access_block",
)
DELETERS = [
    "delete_bucket_cors",
    "delete_bucket_encryption",
    "delete_bucket_ownership_controls",
    "delete_bucket_policy",
    "delete_bucket_tagging",
    "delete_public_access_block",
]


def call(s3: Any, name: str, bucket: str, **more: Any) -> dict[str, Any]:
    if "Policy" in more:
        more["Policy"] = more["Policy"].replace("BUCKET", bucket)
    answer = getattr(s3, name)(Bucket=bucket, **more)
    answer.pop("ResponseMetadata")
    return answer
