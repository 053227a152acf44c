"""Versions: every write is kept, deletes are marks, and each version can be had by its id."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from cloud import CloudProcess

from .object_calls import (
    filled,
    header_of,
    markers,
    names,
    put,
    read,
    refused,
    set_versioning,
    status_of,
    versions,
)
from .signed_requests import Line


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """A bucket whose versioning is on."""
    set_versioning(s3, bucket)
    return bucket


def put_id(s3: Any, bucket: str, key: str = "k", body: bytes = b"x") -> str:
    """Puts an object; its version."""
    return put(s3, bucket, key, body)["VersionId"]


def delete_id(s3: Any, bucket: str, key: str = "k") -> str:
    """Deletes an object; the marker's version."""
    answer = s3.delete_object(Bucket=bucket, Key=key)
    assert answer["DeleteMarker"] is True
    return answer["VersionId"]


# --------------------------------------------------------------------------- enabled
@pytest.mark.parametrize("size", [1, 100_000])
def test_every_put_is_a_version_of_its_own(s3: Any, versioned: str, size: int) -> None:
    bodies = [filled(size, seed) for seed in range(3)]
    ids = [put_id(s3, versioned, body=body) for body in bodies]
    assert len(set(ids)) == 3
    assert versions(s3, versioned) == [("k", id_) for id_ in reversed(ids)]
    got = s3.get_object(Bucket=versioned, Key="k")
    assert (got["Body"].read(), got["VersionId"]) == (bodies[2], ids[2])
    for id_, body in zip(ids, bodies, strict=True):
        got = s3.get_object(Bucket=versioned, Key="k", VersionId=id_)
        assert (got["Body"].read(), got["VersionId"]) == (body, id_)
        assert s3.head_object(Bucket=versioned, Key="k", VersionId=id_)["VersionId"] == id_
    assert names(s3, versioned) == ["k"]


def test_a_listing_of_versions_says_what_they_are(s3: Any, versioned: str) -> None:
    old = put(s3, versioned, body=b"old", StorageClass="STANDARD_IA")
    new = put(s3, versioned, body=b"newer")
    marker = delete_id(s3, versioned, "other")
    answer = s3.list_object_versions(Bucket=versioned)
    owner = s3.list_buckets()["Owner"]["ID"]
    first, second = answer["Versions"]
    assert (first["VersionId"], first["IsLatest"], first["Size"]) == (new["VersionId"], True, 5)
    assert (second["VersionId"], second["IsLatest"], second["Size"]) == (old["VersionId"], False, 3)
    assert (second["ETag"], second["StorageClass"]) == (old["ETag"], "STANDARD_IA")
    assert first["Owner"]["ID"] == second["Owner"]["ID"] == owner
    (mark,) = answer["DeleteMarkers"]
    assert (mark["Key"], mark["VersionId"], mark["IsLatest"]) == ("other", marker, True)
    assert (mark["Owner"]["ID"], bool(mark["LastModified"])) == (owner, True)
    assert (answer["Name"], answer["IsTruncated"], answer["MaxKeys"]) == (versioned, False, 1000)


def test_each_version_keeps_its_own_metadata(s3: Any, versioned: str) -> None:
    old = put(s3, versioned, Metadata={"n": "1"}, ContentType="text/plain")["VersionId"]
    put(s3, versioned, Metadata={"n": "2"})
    head = s3.head_object(Bucket=versioned, Key="k", VersionId=old)
    assert (head["Metadata"], head["ContentType"]) == ({"n": "1"}, "text/plain")


def test_a_delete_puts_a_marker_over_the_object(s3: Any, versioned: str) -> None:
    id_ = put_id(s3, versioned)
    marker = delete_id(s3, versioned)
    assert (versions(s3, versioned), markers(s3, versioned)) == ([("k", id_)], [("k", marker)])
    assert names(s3, versioned) == []
    for code, call in (("NoSuchKey", s3.get_object), ("404", s3.head_object)):
        with refused(code, status=404) as caught:
            call(Bucket=versioned, Key="k")
        assert header_of(caught.value.response, "x-amz-delete-marker") == "true"
        assert header_of(caught.value.response, "x-amz-version-id") == marker
    assert read(s3, versioned, VersionId=id_) == b"x"


