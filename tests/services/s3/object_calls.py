"""What the tests of objects say again and again."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from awscrt import checksums
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1 << 20
PART_BYTES_MIN = 5 * MIB
ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")


@contextmanager
def refused(*codes: str, text: str = "", status: int | None = None) -> Iterator[pytest.ExceptionInfo[ClientError]]:
    """The call inside is refused with one of these codes, a sentence that holds `text`, and this HTTP status."""
    with pytest.raises(ClientError) as caught:
        yield caught
    response = caught.value.response
    error = response["Error"]
    assert error["Code"] in codes, error
    assert text.lower() in error.get("Message", "").lower(), error
    assert status in (None, response["ResponseMetadata"]["HTTPStatusCode"]), response


def put(s3: Any, bucket: str, key: str = "k", body: bytes = b"x", **more: Any) -> Any:
    """Puts an object; the whole answer."""
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def put_all(s3: Any, bucket: str, keys: list[str]) -> None:
    """Puts a small object under each key, several at once."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: put(s3, bucket, key), keys))


def read(s3: Any, bucket: str, key: str = "k", **more: Any) -> bytes:
    """An object's bytes."""
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def names(s3: Any, bucket: str, **more: Any) -> list[str]:
    """The keys that one listing gives."""
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, **more).get("Contents", [])]


def status_of(answer: Any) -> int:
    """The HTTP status of an answer."""
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def header_of(answer: Any, name: str) -> str | None:
    """A header of an answer, by its name in lower case."""
    return answer["ResponseMetadata"]["HTTPHeaders"].get(name)


def set_versioning(s3: Any, bucket: str, status: str = "Enabled") -> None:
    """Enabled or Suspended."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def versions(s3: Any, bucket: str, **more: Any) -> list[tuple[str, str]]:
    """(key, version) of the objects in one listing of versions, without markers."""
    answer = s3.list_object_versions(Bucket=bucket, **more)
    return [(one["Key"], one["VersionId"]) for one in answer.get("Versions", [])]


def markers(s3: Any, bucket: str, **more: Any) -> list[tuple[str, str]]:
    """(key, version) of the delete markers in one listing of versions."""
    answer = s3.list_object_versions(Bucket=bucket, **more)
    return [(one["Key"], one["VersionId"]) for one in answer.get("DeleteMarkers", [])]


def start_upload(s3: Any, bucket: str, key: str = "k", **more: Any) -> str:
    """A new upload's id."""
    return s3.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]


def send_part(s3: Any, bucket: str, upload: str, number: int, body: bytes, key: str = "k", **more: Any) -> Any:
    """Uploads a part; the whole answer."""
    return s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **more)


def complete(s3: Any, bucket: str, upload: str, parts: dict[int, Any], key: str = "k", **more: Any) -> Any:
    """Completes with these ETags, or with these dictionaries, by part number."""
    listed = [
        {"PartNumber": number, **(part if isinstance(part, dict) else {"ETag": part})} for number, part in parts.items()
    ]
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}, **more
    )


def put_in_parts(s3: Any, bucket: str, key: str, *bodies: bytes, **more: Any) -> Any:
    """A whole multipart upload; the answer of its completion."""
    upload = start_upload(s3, bucket, key, **more)
    etags = {at: send_part(s3, bucket, upload, at, body, key)["ETag"] for at, body in enumerate(bodies, 1)}
    return complete(s3, bucket, upload, etags, key)


def filled(size: int, seed: int = 0) -> bytes:
    """Bytes that do not repeat at any power of two, so that swapped or missing pieces show."""
    pattern = b"".join(hashlib.sha256(b"%d.%d" % (seed, at)).digest() for at in range(33))[:1021]
    return (pattern * (size // len(pattern) + 1))[:size]


def etag_of(body: bytes) -> str:
    """The ETag of an object that was put at once."""
    return f'"{hashlib.md5(body).hexdigest()}"'


def etag_of_parts(*bodies: bytes) -> str:
    """The ETag of an object that was put in parts."""
    joined = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(bodies)}"'


def digest(algorithm: str, body: bytes) -> bytes:
    """A checksum of a body, in the order of bytes that the AWS SDKs send."""
    if algorithm.startswith("XXHASH"):
        made = {
            "XXHASH64": checksums.XXHash.new_xxhash64,
            "XXHASH3": checksums.XXHash.new_xxhash3_64,
            "XXHASH128": checksums.XXHash.new_xxhash3_128,
        }[algorithm]()
        made.update(body)
        return bytes(made.finalize())
    if algorithm.startswith("CRC"):
        count = {"CRC32": zlib.crc32, "CRC32C": checksums.crc32c, "CRC64NVME": checksums.crc64nvme}[algorithm]
        return count(body).to_bytes(8 if algorithm == "CRC64NVME" else 4, "big")
    return hashlib.new(algorithm.lower(), body).digest()


def checksum(algorithm: str, body: bytes) -> str:
    """A checksum as it stands in a header."""
    return base64.b64encode(digest(algorithm, body)).decode()


def without_checksums(client: Callable[..., Any], **more: Any) -> Any:
    """S3 by a client that sends and checks none of its own accord, as the older ones."""
    quiet = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    return client("s3", config=Config(retries={"max_attempts": 0}, **quiet, **more))


def other_account(account: str) -> str:
    """A second account of the test's own."""
    return f"9{account[1:]}"
