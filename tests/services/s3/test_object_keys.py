"""Keys: any UTF-8 of up to 1024 bytes is a name, and none is a path."""

from __future__ import annotations

from typing import Any

import pytest

from .object_calls import names, put, read, refused

KEYS = [
    "plain",
    "with space",
    " leading and trailing ",
    "a+b",
    "a%20b",
    "100%",
    "%",
    "%zz",
    "a&b=c?d#e;f:g@h,i$j",
    "quote'\"<tag>&amp;",
    "back\\slash",
    "tilde~star*paren()[]{}|^`!",
    "ünïcode/ключ/鍵/😀",
    "e\u0301 is not \u00e9",
    "tab\tline\nreturn\r",
    "\x01\x1f\x7f",
    "\ud7ff\ue000\uffff",
    "/",
    "/leading",
    "//",
    "a//b///c",
    "folder/",
    "folder//",
    ".",
    "./a",
    "a/./b",
    "...",
    "..hidden/..x",
    "videos/2014/../../video1.wmv",
    "a/b/../c/..",
    "con",
    "a" * 300 + "/" + "b" * 300,
    "?versionId=null",
    "?uploads",
    "soap",
]


def test_any_key_is_put_listed_read_and_deleted_under_its_name(s3: Any, bucket: str) -> None:
    for at, key in enumerate(KEYS):
        put(s3, bucket, key, b"%d" % at)
    assert sorted(names(s3, bucket)) == sorted(KEYS)
    for at, key in enumerate(KEYS):
        assert read(s3, bucket, key) == b"%d" % at, key
        assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(str(at))
        s3.delete_object(Bucket=bucket, Key=key)
    assert names(s3, bucket) == []


def test_any_key_may_be_deleted_in_a_list(s3: Any, bucket: str) -> None:
    """Characters that XML 1.0 has not are left out: no request of this kind can say them."""
    spoken = [key for key in KEYS if not any(sign in key for sign in "\x01\uffff\r")]
    for key in spoken:
        put(s3, bucket, key)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in spoken]})
    assert sorted(one["Key"] for one in answer["Deleted"]) == sorted(spoken)
    assert names(s3, bucket) == []


def test_a_key_is_told_from_others_by_every_byte(s3: Any, bucket: str) -> None:
    alike = ["a", "A", "a/", "/a", "a ", "\u00e9", "e\u0301", "a//b", "a/b", "a/./b"]
    for key in alike:
        put(s3, bucket, key, key.encode())
    for key in alike:
        assert read(s3, bucket, key) == key.encode()
    s3.delete_object(Bucket=bucket, Key="a/")
    assert sorted(names(s3, bucket)) == sorted(set(alike) - {"a/"})


def test_a_folder_is_an_object_like_others(s3: Any, bucket: str) -> None:
    put(s3, bucket, "folder/", b"")
    put(s3, bucket, "folder/inside", b"1")
    put(s3, bucket, "folder", b"not empty")
    s3.delete_object(Bucket=bucket, Key="folder/")
    assert names(s3, bucket) == ["folder", "folder/inside"]
    assert read(s3, bucket, "folder/inside") == b"1"
    put(s3, bucket, "full/", b"a folder may have a body")
    assert read(s3, bucket, "full/") == b"a folder may have a body"


@pytest.mark.parametrize("sign", ["a", "\u00e9", "\u20ac", "\U0001f600"])
def test_a_key_has_up_to_1024_bytes(s3: Any, bucket: str, sign: str) -> None:
    longest = sign * (1024 // len(sign.encode()))
    longest += "x" * (1024 - len(longest.encode()))
    put(s3, bucket, longest, b"1")
    assert read(s3, bucket, longest) == b"1"
    assert names(s3, bucket) == [longest]
    too_long = longest + "x"
    with refused("KeyTooLongError", status=400) as caught:
        put(s3, bucket, too_long)
    error = caught.value.response["Error"]
    assert (error["Size"], error["MaxSizeAllowed"]) == ("1025", "1024")
    with refused("KeyTooLongError", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key=too_long)
    with refused("KeyTooLongError", status=400):
        s3.copy_object(Bucket=bucket, Key=too_long, CopySource={"Bucket": bucket, "Key": longest})
    assert names(s3, bucket) == [longest]


@pytest.mark.parametrize("key", ["../..", "../../a", "a/../../b", "videos/../../video1.wmv", "../../../etc/passwd"])
def test_a_key_that_climbs_above_its_bucket_is_refused(s3: Any, bucket: str, key: str) -> None:
    """User guide, "Naming Amazon S3 objects": read from the left, there may never be more `..` than other segments.
    The code of the refusal is not documented, nor is what becomes of a key that begins with a single `..`."""
    with refused("InvalidURI", "InvalidArgument", "InvalidRequest", "400", status=400):
        put(s3, bucket, key)
    assert names(s3, bucket) == []
