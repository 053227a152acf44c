"""Conditions: reads that depend on what one has, writes that depend on what is there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess

from .object_calls import (
    complete,
    etag_of,
    header_of,
    markers,
    put,
    read,
    refused,
    send_part,
    set_versioning,
    start_upload,
    status_of,
    versions,
)
from .signed_requests import Line

OTHER = '"00000000000000000000000000000000"'
LOST = ("PreconditionFailed", "ConditionalRequestConflict")
SECOND = timedelta(seconds=1)


def outcome(call: Callable[[], Any]) -> str:
    """`done`, or the code of the refusal."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


@pytest.fixture
def etag(s3: Any, bucket: str) -> str:
    """The ETag of the object `k`."""
    return put(s3, bucket, body=b"hello")["ETag"]


@pytest.fixture
def modified(s3: Any, bucket: str, etag: str) -> datetime:
    """When `k` was made."""
    return s3.head_object(Bucket=bucket, Key="k")["LastModified"]


@pytest.fixture(params=["get_object", "head_object"])
def look(request: pytest.FixtureRequest, s3: Any, bucket: str) -> Callable[..., Any]:
    """Reads `k`, with and without its body."""
    return lambda **conditions: getattr(s3, request.param)(Bucket=bucket, Key="k", **conditions)


# --------------------------------------------------------------------------- reads
def test_a_read_with_conditions_that_hold_is_answered(look: Callable[..., Any], etag: str, modified: datetime) -> None:
    for holding in (
        {"IfMatch": etag},
        {"IfMatch": etag.strip('"')},
        {"IfMatch": "*"},
        {"IfNoneMatch": OTHER},
        {"IfModifiedSince": modified - SECOND},
        {"IfUnmodifiedSince": modified},
        {"IfUnmodifiedSince": modified + SECOND},
        {"IfMatch": etag, "IfUnmodifiedSince": modified - SECOND},
        {"IfNoneMatch": OTHER, "IfModifiedSince": modified},
        {"IfMatch": etag, "IfNoneMatch": OTHER},
    ):
        assert status_of(look(**holding)) == 200, holding


def test_a_read_whose_precondition_fails_is_refused(look: Callable[..., Any], etag: str, modified: datetime) -> None:
    for failing in (
        {"IfMatch": OTHER},
        {"IfUnmodifiedSince": modified - SECOND},
        {"IfMatch": OTHER, "IfUnmodifiedSince": modified + SECOND},
        {"IfMatch": OTHER, "IfNoneMatch": etag},
        {"IfMatch": OTHER, "Range": "bytes=900-"},
    ):
        with refused("PreconditionFailed", "412", status=412):
            look(**failing)


def test_a_read_of_what_one_has_is_not_repeated(look: Callable[..., Any], etag: str, modified: datetime) -> None:
    for having in (
        {"IfNoneMatch": etag},
        {"IfNoneMatch": etag.strip('"')},
        {"IfNoneMatch": "*"},
        {"IfModifiedSince": modified},
        {"IfNoneMatch": etag, "IfModifiedSince": modified - SECOND},
        {"IfMatch": etag, "IfNoneMatch": etag},
        {"IfNoneMatch": etag, "Range": "bytes=0-1"},
    ):
        with refused("304", status=304) as caught:
            look(**having)
        assert header_of(caught.value.response, "etag") == etag


def test_a_failed_condition_is_named(s3: Any, bucket: str, etag: str) -> None:
    with refused("PreconditionFailed", text="At least one of the pre-conditions you specified did not hold") as caught:
        read(s3, bucket, IfMatch=OTHER)
    assert caught.value.response["Error"]["Condition"] == "If-Match"


def test_not_modified_has_no_body_and_the_connection_lives_on(
    cloud: CloudProcess, account: str, bucket: str, etag: str
) -> None:
    with Line(cloud.port, account) as line:
        for method in ("GET", "HEAD", "GET"):
            answer = line.ask(method, f"/{bucket}/k", headers={"If-None-Match": etag})
            assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert line.ask("GET", f"/{bucket}/k").body == b"hello"


def test_a_date_that_is_none_is_no_condition(cloud: CloudProcess, account: str, bucket: str, etag: str) -> None:
    with Line(cloud.port, account) as line:
        for name in ("If-Modified-Since", "If-Unmodified-Since"):
            assert line.ask("GET", f"/{bucket}/k", headers={name: "yesterday"}).status == 200


def test_conditions_come_after_the_question_whether_there_is_an_object(s3: Any, bucket: str) -> None:
    with refused("NoSuchKey", status=404):
        read(s3, bucket, "missing", IfMatch=OTHER)
    with refused("NoSuchKey", status=404):
        read(s3, bucket, "missing", IfNoneMatch="*")


# --------------------------------------------------------------------------- writes
def write_by_put(s3: Any, bucket: str, **conditions: Any) -> Any:
    """Puts `k`."""
    return put(s3, bucket, body=b"new", **conditions)


def write_by_parts(s3: Any, bucket: str, **conditions: Any) -> Any:
    """Completes an upload of `k`."""
    upload = start_upload(s3, bucket)
    etag = send_part(s3, bucket, upload, 1, b"new")["ETag"]
    return complete(s3, bucket, upload, {1: etag}, **conditions)


