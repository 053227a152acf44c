"""Uploads in parts: begun, sent, completed, given up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud import CloudProcess

from .object_calls import (
    PART_BYTES_MIN,
    complete,
    etag_of,
    etag_of_parts,
    filled,
    names,
    put,
    put_in_parts,
    read,
    refused,
    send_part,
    set_versioning,
    start_upload,
    status_of,
    versions,
)
from .signed_requests import Line


def test_parts_become_one_object(s3: Any, bucket: str) -> None:
    first, second = filled(PART_BYTES_MIN, 1), filled(1000, 2)
    made = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert (made["Bucket"], made["Key"], made["ServerSideEncryption"]) == (bucket, "k", "AES256")
    upload = made["UploadId"]
    # The order in which they come is of no importance.
    tail = send_part(s3, bucket, upload, 2, second)
    head = send_part(s3, bucket, upload, 1, first)
    assert (head["ETag"], tail["ETag"]) == (etag_of(first), etag_of(second))
    with refused("NoSuchKey"):
        read(s3, bucket)
    answer = complete(s3, bucket, upload, {1: head["ETag"], 2: tail["ETag"]})
    assert (answer["Bucket"], answer["Key"]) == (bucket, "k")
    assert answer["ETag"] == etag_of_parts(first, second)
    assert answer["Location"].endswith("/k")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == first + second
    assert (got["ETag"], got["ContentLength"]) == (answer["ETag"], len(first + second))
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"] == answer["ETag"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_only_the_parts_that_are_named_are_taken_with_any_gaps_between(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket)
    bodies = {3: filled(PART_BYTES_MIN, 3), 500: b"left out", 10_000: b"last"}
    etags = {number: send_part(s3, bucket, upload, number, body)["ETag"] for number, body in bodies.items()}
    answer = complete(s3, bucket, upload, {3: etags[3], 10_000: etags[10_000]})
    assert answer["ETag"] == etag_of_parts(bodies[3], b"last")
    assert read(s3, bucket) == bodies[3] + b"last"


def test_one_small_part_is_enough_and_an_empty_one_too(s3: Any, bucket: str) -> None:
    assert put_in_parts(s3, bucket, "small", b"x")["ETag"] == etag_of_parts(b"x")
    assert put_in_parts(s3, bucket, "empty", b"")["ETag"] == etag_of_parts(b"")
    assert (read(s3, bucket, "small"), read(s3, bucket, "empty")) == (b"x", b"")


def test_a_part_that_is_sent_again_takes_the_place_of_the_first(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket)
    old = send_part(s3, bucket, upload, 1, b"old" * 10_000)["ETag"]
    new = send_part(s3, bucket, upload, 1, b"new")["ETag"]
    with refused("InvalidPart", status=400):
        complete(s3, bucket, upload, {1: old})
    complete(s3, bucket, upload, {1: new})
    assert read(s3, bucket) == b"new"


def test_everything_that_was_said_at_the_start_is_the_objects(s3: Any, bucket: str) -> None:
    facts = {
        "ContentType": "text/plain",
        "CacheControl": "no-cache",
        "ContentDisposition": "inline",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "StorageClass": "STANDARD_IA",
    }
    put_in_parts(s3, bucket, "k", b"part", Metadata={"Mixed": "1"}, **facts)
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in facts} == facts
    assert head["Metadata"] == {"mixed": "1"}
    put_in_parts(s3, bucket, "plain", b"part")
    assert s3.head_object(Bucket=bucket, Key="plain")["ContentType"] == "binary/octet-stream"


# --------------------------------------------------------------------------- how a completion is refused
@pytest.fixture
def upload(s3: Any, bucket: str) -> str:
    """An upload of `k`."""
    return start_upload(s3, bucket)


def test_parts_must_be_named_in_order_and_once(s3: Any, bucket: str, upload: str) -> None:
    etags = {number: send_part(s3, bucket, upload, number, b"x")["ETag"] for number in (1, 2)}
    listed = [{"PartNumber": number, "ETag": etags[number]} for number in (1, 2)]
    for wrong in (listed[::-1], [listed[0], listed[0]]):
        with refused("InvalidPartOrder", text="The list of parts was not in ascending order", status=400):
            s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": wrong})
    assert names(s3, bucket) == []


def test_a_part_that_was_not_sent_or_is_another_is_refused(s3: Any, bucket: str, upload: str) -> None:
    etag = send_part(s3, bucket, upload, 1, b"x")["ETag"]
    for wrong in ({1: etag, 2: etag}, {2: etag}, {1: etag_of(b"y")}, {1: "garbage"}):
        with refused("InvalidPart", text="One or more of the specified parts could not be found", status=400):
            complete(s3, bucket, upload, wrong)
    assert names(s3, bucket) == []
    complete(s3, bucket, upload, {1: etag.strip('"')})
    assert read(s3, bucket) == b"x"


def test_every_part_but_the_last_has_five_mebibytes(s3: Any, bucket: str, upload: str) -> None:
    sizes = {1: PART_BYTES_MIN, 2: PART_BYTES_MIN - 1, 3: 1}
    etags = {number: send_part(s3, bucket, upload, number, filled(size))["ETag"] for number, size in sizes.items()}
    with refused(
        "EntityTooSmall", text="Your proposed upload is smaller than the minimum allowed", status=400
    ) as caught:
        complete(s3, bucket, upload, etags)
    error = caught.value.response["Error"]
    assert (error["ProposedSize"], error["MinSizeAllowed"]) == (str(PART_BYTES_MIN - 1), str(PART_BYTES_MIN))
    assert error["PartNumber"] == "2"
    assert names(s3, bucket) == []
    del etags[3]
    complete(s3, bucket, upload, etags)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 2 * PART_BYTES_MIN - 1


def test_a_list_of_no_parts_is_malformed(s3: Any, bucket: str, upload: str) -> None:
    send_part(s3, bucket, upload, 1, b"x")
    with refused("MalformedXML", status=400):
        complete(s3, bucket, upload, {})
    assert names(s3, bucket) == []


def test_a_completion_that_is_no_xml_is_malformed(
    cloud: CloudProcess, account: str, s3: Any, bucket: str, upload: str
) -> None:
    etag = send_part(s3, bucket, upload, 1, b"x")["ETag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    with Line(cloud.port, account) as line:
        for body in (
            "",
            "<CompleteMultipartUpload>",
            "not xml",
            "<Other/>",
            "<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>",
            f"<CompleteMultipartUpload>{part.replace('>1<', '>one<')}</CompleteMultipartUpload>",
            f"<CompleteMultipartUpload>{part * 10_001}</CompleteMultipartUpload>",
        ):
            answer = line.ask("POST", f"/{bucket}/k?uploadId={upload}", body.encode())
            assert (answer.status, answer.code) in {
                (400, "MalformedXML"),
                (400, "InvalidRequest"),
            }, body[:100]
        assert names(s3, bucket) == []
        # Without a namespace, as many clients send it.
        body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
        assert line.ask("POST", f"/{bucket}/k?uploadId={upload}", body.encode()).status == 200
    assert read(s3, bucket) == b"x"


@pytest.mark.parametrize("number", ["0", "-1", "10001", "1.5", "x", ""])
def test_a_part_has_a_number_from_one_to_ten_thousand(
    cloud: CloudProcess, account: str, s3: Any, bucket: str, upload: str, number: str
) -> None:
    with Line(cloud.port, account) as line:
        answer = line.ask("PUT", f"/{bucket}/k?partNumber={number}&uploadId={upload}", b"x")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_an_expected_size_is_checked(s3: Any, bucket: str, upload: str) -> None:
    etag = send_part(s3, bucket, upload, 1, b"12345")["ETag"]
    with refused("InvalidRequest", status=400):
        complete(s3, bucket, upload, {1: etag}, MpuObjectSize=6)
    assert names(s3, bucket) == []
    complete(s3, bucket, upload, {1: etag}, MpuObjectSize=5)
    assert read(s3, bucket) == b"12345"


def test_an_upload_belongs_to_its_key_and_bucket(s3: Any, account: str, bucket: str, upload: str) -> None:
    etag = send_part(s3, bucket, upload, 1, b"x")["ETag"]
    second = f"second-{account}"
    s3.create_bucket(Bucket=second)
    for place in ({"Key": "other", "Bucket": bucket}, {"Key": "k", "Bucket": second}):
        given = {**place, "UploadId": upload}
        for call in (
            lambda given=given: s3.upload_part(PartNumber=1, Body=b"y", **given),
            lambda given=given: s3.list_parts(**given),
            lambda given=given: s3.abort_multipart_upload(**given),
            lambda given=given: s3.complete_multipart_upload(
                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **given
            ),
        ):
            with refused("NoSuchUpload", status=404):
                call()
    complete(s3, bucket, upload, {1: etag})


@pytest.mark.parametrize("wrong", ["x", "0" * 32, "../../x", "a" * 2000, "%"])
def test_an_upload_that_is_not_there_is_refused(s3: Any, bucket: str, wrong: str) -> None:
    for call in (
        lambda: send_part(s3, bucket, wrong, 1, b"x"),
        lambda: s3.list_parts(Bucket=bucket, Key="k", UploadId=wrong),
        lambda: s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=wrong),
        lambda: complete(s3, bucket, wrong, {1: etag_of(b"x")}),
    ):
        with refused("NoSuchUpload", text="does not exist", status=404):
            call()


# --------------------------------------------------------------------------- twice, never, at once
def test_completing_twice_gives_the_same_answer(s3: Any, bucket: str, upload: str) -> None:
    """A client that lost the answer asks again."""
    set_versioning(s3, bucket)
    etag = send_part(s3, bucket, upload, 1, b"x")["ETag"]
    first, again = complete(s3, bucket, upload, {1: etag}), complete(s3, bucket, upload, {1: etag})
    assert (again["ETag"], again.get("VersionId")) == (first["ETag"], first.get("VersionId"))
    assert len(versions(s3, bucket)) == 1
    with refused("NoSuchUpload", status=404):
        send_part(s3, bucket, upload, 1, b"late")
    with refused("NoSuchUpload", status=404):
        complete(s3, bucket, upload, {1: etag}, "other")


def test_an_upload_that_was_given_up_is_gone(s3: Any, bucket: str, upload: str) -> None:
    etag = send_part(s3, bucket, upload, 1, b"x" * 100_000)["ETag"]
    assert status_of(s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)) == 204
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    for call in (
        lambda: s3.list_parts(Bucket=bucket, Key="k", UploadId=upload),
        lambda: send_part(s3, bucket, upload, 2, b"x"),
        lambda: complete(s3, bucket, upload, {1: etag}),
        lambda: s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload),
    ):
        with refused("NoSuchUpload", status=404):
            call()
    assert names(s3, bucket) == []


def test_uploads_of_one_key_do_not_know_each_other(s3: Any, bucket: str, upload: str) -> None:
    other = start_upload(s3, bucket)
    assert other != upload
    one, two = (send_part(s3, bucket, id_, 1, body)["ETag"] for id_, body in ((upload, b"one"), (other, b"two")))
    with refused("InvalidPart"):
        complete(s3, bucket, other, {1: one})
    complete(s3, bucket, other, {1: two})
    assert read(s3, bucket) == b"two"
    complete(s3, bucket, upload, {1: one})
    assert read(s3, bucket) == b"one", "the last completion wins"


def test_an_upload_does_not_touch_the_object_that_is_there(s3: Any, bucket: str, upload: str) -> None:
    put(s3, bucket, body=b"there")
    send_part(s3, bucket, upload, 1, b"x")
    assert read(s3, bucket) == b"there"
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert read(s3, bucket) == b"there"


def test_an_object_in_parts_is_a_version_of_its_own(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    first = put_in_parts(s3, bucket, "k", b"1")["VersionId"]
    second = put_in_parts(s3, bucket, "k", b"2")["VersionId"]
    assert [version for _, version in versions(s3, bucket)] == [second, first]
    assert read(s3, bucket, VersionId=first) == b"1"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=second)
    assert read(s3, bucket) == b"1"


def test_of_completions_at_once_all_hear_of_one_object(s3: Any, bucket: str, upload: str) -> None:
    set_versioning(s3, bucket)
    etag, start = send_part(s3, bucket, upload, 1, filled(50_000))["ETag"], threading.Barrier(6)

    def attempt(_at: int) -> str:
        start.wait()
        try:
            return str(complete(s3, bucket, upload, {1: etag})["ETag"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(6) as pool:
        results = set(pool.map(attempt, range(6)))
    made = etag_of_parts(filled(50_000))
    assert made in results
    assert results <= {made, "NoSuchUpload", "OperationAborted"}
    assert len(versions(s3, bucket)) == 1


def test_parts_come_at_once_from_many_threads(s3: Any, bucket: str, upload: str) -> None:
    bodies = {number: filled(PART_BYTES_MIN if number < 4 else 1234, number) for number in range(1, 5)}
    with ThreadPoolExecutor(4) as pool:
        etags = dict(
            pool.map(lambda pair: (pair[0], send_part(s3, bucket, upload, *pair)["ETag"]), list(bodies.items()))
        )
    complete(s3, bucket, upload, etags)
    assert read(s3, bucket) == b"".join(bodies.values())
