"""Valid input for S3."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from laws.examples import Examples, fresh

KEY = "photos/cat ü.txt"
CONTENT = b"Cats are liquid."
_TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]
_GRANTED = "111122223333"
_PAYER = {"RequestPayer": "requester"}
_LISTING = {"Prefix": "photos/", "EncodingType": "url", "MaxKeys": 10, **_PAYER}

# What the operations say beside the bucket.
_SAID: dict[str, dict[str, Any]] = {
    "CreateBucket": {
        "ACL": "private",
        "ObjectOwnership": "BucketOwnerEnforced",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1", "Tags": _TAGS},
    },
    "GetObjectAttributes": {"ObjectAttributes": ["ETag", "Checksum", "StorageClass", "ObjectSize"]},
    "ListMultipartUploads": {"Prefix": "photos/", "EncodingType": "url", "MaxUploads": 10},
    "ListObjectVersions": _LISTING,
    "ListObjects": _LISTING,
    "ListObjectsV2": {**_LISTING, "FetchOwner": True, "StartAfter": "photos/a"},
    "PutBucketAcl": {"ACL": "bucket-owner-full-control"},
    "PutBucketCors": {
        "CORSConfiguration": {
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"], "MaxAgeSeconds": 5}]
        }
    },
    "PutBucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True},
            ]
        }
    },
    "PutBucketLogging": {"BucketLoggingStatus": {}},
    "PutBucketOwnershipControls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}},
    "PutBucketRequestPayment": {"RequestPaymentConfiguration": {"Payer": "Requester"}},
    "PutBucketTagging": {"Tagging": {"TagSet": _TAGS}},
    "PutBucketVersioning": {"VersioningConfiguration": {"Status": "Suspended"}},
    "PutObjectAcl": {"ACL": "bucket-owner-full-control"},
    "PutObjectTagging": {"Tagging": {"TagSet": _TAGS[:1]}},
    "PutPublicAccessBlock": {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "RestrictPublicBuckets": False}
    },
}
_TOLD_BY_ID = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
_SAID |= {f"{verb}Bucket{kind}Configuration": {"Id": "one"} for verb in ("Get", "Delete") for kind in _TOLD_BY_ID}

# What has to be in the bucket; `make` puts all of it there, so that reading changes nothing.
_NEEDS: dict[str, tuple[str, ...]] = {
    "AbortMultipartUpload": ("upload",),
    "CompleteMultipartUpload": ("upload",),
    "CopyObject": ("object",),
    "DeleteBucketCors": ("cors",),
    "DeleteBucketPolicy": ("policy",),
    "DeleteBucketTagging": ("tags",),
    "DeleteObject": ("object",),
    "DeleteObjectTagging": ("object",),
    "DeleteObjects": ("object",),
    "GetBucketCors": ("cors",),
    "GetBucketNotificationConfiguration": ("notifications",),
    "GetBucketPolicy": ("policy",),
    "GetBucketPolicyStatus": ("policy",),
    "GetBucketTagging": ("tags",),
    "GetBucketVersioning": ("versions",),
    "GetObject": ("object",),
    "GetObjectAcl": ("object",),
    "GetObjectAttributes": ("versions", "object"),
    "GetObjectTagging": ("versions", "object"),
    "HeadObject": ("versions", "object"),
    "ListMultipartUploads": ("upload",),
    "ListObjectVersions": ("versions", "object", "marker"),
    "ListObjects": ("object",),
    "ListObjectsV2": ("object",),
    "ListParts": ("upload",),
    "PutObjectAcl": ("object",),
    "PutObjectTagging": ("object",),
    "UploadPart": ("upload",),
    "UploadPartCopy": ("object", "upload"),
}
_THINGS = ("versions", "object", "marker", "upload", "cors", "policy", "tags", "notifications")
_OF_UPLOADS = {"AbortMultipartUpload", "CompleteMultipartUpload", "ListParts", "UploadPart", "UploadPartCopy"}
_OF_BUCKETS = {"DeleteObjects", "GetObjectLockConfiguration", "ListObjectVersions", "ListObjects", "ListObjectsV2"}


class S3Examples(Examples):
    """Buckets, each with what the operation needs in it."""

    service = "s3"

    def __init__(self, caller: Any) -> None:
        super().__init__(caller)
        self._there: set[tuple[str, str]] = set()
        self._uploads: dict[str, str] = {}
        self._parts: dict[str, str] = {}

    def make(self, resource: str) -> dict[str, Any]:
        """A bucket with everything in it."""
        assert resource == "Bucket"
        bucket = self._bucket()
        for thing in _THINGS:
            self._put(bucket, thing)
        return {"Bucket": bucket}

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        self._empty(pointers["Bucket"])
        self.does("DeleteBucket", pointers)

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        if operation == "ListBuckets":
            return {"MaxBuckets": 1000}
        said = _SAID.get(operation, {})
        if operation == "CreateBucket":
            return {"Bucket": self._name(), **said}
        bucket: str = pointers["Bucket"] if pointers else self._bucket()
        for thing in _NEEDS.get(operation, ()):
            self._put(bucket, thing)
        here = self._pointing(operation, bucket)
        specific: Callable[[dict[str, Any]], dict[str, Any]] | None = getattr(self, f"_for_{operation}", None)
        return {**here, **said, **(specific(here) if specific is not None else {})}

    def _pointing(self, operation: str, bucket: str) -> dict[str, Any]:
        """Every input says its bucket; those of objects a key, those of uploads which one."""
        here = {"Bucket": bucket}
        if operation in _OF_UPLOADS:
            return {**here, "Key": KEY, "UploadId": self._uploads[bucket]}
        if operation == "CreateMultipartUpload" or ("Object" in operation and operation not in _OF_BUCKETS):
            return {**here, "Key": KEY}
        return here

    def _name(self) -> str:
        return fresh(f"orders-{self.caller.account}")

    def _bucket(self) -> str:
        name = self._name()
        self.does("CreateBucket", {"Bucket": name})
        return name

    # ------------------------------------------------------------- what is in a bucket
    def _put(self, bucket: str, thing: str) -> None:
        """Once: afterwards it is as the operations leave it."""
        if (bucket, thing) not in self._there:
            self._there.add((bucket, thing))
            getattr(self, f"_put_{thing}")(bucket)

    def _put_versions(self, bucket: str) -> None:
        self.does("PutBucketVersioning", {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}})

    def _put_object(self, bucket: str) -> None:
        self.does("PutObject", {"Bucket": bucket, "Key": KEY, **self._for_PutObject({})})

    def _put_marker(self, bucket: str) -> None:
        key = {"Bucket": bucket, "Key": "photos/gone"}
        self.does("PutObject", key)
        self.does("DeleteObject", key)

    def _put_upload(self, bucket: str) -> None:
        here = {"Bucket": bucket, "Key": KEY}
        self._uploads[bucket] = self.does("CreateMultipartUpload", here)["UploadId"]
        part = {**here, "UploadId": self._uploads[bucket], "PartNumber": 1, "Body": CONTENT}
        self._parts[bucket] = self.does("UploadPart", part)["ETag"]

    def _put_cors(self, bucket: str) -> None:
        self.does("PutBucketCors", {"Bucket": bucket, **_SAID["PutBucketCors"]})

    def _put_policy(self, bucket: str) -> None:
        self.does("PutBucketPolicy", {"Bucket": bucket, **self._for_PutBucketPolicy({"Bucket": bucket})})

    def _put_tags(self, bucket: str) -> None:
        self.does("PutBucketTagging", {"Bucket": bucket, **_SAID["PutBucketTagging"]})

    def _put_notifications(self, bucket: str) -> None:
        given = self._for_PutBucketNotificationConfiguration({"Bucket": bucket})
        self.does("PutBucketNotificationConfiguration", {"Bucket": bucket, **given})

    def _empty(self, bucket: str) -> None:
        listed = self.does("ListObjectVersions", {"Bucket": bucket})
        versions = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
        if doomed:
            self.does("DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": doomed}})

    # ------------------------------------------------------------- by operation
    def _for_PutObject(self, _here: dict[str, Any]) -> dict[str, Any]:
        crc = base64.b64encode(zlib.crc32(CONTENT).to_bytes(4, "big")).decode()
        described = {"ContentType": "text/plain", "CacheControl": "no-store", "Metadata": {"colour": "red"}}
        checked = {"ChecksumAlgorithm": "CRC32", "ChecksumCRC32": crc, "StorageClass": "STANDARD_IA"}
        return {"Body": CONTENT, "Tagging": "team=blue", **described, **checked, **_PAYER}

    def _for_GetObject(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"ChecksumMode": "ENABLED", **_PAYER}

    _for_HeadObject = _for_GetObject

    def _for_CopyObject(self, here: dict[str, Any]) -> dict[str, Any]:
        changed = {"MetadataDirective": "REPLACE", "TaggingDirective": "COPY", "Metadata": {"colour": "blue"}}
        return {"Key": "photos/copy", "CopySource": self._source(here), **changed}

    def _source(self, here: dict[str, Any]) -> str:
        return f"{here['Bucket']}/{quote(KEY)}"

    def _for_DeleteObjects(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"Delete": {"Objects": [{"Key": KEY}, {"Key": "nothing"}], "Quiet": False}}

    def _for_DeleteBucket(self, here: dict[str, Any]) -> dict[str, Any]:
        self._empty(here["Bucket"])
        return {}

    def _for_PutBucketPolicy(self, here: dict[str, Any]) -> dict[str, Any]:
        who = {"Effect": "Allow", "Principal": {"AWS": _GRANTED}, "Action": "s3:GetObject"}
        statement = {**who, "Resource": f"arn:aws:s3:::{here['Bucket']}/*"}
        return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}

    def _for_PutBucketNotificationConfiguration(self, here: dict[str, Any]) -> dict[str, Any]:
        name = fresh("told")
        arn = f"arn:aws:sqs:{self.caller.region}:{self.caller.account}:{name}"
        sends = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**sends, "Resource": arn}]}
        self.caller.does("sqs", "CreateQueue", {"QueueName": name, "Attributes": {"Policy": json.dumps(policy)}})
        rule = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "told/"}]}}
        told = {"Id": "one", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": rule}
        return {"NotificationConfiguration": {"QueueConfigurations": [told]}}

    def _for_CreateMultipartUpload(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"StorageClass": "STANDARD_IA", "ChecksumAlgorithm": "CRC32", "ChecksumType": "COMPOSITE"}

    def _for_UploadPart(self, _here: dict[str, Any]) -> dict[str, Any]:
        return {"PartNumber": 2, "Body": CONTENT}

    def _for_UploadPartCopy(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"PartNumber": 2, "CopySource": self._source(here), "CopySourceRange": "bytes=0-3"}

    def _for_CompleteMultipartUpload(self, here: dict[str, Any]) -> dict[str, Any]:
        return {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": self._parts[here["Bucket"]]}]}}

    # ------------------------------------------------------------- for single laws
    def named(self, operation: str, entry: Any) -> str:
        return str(entry[{"ListBuckets": "Name", "ListParts": "PartNumber"}.get(operation, "Key")])

    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[str]]:
        if operation == "ListBuckets":
            return {}, [self._bucket() for _ in range(count)]
        bucket = self._bucket()
        here = {"Bucket": bucket, "Key": KEY}
        if operation == "ListParts":
            given = {**here, "UploadId": self.does("CreateMultipartUpload", here)["UploadId"]}
            for number in range(1, count + 1):
                self.does("UploadPart", {**given, "PartNumber": number, "Body": CONTENT})
            return given, [str(number) for number in range(1, count + 1)]
        keys = [f"cat {number}" for number in range(count)]
        for key in keys:
            self.does("PutObject", {"Bucket": bucket, "Key": key, "Body": CONTENT})
        # With a delimiter the older listing says where its next page begins.
        return {"Bucket": bucket, **({"Delimiter": "/"} if operation == "ListObjects" else {})}, keys

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "ListBuckets":
            self._bucket()
        elif operation == "ListParts":
            number = 1 + len(self.does("ListParts", given)["Parts"])
            self.does("UploadPart", {**given, "PartNumber": number, "Body": CONTENT})
        else:
            self.does("PutObject", {"Bucket": given["Bucket"], "Key": fresh("cat 2"), "Body": CONTENT})

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Without lists of grants, which are read in another form than the one they are sent in."""
        bucket = self._name()
        location = {"LocationConstraint": "eu-central-1", "Tags": _TAGS}
        given = {"Bucket": bucket, "ObjectOwnership": "ObjectWriter", "CreateBucketConfiguration": location}
        self._there |= {(bucket, "tags"), (bucket, "notifications")}
        return given, {"Bucket": bucket}

    def await_waiter(self, waiter: str) -> dict[str, Any]:
        if waiter == "BucketNotExists":
            return {"Bucket": self._name()}
        bucket = self._bucket()
        if waiter == "ObjectExists":
            self._put(bucket, "object")
        return {"Bucket": bucket, **({"Key": KEY} if waiter.startswith("Object") else {})}