def write_by_copy(s3: Any, bucket: str, **conditions: Any) -> Any:
    """Copies another object to `k`."""
    put(s3, bucket, "source", b"new")
    return s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, **conditions)


@pytest.fixture(params=[write_by_put, write_by_parts, write_by_copy])
def write(request: pytest.FixtureRequest, s3: Any, bucket: str) -> Callable[..., Any]:
    """Writes `new` to `k`, in every way there is."""
    return lambda **conditions: request.param(s3, bucket, **conditions)


def test_a_write_only_if_there_is_none(s3: Any, bucket: str, write: Callable[..., Any]) -> None:
    write(IfNoneMatch="*")
    assert read(s3, bucket) == b"new"
    put(s3, bucket, body=b"theirs")
    with refused("PreconditionFailed", status=412) as caught:
        write(IfNoneMatch="*")
    assert caught.value.response["Error"]["Condition"] == "If-None-Match"
    assert read(s3, bucket) == b"theirs"


def test_a_write_only_over_what_one_knows(s3: Any, bucket: str, write: Callable[..., Any]) -> None:
    with refused("NoSuchKey", status=404):
        write(IfMatch=OTHER)
    known = put(s3, bucket, body=b"known")["ETag"]
    with refused("PreconditionFailed", status=412):
        write(IfMatch=OTHER)
    assert read(s3, bucket) == b"known"
    write(IfMatch=known)
    assert read(s3, bucket) == b"new"
    with refused("PreconditionFailed", status=412):
        write(IfMatch=known)


def test_a_delete_marker_is_no_object(s3: Any, bucket: str, write: Callable[..., Any]) -> None:
    set_versioning(s3, bucket)
    old = put(s3, bucket, body=b"old")["ETag"]
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", status=404):
        write(IfMatch=old)
    write(IfNoneMatch="*")
    assert read(s3, bucket) == b"new"
    with refused("PreconditionFailed", status=412):
        write(IfNoneMatch="*")


def test_none_match_takes_only_an_asterisk(s3: Any, bucket: str, write: Callable[..., Any]) -> None:
    """The reference: "Expects the '*' (asterisk) character". AWS answers any other with NotImplemented."""
    with refused("NotImplemented", status=501):
        write(IfNoneMatch=OTHER)
    with refused("NoSuchKey"):
        read(s3, bucket)


def test_a_refused_put_leaves_the_object_and_its_facts(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"theirs" * 10_000, Metadata={"a": "1"})
    with refused("PreconditionFailed", status=412):
        put(s3, bucket, body=b"mine" * 100_000, Metadata={"b": "2"}, IfNoneMatch="*")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["Metadata"]) == (b"theirs" * 10_000, {"a": "1"})


def test_of_many_first_writers_one_wins(s3: Any, bucket: str) -> None:
    """The others hear 412, or 409 when they came at the same moment."""
    start, bodies = threading.Barrier(16), [b"%02d" % at * (1 if at % 2 else 20_000) for at in range(16)]

    def attempt(body: bytes) -> str:
        start.wait()
        return outcome(lambda: put(s3, bucket, body=body, IfNoneMatch="*"))

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(attempt, bodies))
    assert Counter(results)["done"] == 1, results
    assert set(results) <= {"done", *LOST}
    assert read(s3, bucket) == bodies[results.index("done")]


def test_a_counter_that_is_compared_and_swapped_loses_no_step(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"0")

    def add_three(_worker: int) -> None:
        added = 0
        while added < 3:
            got = s3.get_object(Bucket=bucket, Key="k")
            more = b"%d" % (int(got["Body"].read()) + 1)
            result = outcome(lambda etag=got["ETag"], more=more: put(s3, bucket, body=more, IfMatch=etag))
            assert result in {"done", *LOST}
            added += result == "done"

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add_three, range(6)))
    assert read(s3, bucket) == b"18"


# --------------------------------------------------------------------------- deletes
def test_a_delete_only_of_what_one_knows(s3: Any, bucket: str, etag: str) -> None:
    with refused("PreconditionFailed", status=412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=OTHER)
    assert read(s3, bucket) == b"hello"
    assert status_of(s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)) == 204
    with refused("NoSuchKey"):
        read(s3, bucket)


def test_a_delete_of_whatever_is_there(s3: Any, bucket: str, etag: str) -> None:
    """User guide, "How to perform conditional deletes"; whether an absent object is 412 or 404 it does not settle."""
    assert status_of(s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")) == 204
    for condition in ("*", etag):
        with refused("PreconditionFailed", "NoSuchKey"):
            s3.delete_object(Bucket=bucket, Key="k", IfMatch=condition)


def test_a_refused_delete_leaves_no_marker(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    made = put(s3, bucket)
    with refused("PreconditionFailed", status=412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=OTHER)
    assert (versions(s3, bucket), markers(s3, bucket)) == ([("k", made["VersionId"])], [])
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=made["ETag"])
    assert len(markers(s3, bucket)) == 1


def test_each_object_in_a_list_of_deletes_has_its_own_condition(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        put(s3, bucket, key, key.encode())
    wanted = [{"Key": "a", "ETag": etag_of(b"a")}, {"Key": "b", "ETag": OTHER}, {"Key": "c"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert sorted(one["Key"] for one in answer["Deleted"]) == ["a", "c"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b", "PreconditionFailed")]
    assert read(s3, bucket, "b") == b"b"
