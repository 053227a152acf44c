"""What may be said about a bucket: said, shown, taken back; what was never said; what is not honoured yet."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .access import allow, policy, refused
from .configurations import DELETERS, EMPTY, NOT_CONFIGURED, ROLE, call
from .http_calls import NAMESPACE, Caller

NO_SUCH_CONFIGURATION = [
    "get_bucket_analytics_configuration",
    "get_bucket_intelligent_tiering_configuration",
    "get_bucket_inventory_configuration",
    "get_bucket_metrics_configuration",
]
LATER: dict[str, dict[str, Any]] = {
    "put_bucket_abac": {"AbacStatus": {"Status": "Enabled"}},
    "put_bucket_accelerate_configuration": {"AccelerateConfiguration": {"Status": "Enabled"}},
    "put_bucket_analytics_configuration": {
        "Id": "i", "AnalyticsConfiguration": {"Id": "i", "StorageClassAnalysis": {}}
    },
    "put_bucket_intelligent_tiering_configuration": {
        "Id": "i",
        "IntelligentTieringConfiguration": {
            "Id": "i", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]
        },
    },
    "put_bucket_inventory_configuration": {
        "Id": "i",
        "InventoryConfiguration": {
            "Id": "i",
            "IsEnabled": True,
            "IncludedObjectVersions": "All",
            "Schedule": {"Frequency": "Daily"},
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::b", "Format": "CSV"}},
        },
    },
    "put_bucket_lifecycle_configuration": {
        "LifecycleConfiguration": {
            "Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        }
    },
    "put_bucket_logging": {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "b", "TargetPrefix": ""}}},
    "put_bucket_metrics_configuration": {"Id": "i", "MetricsConfiguration": {"Id": "i"}},
    "put_bucket_replication": {
        "ReplicationConfiguration": {
            "Role": ROLE,
            "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::b"}}],
        }
    },
    "put_bucket_website": {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
    "put_object_lock_configuration": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
}  # fmt: skip


# --------------------------------------------------------------------------- never set
@pytest.mark.parametrize(("name", "code"), NOT_CONFIGURED.items())
def test_what_was_never_configured_says_so(s3: Any, bucket: str, name: str, code: str) -> None:
    with refused(code, status=404) as error:
        call(s3, name, bucket)
    assert error["BucketName"] == bucket


@pytest.mark.parametrize("name", NO_SUCH_CONFIGURATION)
def test_a_named_configuration_that_was_never_put_is_not_found(s3: Any, bucket: str, name: str) -> None:
    with refused("NoSuchConfiguration", status=404):
        call(s3, name, bucket, Id="i")


@pytest.mark.parametrize(("name", "answer"), EMPTY.items())
def test_what_has_no_error_of_its_own_answers_emptily(s3: Any, bucket: str, name: str, answer: dict[str, Any]) -> None:
    assert call(s3, name, bucket) == answer


def test_a_new_bucket_blocks_public_access_and_has_no_acls(s3: Any, bucket: str) -> None:
    """As all new buckets since April 2023."""
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("name", DELETERS)
def test_taking_back_what_was_never_said_succeeds(s3: Any, bucket: str, name: str) -> None:
    for _ in range(2):
        assert getattr(s3, name)(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


# --------------------------------------------------------------------------- not honoured yet
@pytest.mark.parametrize(("name", "more"), LATER.items(), ids=list(LATER))
def test_a_configuration_without_effect_is_refused(s3: Any, bucket: str, name: str, more: dict[str, Any]) -> None:
    with refused("NotImplemented", status=501):
        call(s3, name, bucket, **more)


# --------------------------------------------------------------------------- tags
def tag_set(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def test_tags_are_replaced_as_a_set(s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(("a", "1"), ("b", "")))
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(("b", "2"), ("ünï/_.:=+-@ x", "Ω")))
    got = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert got == {"b": "2", "ünï/_.:=+-@ x": "Ω"}
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", "The TagSet does not exist"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_bucket_has_at_most_fifty_tags_of_bounded_length(s3: Any, bucket: str) -> None:
    fifty = [(f"{i:02}" + "k" * 126, "v" * 256) for i in range(50)]
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(*fifty))
    assert len(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]) == 50
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(*fifty, ("one more", "")))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]) == 50


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "1"), ("a", "2")],
        [("k" * 129, "1")],
        [("k", "v" * 257)],
        [("aws:mine", "1")],
        [("k#", "1")],
    ],
)
def test_tags_that_break_the_rules_are_refused(s3: Any, bucket: str, pairs: list[tuple[str, str]]) -> None:
    with refused("InvalidTag", status=400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(*pairs))
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


# --------------------------------------------------------------------------- versioning
def test_versioning_is_enabled_and_suspended_but_never_undone(s3: Any, bucket: str) -> None:
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status
    with refused("MalformedXML", status=400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Disabled"})
    with refused("IllegalVersioningConfigurationException", status=400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_mfa_delete_is_refused(s3: Any, bucket: str) -> None:
    with refused("NotImplemented", status=501):
        s3.put_bucket_versioning(
            Bucket=bucket, MFA="1 2", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"}
        )
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


# --------------------------------------------------------------------------- encryption
def encrypted_by(s3: Any, bucket: str) -> str:
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert len(rules) == 1
    assert rules[0].get("BucketKeyEnabled", False) is False
    return rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]


def put_encryption(s3: Any, bucket: str, **default: str) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def test_every_bucket_encrypts_with_aes256(s3: Any, bucket: str) -> None:
    assert encrypted_by(s3, bucket) == "AES256"
    put_encryption(s3, bucket, SSEAlgorithm="AES256")
    assert encrypted_by(s3, bucket) == "AES256"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert encrypted_by(s3, bucket) == "AES256"


def test_every_object_says_that_it_is_encrypted(s3: Any, bucket: str) -> None:
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    asked = s3.put_object(Bucket=bucket, Key="asked", Body=b"x", ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256"
    for key in ("k", "asked"):
        assert s3.get_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "AES256"
        assert s3.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "AES256"
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    assert copied["ServerSideEncryption"] == "AES256"
    assert s3.create_multipart_upload(Bucket=bucket, Key="m")["ServerSideEncryption"] == "AES256"


def test_unknown_algorithms_are_refused(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError, match=r"\((InvalidEncryptionAlgorithmError|InvalidArgument)\)"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="rot13")
    with refused("MalformedXML", status=400):
        put_encryption(s3, bucket, SSEAlgorithm="rot13")


# --------------------------------------------------------------------------- ownership, payment, logging
def test_ownership_controls_are_put_and_deleted(s3: Any, bucket: str) -> None:
    for ownership in ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
        got = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        assert got == {"Rules": [{"ObjectOwnership": ownership}]}
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", status=404):
        s3.get_bucket_ownership_controls(Bucket=bucket)


@pytest.mark.parametrize("rules", [[], [{"ObjectOwnership": "Nobody"}], [{"ObjectOwnership": "ObjectWriter"}] * 2])
def test_ownership_controls_have_one_known_rule(s3: Any, bucket: str, rules: list[dict[str, str]]) -> None:
    with refused("MalformedXML", status=400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})


def test_the_public_access_block_is_put_as_a_whole_and_deleted(s3: Any, bucket: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", "public access block configuration was not found", 404):
        s3.get_public_access_block(Bucket=bucket)


# --------------------------------------------------------------------------- checksums of documents
TAGGING = f'<Tagging xmlns="{NAMESPACE}"><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'


def md5(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode()).digest()).decode()


def test_a_document_with_its_md5_is_taken(http: Caller, s3: Any, bucket: str) -> None:
    answer = http.ask("PUT", f"/{bucket}?tagging", body=TAGGING, headers={"Content-MD5": md5(TAGGING)})
    assert (answer.status // 100, answer.body) == (2, b"")
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-MD5": md5("another")}, "BadDigest"),
        ({"Content-MD5": "nonsense"}, "InvalidDigest"),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-sha256": "nonsense"}, "InvalidRequest"),
    ],
)
def test_a_document_that_is_not_what_was_sent_is_refused(
    http: Caller, s3: Any, bucket: str, headers: dict[str, str], code: str
) -> None:
    answer = http.ask("PUT", f"/{bucket}?tagging", body=TAGGING, headers=headers)
    assert answer.said == (400, code)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_documents_may_come_without_a_namespace(http: Caller, s3: Any, bucket: str) -> None:
    bare = TAGGING.replace(f' xmlns="{NAMESPACE}"', "")
    answer = http.ask("PUT", f"/{bucket}?tagging", body=bare, headers={"Content-MD5": md5(bare)})
    assert answer.status // 100 == 2
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_policy_is_put_shown_and_deleted(s3: Any, bucket: str, other_account: str) -> None:
    document = policy(allow(bucket, "s3:GetObject", f"arn:aws:iam::{other_account}:root", Sid="first"))
    s3.put_bucket_policy(Bucket=bucket, Policy=document)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(document)
    s3.delete_bucket_policy(Bucket=bucket)
    with refused("NoSuchBucketPolicy", "The bucket policy does not exist"):
        s3.get_bucket_policy(Bucket=bucket)
