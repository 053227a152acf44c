"""What tests of encryption under other keys than the cloud's own say again and again."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

SIZES = (0, 5, 900, 9_000, 700_000)
"""None; beside the object, in a row of its own, in a blob of several chunks."""


def body_of(size: int) -> bytes:
    """Bytes that are told from others anywhere on a disk."""
    return (b"the cat sat on the mat, and nobody was to know. " * (size // 48 + 1))[:size]


def under(key: str = "", **more: Any) -> dict[str, Any]:
    """The members that ask for SSE-KMS."""
    return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": key} if key else {}), **more}


def context(**pairs: str) -> str:
    """An encryption context as its header has it."""
    return base64.b64encode(json.dumps(pairs).encode()).decode()


def customers(secret: bytes, prefix: str = "") -> dict[str, Any]:
    """The members of SSE-C. boto3 encodes the key and computes its MD5."""
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": secret}


def encoded(secret: bytes) -> dict[str, Any]:
    """The same for operations that boto3 does not encode the key of."""
    text = base64.b64encode(secret).decode()
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": text, "SSECustomerKeyMD5": md5_of(secret)}


def md5_of(secret: bytes) -> str:
    """As the header has it."""
    return base64.b64encode(hashlib.md5(secret, usedforsecurity=False).digest()).decode()


def default(s3: Any, bucket: str, algorithm: str = "aws:kms", **more: Any) -> None:
    """Sets a bucket's default encryption; members of the rule beside it by their names."""
    by_default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": more.pop("key")} if "key" in more else {})}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, **more}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def block_customers_keys(s3: Any, bucket: str) -> None:
    """New buckets take them."""
    default(s3, bucket, "AES256", BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]})


def upload(s3: Any, bucket: str, key: str, parts: list[bytes], *, of_part: Any = None, **more: Any) -> dict[str, Any]:
    """A whole multipart upload; `of_part` is said with each part."""
    made = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
    named = {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}
    done = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**named, PartNumber=number, Body=part, **(of_part or {}))["ETag"],
        }
        for number, part in enumerate(parts, 1)
    ]
    completed: dict[str, Any] = s3.complete_multipart_upload(**named, MultipartUpload={"Parts": done})
    return completed


def on_disk(folder: Path) -> bytes:
    """Every byte of every file below a folder."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