def test_a_marker_has_nothing_to_read(s3: Any, versioned: str) -> None:
    put_id(s3, versioned)
    marker = delete_id(s3, versioned)
    for code, call in (("MethodNotAllowed", s3.get_object), ("405", s3.head_object)):
        with refused(code, status=405) as caught:
            call(Bucket=versioned, Key="k", VersionId=marker)
        response = caught.value.response
        assert header_of(response, "x-amz-delete-marker") == "true"
        assert header_of(response, "x-amz-version-id") == marker
        assert header_of(response, "last-modified")
        assert header_of(response, "allow") == "DELETE"


def test_deleting_the_marker_brings_the_object_back(s3: Any, versioned: str) -> None:
    id_ = put_id(s3, versioned)
    marker = delete_id(s3, versioned)
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (status_of(answer), answer["DeleteMarker"], answer["VersionId"]) == (204, True, marker)
    assert read(s3, versioned) == b"x"
    assert (versions(s3, versioned), markers(s3, versioned)) == ([("k", id_)], [])


def test_an_object_stays_hidden_while_a_marker_is_the_newest(s3: Any, versioned: str) -> None:
    old = put_id(s3, versioned, body=b"old")
    first = delete_id(s3, versioned)
    new = put_id(s3, versioned, body=b"new")
    second = delete_id(s3, versioned)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert read(s3, versioned) == b"new"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=new)
    with refused("NoSuchKey") as caught:
        read(s3, versioned)
    assert header_of(caught.value.response, "x-amz-version-id") == first
    assert names(s3, versioned) == []
    (mark,) = s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]
    assert (mark["VersionId"], mark["IsLatest"]) == (first, True)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=first)
    assert (read(s3, versioned), versions(s3, versioned)) == (b"old", [("k", old)])


def test_deletes_pile_markers_up_even_over_nothing(s3: Any, versioned: str) -> None:
    ids = [delete_id(s3, versioned, "never there") for _ in range(3)]
    assert len(set(ids)) == 3
    assert [id_ for _, id_ in markers(s3, versioned)] == ids[::-1]


def test_a_version_is_deleted_for_good(s3: Any, versioned: str) -> None:
    first, second, third = (put_id(s3, versioned, body=body) for body in (b"1", b"2", b"3"))
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert (answer["VersionId"], "DeleteMarker" in answer) == (second, False)
    with refused("NoSuchVersion", status=404):
        read(s3, versioned, VersionId=second)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=third)
    assert read(s3, versioned) == b"1", "the next older one is the newest now"
    assert s3.list_object_versions(Bucket=versioned)["Versions"][0]["IsLatest"] is True
    s3.delete_object(Bucket=versioned, Key="k", VersionId=first)
    with refused("NoSuchKey") as caught:
        read(s3, versioned)
    assert header_of(caught.value.response, "x-amz-delete-marker") is None
    # A version that is gone may be deleted again.
    assert status_of(s3.delete_object(Bucket=versioned, Key="k", VersionId=first)) == 204
    assert versions(s3, versioned) == []


def test_a_version_that_is_not_there_is_refused(s3: Any, versioned: str) -> None:
    """A well-formed one is NoSuchVersion, a malformed one InvalidArgument; which is which, only AWS knows."""
    put_id(s3, versioned)
    other = put_id(s3, versioned, "other")
    with refused("NoSuchVersion", status=404) as caught:
        read(s3, versioned, VersionId=other)
    error = caught.value.response["Error"]
    assert (error["Key"], error["VersionId"]) == ("k", other)
    for wrong in ("no version at all", "../..", "ü", "x" * 2000):
        with refused("NoSuchVersion", "InvalidArgument"):
            read(s3, versioned, VersionId=wrong)
        with refused("404", "400"):
            s3.head_object(Bucket=versioned, Key="k", VersionId=wrong)
    with refused("NoSuchVersion", status=404):
        read(s3, versioned, VersionId="null")


