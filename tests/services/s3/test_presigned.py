"""Presigned URLs: what they open, for how long, and what breaks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from botocore.config import Config

from cloud import CloudProcess

from .access import allow, put, read, set_policy
from .http_calls import Answer, Caller


def target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def use(http: Caller, url: str, method: str = "GET", **more: Any) -> Answer:
    headers = {"Host": urlsplit(url).netloc, **more.pop("headers", {})}
    return http.send(method, target(url), headers=headers, **more)


def changed(url: str, **changes: str | None) -> str:
    """The URL with parameters replaced, or removed where they are None."""
    parts = urlsplit(url)
    fields = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
    query = urlencode({name: value for name, value in fields.items() if value is not None}, quote_via=quote)
    return parts._replace(query=query).geturl()


@pytest.fixture
def sign(s3v4: Any, bucket: str) -> Callable[..., str]:
    """Makes URLs for the bucket's key `k`."""

    def make(operation: str = "get_object", expires: int = 600, key: str = "k", **more: Any) -> str:
        params = {"Bucket": bucket, "Key": key, **more}
        return s3v4.generate_presigned_url(operation, Params=params, ExpiresIn=expires)

    return make


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    """The bucket, with an object `k`."""
    put(s3, bucket, "k", body=b"text", ContentType="text/plain")
    return bucket


# --------------------------------------------------------------------------- what they open
def test_whoever_has_the_url_reads_the_object(http: Caller, filled: str, sign: Callable[..., str]) -> None:
    for _ in range(2):
        answer = use(http, sign())
        assert (answer.status, answer.body) == (200, b"text")
        assert answer.headers["Content-Type"] == "text/plain"


def test_a_range_of_it_may_be_asked_for(http: Caller, filled: str, sign: Callable[..., str]) -> None:
    answer = use(http, sign(), headers={"Range": "bytes=1-2"})
    assert (answer.status, answer.body) == (206, b"ex")


def test_whoever_has_the_url_puts_the_object(http: Caller, s3: Any, bucket: str, sign: Callable[..., str]) -> None:
    assert use(http, sign("put_object"), "PUT", body=b"uploaded").status == 200
    assert read(s3, bucket, "k") == b"uploaded"


def test_head_delete_and_list_may_be_signed_as_well(
    http: Caller, s3: Any, s3v4: Any, filled: str, sign: Callable[..., str]
) -> None:
    head = use(http, sign("head_object"), "HEAD")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "4", b"")
    listing = s3v4.generate_presigned_url("list_objects_v2", Params={"Bucket": filled, "Prefix": "k"})
    assert use(http, listing).texts("Contents/Key") == ["k"]
    assert use(http, sign("delete_object"), "DELETE").status == 204
    assert s3.list_objects_v2(Bucket=filled)["KeyCount"] == 0


@pytest.mark.parametrize("key", ["a b", "a+b", "ü/ö", "a%20b", "a/../b", "?q=1&x", "#", "~!*'()", "/lead", "dir/"])
def test_every_key_can_be_signed(http: Caller, s3: Any, bucket: str, sign: Callable[..., str], key: str) -> None:
    assert use(http, sign("put_object", key=key), "PUT", body=key.encode()).status == 200
    assert use(http, sign(key=key)).body == key.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_a_part_of_an_upload_may_be_signed(http: Caller, s3: Any, bucket: str, sign: Callable[..., str]) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    answer = use(http, sign("upload_part", UploadId=upload, PartNumber=1), "PUT", body=b"part")
    parts = [{"PartNumber": 1, "ETag": answer.headers["ETag"]}]
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert read(s3, bucket, "k") == b"part"


def test_an_old_version_may_be_signed(http: Caller, s3: Any, bucket: str, sign: Callable[..., str]) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    put(s3, bucket, "k", body=b"new")
    assert use(http, sign(VersionId=old)).body == b"old"


def test_a_signed_url_may_say_how_the_answer_looks(http: Caller, filled: str, sign: Callable[..., str]) -> None:
    wanted = {
        "ResponseContentType": "application/x-mine",
        "ResponseContentDisposition": 'attachment; filename="a b.txt"',
        "ResponseContentEncoding": "identity",
        "ResponseContentLanguage": "de",
        "ResponseCacheControl": "no-cache",
        "ResponseExpires": "Thu, 01 Dec 2033 16:00:00 GMT",
    }
    answer = use(http, sign(**wanted))
    assert answer.status == 200
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")} == {
        "Content-Type": "application/x-mine",
        "Content-Disposition": 'attachment; filename="a b.txt"',
        "Cache-Control": "no-cache",
    }
    assert answer.headers["Content-Language"] == "de"
    assert answer.headers["Content-Encoding"] == "identity"
    assert answer.headers["Expires"] == "Thu, 01 Dec 2033 16:00:00 GMT"


