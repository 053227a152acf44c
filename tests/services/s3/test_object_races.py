"""Many at once on one key: everybody sees one whole object, and nothing that was acknowledged gets lost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .object_calls import etag_of, filled, names, put, read, set_versioning, versions

SIZES = [100, 16_385, 700_000]
"""Kept in a record, in one chunk, in several."""


def in_parallel(*works: Callable[[], Any]) -> list[Any]:
    """All of them, begun together; what they gave."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


@pytest.mark.parametrize("size", SIZES)
def test_readers_see_one_whole_object_while_it_is_replaced(s3: Any, bucket: str, size: int) -> None:
    bodies = {etag_of(body): body for body in (filled(size + seed, seed) for seed in range(6))}
    put(s3, bucket, body=next(iter(bodies.values())))

    def write() -> None:
        for body in bodies.values():
            put(s3, bucket, body=body)

    def look() -> None:
        for _ in range(8):
            got = s3.get_object(Bucket=bucket, Key="k")
            assert got["Body"].read() == bodies[got["ETag"]]

    in_parallel(write, write, look, look, look)
    assert read(s3, bucket) in bodies.values()


@pytest.mark.parametrize("size", SIZES)
def test_copies_are_of_one_whole_object_while_it_is_replaced(s3: Any, bucket: str, size: int) -> None:
    bodies = {etag_of(body): body for body in (filled(size + seed, seed) for seed in range(6))}
    put(s3, bucket, "from", next(iter(bodies.values())))

    def write() -> None:
        for body in bodies.values():
            put(s3, bucket, "from", body)

    def copy(worker: int) -> None:
        for at in range(5):
            key = f"to-{worker}-{at}"
            given = {"Bucket": bucket, "Key": key, "CopySource": {"Bucket": bucket, "Key": "from"}}
            etag = s3.copy_object(**given)["CopyObjectResult"]["ETag"]
            assert read(s3, bucket, key) == bodies[etag]

    in_parallel(write, lambda: copy(1), lambda: copy(2))
    s3.delete_object(Bucket=bucket, Key="from")
    for key in names(s3, bucket):
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == bodies[got["ETag"]]


def test_every_version_that_was_acknowledged_is_there(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    numbers, known = itertools.count(), {}

    def write() -> None:
        for _ in range(6):
            body = filled(500 + 20_000 * (next(numbers) % 2), next(numbers))
            known[put(s3, bucket, body=body)["VersionId"]] = body

    in_parallel(*[write] * 6)
    assert len(known) == 36
    assert {id_ for _, id_ in versions(s3, bucket)} == set(known)
    newest = s3.get_object(Bucket=bucket, Key="k")
    assert newest["VersionId"] == versions(s3, bucket)[0][1]
    for id_, body in known.items():
        assert read(s3, bucket, VersionId=id_) == body


def test_puts_and_deletes_of_versions_leave_one_latest_or_none(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)

    def come_and_go() -> None:
        for at in range(8):
            id_ = put(s3, bucket, body=filled(100 + at * 9000))["VersionId"]
            marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
            s3.delete_object(Bucket=bucket, Key="k", VersionId=id_ if at % 2 else marker)

    in_parallel(*[come_and_go] * 4)
    answer = s3.list_object_versions(Bucket=bucket)
    found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    assert len(found) == 32, "of each round one is left: an object, or the marker over it"
    assert [one["IsLatest"] for one in found].count(True) == 1
    for key, id_ in versions(s3, bucket):
        assert read(s3, bucket, key, VersionId=id_)


def test_a_bucket_that_is_emptied_by_many_is_empty(s3: Any, bucket: str) -> None:
    for at in range(40):
        put(s3, bucket, f"k{at:02}", filled(at * 1000))

    def sweep() -> None:
        for key in names(s3, bucket):
            try:
                s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
            s3.delete_object(Bucket=bucket, Key=key)

    in_parallel(*[sweep] * 4)
    assert names(s3, bucket) == []
    s3.delete_bucket(Bucket=bucket)