def test_an_empty_version_is_no_version(cloud: CloudProcess, account: str, s3: Any, versioned: str) -> None:
    put_id(s3, versioned)
    with Line(cloud.port, account) as line:
        answer = line.ask("GET", f"/{versioned}/k?versionId=")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


# --------------------------------------------------------------------------- the null version
def test_a_bucket_without_versioning_says_nothing_of_versions(s3: Any, bucket: str) -> None:
    assert "VersionId" not in put(s3, bucket)
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
    assert "VersionId" not in s3.delete_object(Bucket=bucket, Key="k")
    put(s3, bucket)
    assert versions(s3, bucket) == [("k", "null")]
    assert read(s3, bucket, VersionId="null") == b"x"
    with refused("NoSuchVersion", "InvalidArgument"):
        read(s3, bucket, VersionId="0" * 32)
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert versions(s3, bucket) == []


def test_what_was_there_before_versioning_is_the_null_version(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"before")
    set_versioning(s3, bucket)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got.get("VersionId", "null")) == (b"before", "null")
    new = put_id(s3, bucket, body=b"after")
    assert versions(s3, bucket) == [("k", new), ("k", "null")]
    assert read(s3, bucket, VersionId="null") == b"before"
    delete_id(s3, bucket)
    assert read(s3, bucket, VersionId="null") == b"before"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert versions(s3, bucket) == [("k", new)]


def test_while_suspended_writes_replace_the_null_version_only(s3: Any, versioned: str) -> None:
    kept = put_id(s3, versioned, body=b"kept")
    set_versioning(s3, versioned, "Suspended")
    assert put(s3, versioned, body=b"null 1").get("VersionId", "null") == "null"
    assert versions(s3, versioned) == [("k", "null"), ("k", kept)]
    put(s3, versioned, body=b"null 2" * 10_000)
    assert versions(s3, versioned) == [("k", "null"), ("k", kept)]
    assert read(s3, versioned) == read(s3, versioned, VersionId="null") == b"null 2" * 10_000
    assert read(s3, versioned, VersionId=kept) == b"kept"


def test_while_suspended_a_delete_replaces_the_null_version_by_a_null_marker(s3: Any, versioned: str) -> None:
    kept = put_id(s3, versioned, body=b"kept")
    set_versioning(s3, versioned, "Suspended")
    put(s3, versioned, body=b"null")
    assert delete_id(s3, versioned) == "null"
    assert (versions(s3, versioned), markers(s3, versioned)) == ([("k", kept)], [("k", "null")])
    assert delete_id(s3, versioned) == "null"
    assert markers(s3, versioned) == [("k", "null")], "there is one null version, marker or not"
    put(s3, versioned, body=b"again")
    assert (versions(s3, versioned), markers(s3, versioned)) == ([("k", "null"), ("k", kept)], [])
    s3.delete_object(Bucket=versioned, Key="k", VersionId="null")
    assert read(s3, versioned) == b"kept"


def test_the_null_version_keeps_its_place_when_versioning_comes_back(s3: Any, versioned: str) -> None:
    oldest = put_id(s3, versioned, body=b"1")
    set_versioning(s3, versioned, "Suspended")
    put(s3, versioned, body=b"2")
    set_versioning(s3, versioned)
    newest = put_id(s3, versioned, body=b"3")
    assert versions(s3, versioned) == [("k", newest), ("k", "null"), ("k", oldest)]
    set_versioning(s3, versioned, "Suspended")
    put(s3, versioned, body=b"4")
    assert versions(s3, versioned) == [("k", "null"), ("k", newest), ("k", oldest)]
    assert read(s3, versioned) == b"4"