def test_without_a_signature_nobody_says_how_the_answer_looks(http: Caller, s3: Any, open_bucket: str) -> None:
    put(s3, open_bucket, "k")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject"))
    answer = http.send("GET", f"/{open_bucket}/k?response-content-type=text/html")
    assert answer.said == (400, "InvalidRequest")


def test_a_url_may_name_the_bucket_by_its_host(http: Caller, filled: str) -> None:
    for host in (f"{filled}.s3.localhost:{http.port}", f"{filled}.s3.amazonaws.com"):
        url = http.presign("GET", host, "/k")
        assert use(http, url).body == b"text"
        assert use(http, url, headers={"Host": f"127.0.0.1:{http.port}"}).status == 403


def test_the_url_that_boto3_makes_by_default_works(http: Caller, s3: Any, filled: str) -> None:
    """For an endpoint of one's own boto3 still signs URLs with version 2."""
    url = s3.generate_presigned_url("get_object", Params={"Bucket": filled, "Key": "k"})
    assert use(http, url).body == b"text"
    put_url = s3.generate_presigned_url("put_object", Params={"Bucket": filled, "Key": "k2", "ContentType": "a/b"})
    headers = {"Content-Type": "a/b"}
    assert use(http, put_url, "PUT", body=b"2", headers=headers).status == 200
    assert read(s3, filled, "k2") == b"2"
    if "X-Amz-Signature" not in url:
        assert use(http, changed(url, Signature="AAAA")).said == (403, "SignatureDoesNotMatch")
        assert use(http, changed(url, Expires="1")).said == (403, "AccessDenied")


# --------------------------------------------------------------------------- how long
def test_a_url_ends_when_it_expires(moving_cloud: CloudProcess, account: str) -> None:
    config = Config(signature_version="s3v4")
    s3 = moving_cloud.client("s3", account=account, config=config)
    bucket = f"bucket-{account}"
    s3.create_bucket(Bucket=bucket)
    put(s3, bucket, "k", body=b"text")
    http = Caller(moving_cloud.port, account)
    params = {"Bucket": bucket, "Key": "k"}
    # A URL names a second. One that was signed in the very second of a move counts as signed after it.
    before = datetime.now(UTC) - timedelta(seconds=2)
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=before),
        mock.patch("botocore.crt.auth.get_current_datetime", return_value=before),
    ):
        reading, writing = (
            s3.generate_presigned_url(name, Params=params, ExpiresIn=600) for name in ("get_object", "put_object")
        )
    moving_cloud.advance(500)
    assert use(http, reading).body == b"text"
    assert use(http, writing, "PUT", body=b"new").status == 200
    moving_cloud.advance(101)
    for answer in (use(http, reading), use(http, writing, "PUT", body=b"late")):
        assert answer.said == (403, "AccessDenied")
        assert answer.error["Message"] == "Request has expired"
        assert answer.error["X-Amz-Expires"] == "600"
        assert answer.error["Expires"] < answer.error["ServerTime"]
    assert read(s3, bucket, "k") == b"new"
    fresh = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=600)
    assert use(http, fresh).body == b"new"


def test_a_url_made_right_after_the_clock_moved_is_good(moving_cloud: CloudProcess, account: str) -> None:
    """Its time of signing is in whole seconds of true time, so it may look older than the move."""
    http = Caller(moving_cloud.port, account)
    for config in (Config(signature_version="s3v4"), Config()):
        s3 = moving_cloud.client("s3", account=account, config=config)
        s3.create_bucket(Bucket=f"bucket-{account}")
        put(s3, f"bucket-{account}", "k")
        for _ in range(3):
            moving_cloud.advance(7_200)
            params = {"Bucket": f"bucket-{account}", "Key": "k"}
            url = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=600)
            assert use(http, url).status == 200


def test_a_url_of_seven_days_is_the_longest(moving_cloud: CloudProcess, account: str) -> None:
    config = Config(signature_version="s3v4")
    s3 = moving_cloud.client("s3", account=account, config=config)
    s3.create_bucket(Bucket=f"bucket-{account}")
    put(s3, f"bucket-{account}", "k")
    http = Caller(moving_cloud.port, account)
    params = {"Bucket": f"bucket-{account}", "Key": "k"}
    week = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=604_800)
    moving_cloud.advance(604_700)
    assert use(http, week).status == 200


@pytest.mark.parametrize("expires", ["604801", "-1", "soon", ""])
def test_expiries_that_are_none_are_refused(http: Caller, filled: str, sign: Callable[..., str], expires: str) -> None:
    answer = use(http, changed(sign(), **{"X-Amz-Expires": expires}))
    assert answer.said == (400, "AuthorizationQueryParametersError")


