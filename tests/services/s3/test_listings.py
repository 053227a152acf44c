"""Listings of objects: what is in them, in what order, and page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import (
    checksum,
    etag_of,
    filled,
    names,
    put,
    put_all,
    put_in_parts,
    refused,
    set_versioning,
)
from .signed_requests import Line

KEYS = ["a", "b/1", "b/2", "b/c/3", "b/c/4", "bb", "c/", "c/x", "d//e", "z"]


@pytest.fixture
def filled_bucket(s3: Any, bucket: str) -> str:
    """A bucket of KEYS."""
    for key in reversed(KEYS):
        put(s3, bucket, key)
    return bucket


@pytest.fixture(params=["list_objects", "list_objects_v2"])
def listing(request: pytest.FixtureRequest, s3: Any) -> Callable[..., Any]:
    """Lists in both ways, the old and the new one."""
    return getattr(s3, request.param)


def seen(answer: Any) -> list[str]:
    """Keys and groups of one listing, as one list in order."""
    keys = [one["Key"] for one in answer.get("Contents", [])]
    return sorted([*keys, *(one["Prefix"] for one in answer.get("CommonPrefixes", []))], key=str.encode)


# --------------------------------------------------------------------------- what it says
def test_a_listing_says_what_is_known_of_each_object(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    put(s3, bucket, "a", b"hello", ChecksumSHA256=checksum("SHA256", b"hello"))
    put(s3, bucket, "b", b"", StorageClass="STANDARD_IA")
    put_in_parts(s3, bucket, "c", b"part")
    answer = listing(Bucket=bucket)
    first, second, third = answer["Contents"]
    assert (first["Key"], first["Size"], first["ETag"]) == ("a", 5, etag_of(b"hello"))
    assert first["LastModified"].replace(microsecond=0) == s3.head_object(Bucket=bucket, Key="a")["LastModified"]
    assert (first["StorageClass"], second["StorageClass"]) == ("STANDARD", "STANDARD_IA")
    assert (first["ChecksumAlgorithm"], first["ChecksumType"]) == (["SHA256"], "FULL_OBJECT")
    assert third["ETag"].endswith('-1"')
    assert (answer["Name"], answer["Prefix"], answer["MaxKeys"], answer["IsTruncated"]) == (bucket, "", 1000, False)
    assert "Delimiter" not in answer
    assert "CommonPrefixes" not in answer


def test_an_empty_bucket_has_an_empty_listing(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    answer = listing(Bucket=bucket)
    assert "Contents" not in answer
    assert answer["IsTruncated"] is False
    assert answer.get("KeyCount", 0) == 0


def test_the_old_listing_tells_the_owner_and_the_new_one_when_asked(s3: Any, bucket: str) -> None:
    put(s3, bucket)
    owner = s3.list_buckets()["Owner"]["ID"]
    assert s3.list_objects(Bucket=bucket)["Contents"][0]["Owner"]["ID"] == owner
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"]["ID"] == owner


def test_a_bucket_that_is_not_there_has_no_listing(listing: Callable[..., Any], account: str) -> None:
    with refused("NoSuchBucket", status=404):
        listing(Bucket=f"missing-{account}")


def test_only_what_was_restored_has_a_restore_status(listing: Callable[..., Any], filled_bucket: str) -> None:
    answer = listing(Bucket=filled_bucket, OptionalObjectAttributes=["RestoreStatus"])
    assert len(answer["Contents"]) == len(KEYS)
    assert not any("RestoreStatus" in one for one in answer["Contents"])


def test_deleted_objects_and_old_versions_are_not_listed(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    set_versioning(s3, bucket)
    for key in ("a", "a", "b", "c"):
        put(s3, bucket, key)
    s3.delete_object(Bucket=bucket, Key="b")
    assert seen(listing(Bucket=bucket)) == ["a", "c"]
    assert [len(listing(Bucket=bucket, MaxKeys=size)["Contents"]) for size in (1, 2)] == [1, 2]
    assert listing(Bucket=bucket, MaxKeys=2)["IsTruncated"] is False


# --------------------------------------------------------------------------- order
def test_keys_are_listed_by_their_utf8_bytes(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    """Not by UTF-16, where the last two would change places, and not by any language."""
    order = [
        "!",
        "-",
        ".",
        "/",
        "0",
        "10",
        "2",
        "A",
        "B",
        "Z",
        "_",
        "a",
        "a ",
        "a!",
        "aa",
        "b",
        "z",
        "~",
        "é",
        "ж",
        "鍵",
    ]
    order += ["\ue000", "\uffff", "\U00010000", "\U0001f600"]
    for key in reversed(order):
        put(s3, bucket, key)
    assert [one["Key"] for one in listing(Bucket=bucket)["Contents"]] == order == sorted(order, key=str.encode)


# --------------------------------------------------------------------------- prefix and delimiter
@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", KEYS),
        ("b", ["b/1", "b/2", "b/c/3", "b/c/4", "bb"]),
        ("b/", ["b/1", "b/2", "b/c/3", "b/c/4"]),
        ("b/c/3", ["b/c/3"]),
        ("b/c/33", []),
        ("B", []),
        ("zz", []),
        ("/", []),
    ],
)
def test_a_prefix_chooses(listing: Callable[..., Any], filled_bucket: str, prefix: str, expected: list[str]) -> None:
    answer = listing(Bucket=filled_bucket, Prefix=prefix)
    assert [one["Key"] for one in answer.get("Contents", [])] == expected
    assert answer["Prefix"] == prefix


@pytest.mark.parametrize(
    ("prefix", "delimiter", "keys", "groups"),
    [
        ("", "/", ["a", "bb", "z"], ["b/", "c/", "d/"]),
        ("b", "/", ["bb"], ["b/"]),
        ("b/", "/", ["b/1", "b/2"], ["b/c/"]),
        ("c/", "/", ["c/", "c/x"], []),
        ("d/", "/", [], ["d//"]),
        ("", "//", ["a", "b/1", "b/2", "b/c/3", "b/c/4", "bb", "c/", "c/x", "z"], ["d//"]),
        ("", "b", ["a", "c/", "c/x", "d//e", "z"], ["b"]),
        ("", "/c/", ["a", "b/1", "b/2", "bb", "c/", "c/x", "d//e", "z"], ["b/c/"]),
        ("", "?", KEYS, []),
        ("zzz", "/", [], []),
    ],
)
def test_a_delimiter_groups(
    listing: Callable[..., Any], filled_bucket: str, prefix: str, delimiter: str, keys: list[str], groups: list[str]
) -> None:
    answer = listing(Bucket=filled_bucket, Prefix=prefix, Delimiter=delimiter)
    assert [one["Key"] for one in answer.get("Contents", [])] == keys
    assert [one["Prefix"] for one in answer.get("CommonPrefixes", [])] == groups
    assert answer["Delimiter"] == delimiter
    assert answer.get("KeyCount", len(keys) + len(groups)) == len(keys) + len(groups)


def test_an_empty_delimiter_groups_nothing(s3: Any, filled_bucket: str) -> None:
    answer = s3.list_objects_v2(Bucket=filled_bucket, Delimiter="")
    assert seen(answer) == KEYS
    assert "CommonPrefixes" not in answer


def test_a_delimiter_may_be_any_character(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    for key in ("a ключ 1", "a ключ 2", "a%2Fb", "c\x01d", "plain"):
        put(s3, bucket, key)
    for delimiter, group in (("ключ", "a ключ"), ("%", "a%"), ("\x01", "c\x01"), (" ", "a ")):
        answer = listing(Bucket=bucket, Delimiter=delimiter)
        assert answer["CommonPrefixes"] == [{"Prefix": group}]
        assert answer["Delimiter"] == delimiter


# --------------------------------------------------------------------------- pages
@pytest.mark.parametrize("more", [{}, {"Delimiter": "/"}, {"Prefix": "b/"}, {"Prefix": "b", "Delimiter": "/"}])
def test_pages_of_any_size_together_are_the_list(
    s3: Any, listing: Callable[..., Any], filled_bucket: str, more: dict[str, str]
) -> None:
    whole = seen(listing(Bucket=filled_bucket, **more))
    for size in (1, 2, 3, len(whole), len(whole) + 1):
        pages = s3.get_paginator(listing.__name__).paginate(
            Bucket=filled_bucket, PaginationConfig={"PageSize": size}, **more
        )
        out: list[str] = []
        for page in pages:
            assert len(seen(page)) == min(size, len(whole) - len(out)), "groups count as keys do"
            assert page["IsTruncated"] is (len(out) + len(seen(page)) < len(whole))
            assert page.get("KeyCount", len(seen(page))) == len(seen(page))
            out += seen(page)
        assert out == whole


def test_a_listing_of_no_keys_is_empty_and_whole(listing: Callable[..., Any], filled_bucket: str) -> None:
    answer = listing(Bucket=filled_bucket, MaxKeys=0)
    assert (answer["MaxKeys"], answer["IsTruncated"], "Contents" in answer) == (0, False, False)
    assert not {"NextMarker", "NextContinuationToken"} & set(answer)


def test_a_page_is_never_longer_than_a_thousand(s3: Any, bucket: str) -> None:
    keys = [f"k{at:04}" for at in range(1003)]
    put_all(s3, bucket, keys)
    for listed in ("list_objects", "list_objects_v2"):
        for more in ({}, {"MaxKeys": 1000}, {"MaxKeys": 5000}):
            answer = getattr(s3, listed)(Bucket=bucket, **more)
            assert [one["Key"] for one in answer["Contents"]] == keys[:1000]
            assert (answer["IsTruncated"], answer["MaxKeys"]) == (True, 1000)
        pages = s3.get_paginator(listed).paginate(Bucket=bucket)
        assert [one["Key"] for page in pages for one in page["Contents"]] == keys
    assert len(s3.list_object_versions(Bucket=bucket, MaxKeys=5000)["Versions"]) == 1000


def test_the_new_listing_starts_after_a_key(s3: Any, filled_bucket: str) -> None:
    assert names(s3, filled_bucket, StartAfter="b/2") == KEYS[3:]
    assert names(s3, filled_bucket, StartAfter="b/2!") == KEYS[3:], "the key need not be there"
    assert names(s3, filled_bucket, StartAfter="zz") == []
    answer = s3.list_objects_v2(Bucket=filled_bucket, StartAfter="b/", Delimiter="/")
    assert answer["StartAfter"] == "b/"
    assert seen(answer) == ["bb", "c/", "d/", "z"], "groups not greater than it are left out"
    assert names(s3, filled_bucket, StartAfter="a", Prefix="b/c") == ["b/c/3", "b/c/4"]


def test_the_old_listing_starts_after_a_marker(s3: Any, filled_bucket: str) -> None:
    answer = s3.list_objects(Bucket=filled_bucket, Marker="b/2", MaxKeys=2)
    assert seen(answer) == ["b/c/3", "b/c/4"]
    assert (answer["Marker"], "NextMarker" in answer) == ("b/2", False)
    grouped = s3.list_objects(Bucket=filled_bucket, Delimiter="/", MaxKeys=2)
    assert (seen(grouped), grouped["NextMarker"]) == (["a", "b/"], "b/"), "it is told where there is a delimiter"
    assert seen(s3.list_objects(Bucket=filled_bucket, Delimiter="/", Marker="b/", MaxKeys=2)) == ["bb", "c/"]
    assert s3.list_objects(Bucket=filled_bucket)["Marker"] == ""


def test_a_token_goes_on_where_the_page_ended(s3: Any, filled_bucket: str) -> None:
    first = s3.list_objects_v2(Bucket=filled_bucket, MaxKeys=4, StartAfter="a")
    token = first["NextContinuationToken"]
    put(s3, filled_bucket, "b/0")
    put(s3, filled_bucket, "c/new")
    second = s3.list_objects_v2(Bucket=filled_bucket, MaxKeys=3, ContinuationToken=token)
    assert seen(second) == ["bb", "c/", "c/new"]
    assert second["ContinuationToken"] == token
    # A token says more than a first key does.
    assert seen(s3.list_objects_v2(Bucket=filled_bucket, MaxKeys=1, ContinuationToken=token, StartAfter="z")) == ["bb"]


def test_a_token_is_for_the_listing_that_gave_it(s3: Any, account: str, filled_bucket: str) -> None:
    token = s3.list_objects_v2(Bucket=filled_bucket, MaxKeys=2, Prefix="b")["NextContinuationToken"]
    other = f"other-{account}"
    s3.create_bucket(Bucket=other)
    for wrong in (
        {"Bucket": filled_bucket, "ContinuationToken": "garbage", "Prefix": "b"},
        {"Bucket": filled_bucket, "ContinuationToken": token[:-2], "Prefix": "b"},
        {"Bucket": filled_bucket, "ContinuationToken": token, "Prefix": "c"},
        {"Bucket": filled_bucket, "ContinuationToken": token, "Prefix": "b", "Delimiter": "/"},
        {"Bucket": other, "ContinuationToken": token, "Prefix": "b"},
    ):
        with refused("InvalidArgument", text="The continuation token provided is incorrect", status=400):
            s3.list_objects_v2(**wrong)
    assert names(s3, filled_bucket, ContinuationToken=token, Prefix="b") == ["b/c/3", "b/c/4", "bb"]


@pytest.mark.parametrize(
    "asked",
    [
        "max-keys=-1",
        "max-keys=x",
        "max-keys=99999999999",
        "encoding-type=base64",
        "list-type=2&max-keys=-1",
        "list-type=2&max-keys=1.5",
        "list-type=2&encoding-type=x",
        "list-type=2&continuation-token=",
        "versions&max-keys=-1",
        "versions&encoding-type=x",
        "versions&key-marker=a&version-id-marker=",
    ],
)
def test_bounds_of_a_listing_are_checked(cloud: CloudProcess, account: str, bucket: str, asked: str) -> None:
    with Line(cloud.port, account) as line:
        answer = line.ask("GET", f"/{bucket}?{asked}")
    assert (answer.status, answer.code) == (400, "InvalidArgument"), answer.body


# --------------------------------------------------------------------------- encoding
def spaced(text: str) -> str:
    """A space is written in one of two ways, which every client reads; the reference shows neither."""
    return text.replace("%20", " ").replace("+", " ")


def test_names_are_encoded_when_that_is_asked_for(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    """Only so can a key hold a character that XML has not. The example with brackets is the reference's."""
    for key in ("test_file(3).png", "a b+c/é\x01", "folder 1/x"):
        put(s3, bucket, key)
    with Line(cloud.port, account) as line:
        for asked in ("encoding-type=url", "list-type=2&encoding-type=url", "versions&encoding-type=url"):
            body = line.ask("GET", f"/{bucket}?{asked}&prefix=").body.decode()
            assert "<EncodingType>url</EncodingType>" in body
            assert "<Key>test_file%283%29.png</Key>" in body
            assert "<Key>a b%2Bc/%C3%A9%01</Key>" in spaced(body)
        body = line.ask(
            "GET", f"/{bucket}?delimiter=%201&encoding-type=url&prefix=f&marker=a%20b&max-keys=9"
        ).body.decode()
        for shown in ("<Delimiter> 1</Delimiter>", "<Prefix>folder 1</Prefix>", "<Marker>a b</Marker>"):
            assert shown in spaced(body)
        plain = line.ask("GET", f"/{bucket}?prefix=test").body.decode()
        assert "<Key>test_file(3).png</Key>" in plain
        assert "<EncodingType>" not in plain


def test_listing_goes_on_over_names_of_every_sort(s3: Any, listing: Callable[..., Any], bucket: str) -> None:
    keys = sorted(["a&b", "a<b", "a%b", "a+b", "a b", "é/ж", "\x01", "x\ny", "#", "?"], key=str.encode)
    for key in keys:
        put(s3, bucket, key, filled(3))
    pages = s3.get_paginator(listing.__name__).paginate(
        Bucket=bucket, Delimiter="none", PaginationConfig={"PageSize": 1}
    )
    assert [key for page in pages for key in seen(page)] == keys