# --------------------------------------------------------------------------- listings
@pytest.fixture
def history(s3: Any, versioned: str) -> list[tuple[str, str]]:
    """Versions and markers of several keys, in the order in which they have to be listed."""
    made: dict[str, list[str]] = {}
    for key in ("a/1", "a/2", "b", "b", "c"):
        made.setdefault(key, []).insert(0, put_id(s3, versioned, key))
    for key in ("b", "c", "c", "d"):
        made.setdefault(key, []).insert(0, delete_id(s3, versioned, key))
    made["b"].insert(0, put_id(s3, versioned, "b"))
    return [(key, id_) for key in sorted(made) for id_ in made[key]]


def entries(text: bytes) -> list[tuple[str, str]]:
    """Versions and markers as they stand in the XML, where their order shows."""
    space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
    return [
        (str(one.findtext(f"{space}Key")), str(one.findtext(f"{space}VersionId")))
        for one in ET.fromstring(text)  # the cloud's own answer
        if one.tag in (f"{space}Version", f"{space}DeleteMarker")
    ]


def test_versions_and_markers_are_one_list_by_key_then_newest_first(
    cloud: CloudProcess, account: str, versioned: str, history: list[tuple[str, str]]
) -> None:
    with Line(cloud.port, account) as line:
        assert entries(line.ask("GET", f"/{versioned}?versions").body) == history


def test_pages_of_any_size_together_are_the_list(
    cloud: CloudProcess, account: str, versioned: str, history: list[tuple[str, str]], s3: Any
) -> None:
    for size in (1, 2, 3, len(history)):
        seen: set[tuple[str, str]] = set()
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": size})
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            assert len(found) <= size
            assert not seen & {(one["Key"], one["VersionId"]) for one in found}
            seen |= {(one["Key"], one["VersionId"]) for one in found}
        assert seen == set(history)
    with Line(cloud.port, account) as line:
        for at, (key, id_) in enumerate(history):
            path = f"/{versioned}?versions&max-keys=2&key-marker={quote(key, safe='')}&version-id-marker={id_}"
            assert entries(line.ask("GET", path).body) == history[at + 1 : at + 3]


def test_a_key_marker_alone_passes_over_all_versions_of_the_key(
    s3: Any, versioned: str, history: list[tuple[str, str]]
) -> None:
    answer = s3.list_object_versions(Bucket=versioned, KeyMarker="b")
    seen = {(one["Key"], one["VersionId"]) for one in [*answer.get("Versions", []), *answer["DeleteMarkers"]]}
    assert seen == {pair for pair in history if pair[0] > "b"}
    assert (answer["KeyMarker"], answer["VersionIdMarker"]) == ("b", "")


def test_a_version_marker_needs_a_key(s3: Any, versioned: str) -> None:
    id_ = put_id(s3, versioned)
    with refused("InvalidArgument", text="A version-id marker cannot be specified without a key marker", status=400):
        s3.list_object_versions(Bucket=versioned, VersionIdMarker=id_)


def test_versions_are_chosen_by_prefix_and_grouped_by_delimiter(
    s3: Any, versioned: str, history: list[tuple[str, str]]
) -> None:
    assert versions(s3, versioned, Prefix="a/") == [pair for pair in history if pair[0].startswith("a/")]
    answer = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert answer["CommonPrefixes"] == [{"Prefix": "a/"}]
    assert {one["Key"] for one in answer["Versions"]} == {"b", "c"}
    seen = []
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=versioned, Delimiter="/", PaginationConfig={"PageSize": 1}
    ):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", []), *page.get("CommonPrefixes", [])]
        assert len(found) <= 1
        seen += [one.get("Key", one.get("Prefix")) for one in found]
    assert seen == ["a/", *[key for key, _ in history if not key.startswith("a/")]]


def test_a_listing_of_no_versions_is_empty(s3: Any, versioned: str, history: list[tuple[str, str]]) -> None:
    answer = s3.list_object_versions(Bucket=versioned, MaxKeys=0)
    assert not {"Versions", "DeleteMarkers", "CommonPrefixes"} & set(answer)
    assert (answer["MaxKeys"], answer["IsTruncated"]) == (0, False)
