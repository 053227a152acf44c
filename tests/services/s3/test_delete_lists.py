"""Many objects deleted by one request."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import checksum, markers, names, put, read, refused, set_versioning, versions
from .signed_requests import Line


def delete(s3: Any, bucket: str, *wanted: Any, **more: Any) -> Any:
    """Deletes keys, or dictionaries that say more than the key."""
    objects = [one if isinstance(one, dict) else {"Key": one} for one in wanted]
    return s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, **more})


def test_all_that_are_named_are_deleted_whether_they_were_there_or_not(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        put(s3, bucket, key)
    answer = delete(s3, bucket, "a", "missing", "c")
    assert [one["Key"] for one in answer["Deleted"]] == ["a", "missing", "c"]
    assert "Errors" not in answer
    assert not any({"DeleteMarker", "VersionId"} & set(one) for one in answer["Deleted"])
    assert names(s3, bucket) == ["b"]


def test_a_quiet_request_hears_of_errors_only(s3: Any, bucket: str) -> None:
    put(s3, bucket, "a")
    put(s3, bucket, "b")
    answer = delete(s3, bucket, "a", {"Key": "b", "ETag": '"' + "0" * 32 + '"'}, Quiet=True)
    assert "Deleted" not in answer
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("b", "PreconditionFailed")
    assert error["Message"]
    assert names(s3, bucket) == ["b"]


def test_in_a_versioned_bucket_markers_are_made_and_versions_taken(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    old, new = put(s3, bucket, body=b"old")["VersionId"], put(s3, bucket, body=b"new")["VersionId"]
    (made,) = delete(s3, bucket, "k")["Deleted"]
    assert (made["Key"], made["DeleteMarker"]) == ("k", True)
    marker = made["DeleteMarkerVersionId"]
    assert "VersionId" not in made
    assert markers(s3, bucket) == [("k", marker)]
    answer = delete(s3, bucket, {"Key": "k", "VersionId": old}, {"Key": "k", "VersionId": marker})
    by_version = {one["VersionId"]: one for one in answer["Deleted"]}
    assert set(by_version) == {old, marker}
    assert "DeleteMarker" not in by_version[old]
    taken = by_version[marker]
    assert (taken["DeleteMarker"], taken["DeleteMarkerVersionId"]) == (True, marker)
    assert (versions(s3, bucket), markers(s3, bucket)) == ([("k", new)], [])
    assert read(s3, bucket) == b"new"


def test_a_version_that_is_not_there_is_deleted_too(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    id_ = put(s3, bucket)["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=id_)
    answer = delete(s3, bucket, {"Key": "k", "VersionId": id_})
    assert [(one["Key"], one["VersionId"]) for one in answer["Deleted"]] == [("k", id_)]


def test_a_thousand_keys_and_no_more(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k0999")
    with refused("MalformedXML", status=400):
        delete(s3, bucket, *[f"k{at:04}" for at in range(1001)])
    assert names(s3, bucket) == ["k0999"]
    answer = delete(s3, bucket, *[f"k{at:04}" for at in range(1000)])
    assert len(answer["Deleted"]) == 1000
    assert names(s3, bucket) == []


def test_a_list_of_none_is_malformed(s3: Any, bucket: str) -> None:
    with refused("MalformedXML", status=400):
        delete(s3, bucket)


@pytest.mark.parametrize(
    "body",
    [
        "<Delete><Object><Key>a</Key>",
        "<Other><Object><Key>a</Key></Object></Other>",
        "<Delete><Object></Object></Delete>",
        "not xml",
    ],
)
def test_a_list_that_is_none_is_malformed(cloud: CloudProcess, account: str, s3: Any, bucket: str, body: str) -> None:
    put(s3, bucket, "a")
    proof = {"x-amz-checksum-crc32": checksum("CRC32", body.encode())}
    with Line(cloud.port, account) as line:
        answer = line.ask("POST", f"/{bucket}?delete", body.encode(), proof)
    assert (answer.status, answer.code) == (400, "MalformedXML")
    assert names(s3, bucket) == ["a"]


def test_a_list_of_deletes_is_proven_by_a_digest(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    """Content-MD5 or a checksum is required: the reference, DeleteObjects."""
    put(s3, bucket, "a")
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    right = base64.b64encode(hashlib.md5(body).digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with Line(cloud.port, account) as line:
        for headers, code in (
            ({}, "InvalidRequest"),
            ({"Content-MD5": wrong}, "BadDigest"),
            ({"Content-MD5": "short"}, "InvalidDigest"),
            ({"x-amz-checksum-sha256": checksum("SHA256", b"other")}, "BadDigest"),
        ):
            answer = line.ask("POST", f"/{bucket}?delete", body, headers)
            assert (answer.status, answer.code) == (400, code), headers
        assert names(s3, bucket) == ["a"]
        assert line.ask("POST", f"/{bucket}?delete", body, {"Content-MD5": right}).status == 200
    assert names(s3, bucket) == []


def test_a_key_that_is_named_twice_is_deleted_once(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    put(s3, bucket, "a")
    answer = delete(s3, bucket, "a", "a")
    assert {one["Key"] for one in answer["Deleted"]} == {"a"}
    assert names(s3, bucket) == []