# --------------------------------------------------------------------------- what breaks them
def test_a_url_is_good_for_one_method(http: Caller, s3: Any, filled: str, sign: Callable[..., str]) -> None:
    for method, body in (("PUT", b"x"), ("DELETE", None)):
        assert use(http, sign(), method, body=body).said == (403, "SignatureDoesNotMatch")
    assert use(http, sign("put_object")).said == (403, "SignatureDoesNotMatch")
    assert use(http, sign(), "HEAD").status == 403
    assert read(s3, filled, "k") == b"text"


@pytest.mark.parametrize(
    "change",
    [
        {"X-Amz-Expires": "601"},
        {"X-Amz-Date": "20200101T000000Z"},
        {"X-Amz-Signature": "0" * 64},
        {"X-Amz-SignedHeaders": "host;x-amz-meta-a"},
        {"response-content-type": "text/html"},
        {"versionId": "null"},
        {"x-id": "GetObject"},
    ],
    ids=str,
)
def test_a_changed_url_is_refused(http: Caller, filled: str, sign: Callable[..., str], change: dict[str, str]) -> None:
    answer = use(http, changed(sign(), **change))
    assert answer.status in {400, 403}
    assert answer.error["Code"] in {"SignatureDoesNotMatch", "AccessDenied", "AuthorizationQueryParametersError"}


def test_a_url_for_one_key_opens_no_other(http: Caller, s3: Any, filled: str, sign: Callable[..., str]) -> None:
    put(s3, filled, "secret")
    url = sign()
    answer = use(http, url.replace("/k?", "/secret?"))
    assert answer.said == (403, "SignatureDoesNotMatch")
    assert answer.error["SignatureProvided"] in url


@pytest.mark.parametrize(
    "name", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Expires"]
)
def test_a_url_without_one_of_its_parameters_is_refused(
    http: Caller, filled: str, sign: Callable[..., str], name: str
) -> None:
    answer = use(http, changed(sign(), **{name: None}))
    assert answer.said == (400, "AuthorizationQueryParametersError")


def test_a_credential_that_is_none_is_refused(http: Caller, filled: str, sign: Callable[..., str]) -> None:
    answer = use(http, changed(sign(), **{"X-Amz-Credential": "a/b"}))
    assert answer.said == (400, "AuthorizationQueryParametersError")
    url = sign()
    scope = dict(parse_qsl(urlsplit(url).query))["X-Amz-Credential"].partition("/")[2]
    answer = use(http, changed(url, **{"X-Amz-Credential": f"AKIANOBODY/{scope}"}))
    assert answer.said == (403, "InvalidAccessKeyId")
    assert answer.error["AWSAccessKeyId"] == "AKIANOBODY"


def test_what_was_signed_with_the_url_must_be_sent(
    http: Caller, s3: Any, bucket: str, sign: Callable[..., str]
) -> None:
    url = sign("put_object", ContentType="text/plain", Metadata={"a": "b"})
    good = {"Content-Type": "text/plain", "x-amz-meta-a": "b"}
    for bad in ({}, {**good, "Content-Type": "text/html"}, {**good, "x-amz-meta-a": "c"}):
        assert use(http, url, "PUT", body=b"x", headers=bad).status == 403
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert use(http, url, "PUT", body=b"x", headers=good).status == 200
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"a": "b"})


def test_headers_of_s3_that_were_not_signed_are_refused(
    http: Caller, s3: Any, bucket: str, sign: Callable[..., str]
) -> None:
    for headers in ({"x-amz-acl": "public-read"}, {"x-amz-meta-a": "b"}, {"x-amz-tagging": "a=b"}):
        answer = use(http, sign("put_object"), "PUT", body=b"x", headers=headers)
        assert answer.said == (403, "AccessDenied")
        assert "not signed" in answer.error["Message"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_signature_in_the_url_and_in_a_header_is_one_too_many(
    http: Caller, filled: str, sign: Callable[..., str]
) -> None:
    url = sign()
    answer = http.ask("GET", target(url))
    assert answer.said == (400, "InvalidArgument")
    assert "Only one auth mechanism allowed" in answer.error["Message"]


# --------------------------------------------------------------------------- whose permission
def test_a_url_opens_what_its_signer_may(
    http: Caller, s3: Any, filled: str, other_account: str, client: Callable[..., Any]
) -> None:
    other = client("s3", account=other_account, config=Config(signature_version="s3v4"))
    url = other.generate_presigned_url("get_object", Params={"Bucket": filled, "Key": "k"})
    assert use(http, url).said == (403, "AccessDenied")
    set_policy(s3, filled, allow(filled, "s3:GetObject", other_account))
    assert use(http, url).body == b"text"
    s3.delete_bucket_policy(Bucket=filled)
    assert use(http, url).said == (403, "AccessDenied")


def test_a_url_for_what_is_missing_says_so(http: Caller, bucket: str, sign: Callable[..., str]) -> None:
    assert use(http, sign(key="none")).said == (404, "NoSuchKey")
