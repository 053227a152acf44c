"""Errors as they stand on the wire, and documents that are meant to do harm."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .access import put, refused
from .http_calls import NAMESPACE, Answer, Caller

DEEP = 20_000


def tagging(inner: str, before: str = "") -> str:
    return (
        f'{before}<Tagging xmlns="{NAMESPACE}"><TagSet><Tag><Key>a</Key><Value>{inner}</Value></Tag></TagSet></Tagging>'
    )


def put_tags(http: Caller, bucket: str, body: str | bytes) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    return http.ask("PUT", f"/{bucket}?tagging", body=raw)


# --------------------------------------------------------------------------- the form
def test_an_error_is_a_document_without_a_namespace(http: Caller, bucket: str) -> None:
    answer = http.ask("GET", f"/{bucket}/none")
    assert answer.status == 404
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>')
    error = answer.error
    assert error["Code"] == "NoSuchKey"
    assert error["Message"] == "The specified key does not exist."
    assert error["Key"] == "none"
    assert error["RequestId"] == answer.headers["x-amz-request-id"]
    assert error["HostId"] == answer.headers["x-amz-id-2"]
    assert list(error)[:2] == ["Code", "Message"]
    assert list(error)[-2:] == ["RequestId", "HostId"]


def test_every_answer_has_ids_of_its_own(http: Caller, s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    answers = [http.ask(method, f"/{bucket}/{key}") for method in ("GET", "HEAD") for key in ("k", "none")]
    answers += [http.send("GET", f"/{bucket}/k"), http.ask("PUT", f"/{bucket}/k", body=b"x")]
    assert len({answer.headers["x-amz-request-id"] for answer in answers}) == len(answers)
    assert all(answer.headers["x-amz-id-2"] for answer in answers)


def test_what_an_error_is_about_is_named_in_it(http: Caller, account: str, bucket: str) -> None:
    assert http.ask("GET", f"/none-{account}").error["BucketName"] == f"none-{account}"
    assert http.ask("GET", f"/{bucket}/%C3%BC%20x").error["Key"] == "ü x"
    assert http.ask("GET", f"/{bucket}?policy").error["BucketName"] == bucket
    error = http.ask("GET", f"/{bucket}?max-keys=many").error
    assert (error["Code"], error["ArgumentName"], error["ArgumentValue"]) == ("InvalidArgument", "max-keys", "many")


def test_names_in_errors_are_escaped(http: Caller, bucket: str) -> None:
    answer = http.ask("GET", f"/{bucket}/%3Cscript%3E%26%22")
    assert b"<script>" not in answer.body
    assert answer.error["Key"] == '<script>&"'


@pytest.mark.parametrize("target", ["/{bucket}/none", "/none-{bucket}", "/none-{bucket}/k"])
def test_the_answer_to_a_head_has_no_body(http: Caller, bucket: str, target: str) -> None:
    answer = http.ask("HEAD", target.format(bucket=bucket))
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["x-amz-request-id"]
    denied = http.send("HEAD", f"/{bucket}/none")
    assert (denied.status, denied.body) == (403, b"")


# --------------------------------------------------------------------------- who is calling
def test_a_caller_without_a_signature_is_denied(http: Caller, bucket: str) -> None:
    answer = http.send("GET", f"/{bucket}")
    assert answer.said == (403, "AccessDenied")
    assert http.send("GET", f"/{bucket}", headers={"Authorization": "Basic dTpw"}).said == (400, "InvalidArgument")


def test_a_wrong_signature_is_told_with_what_was_signed(http: Caller, bucket: str) -> None:
    headers = http.sign("GET", f"/{bucket}")
    answer = http.send("GET", f"/{bucket}?acl", headers=headers)
    assert answer.said == (403, "SignatureDoesNotMatch")
    error = answer.error
    assert error["AWSAccessKeyId"] == http.account
    assert error["SignatureProvided"] == headers["Authorization"].rpartition("Signature=")[2]
    assert error["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    canonical = error["CanonicalRequest"]
    assert canonical.startswith(f"GET\n/{bucket}\nacl=\n")
    assert error["StringToSign"].endswith(hashlib.sha256(canonical.encode()).hexdigest())
    assert bytes.fromhex(error["StringToSignBytes"].replace(" ", "")).decode() == error["StringToSign"]
    assert bytes.fromhex(error["CanonicalRequestBytes"].replace(" ", "")).decode() == canonical


def test_an_unknown_key_is_told(http: Caller, bucket: str) -> None:
    answer = http.ask("GET", f"/{bucket}", account="AKIANOBODY")
    assert answer.said == (403, "InvalidAccessKeyId")
    assert answer.error["AWSAccessKeyId"] == "AKIANOBODY"


def test_a_signature_of_another_time_is_told(http: Caller, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for minutes in (-20, 20):
        then = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
        monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, then=then, **__: then)
        answer = http.ask("GET", f"/{bucket}")
        assert answer.said == (403, "RequestTimeTooSkewed")
        assert answer.error["RequestTime"] == then.strftime("%Y%m%dT%H%M%SZ")
        assert answer.error["MaxAllowedSkewMilliseconds"] == "900000"
        assert answer.error["ServerTime"]


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b",
        "AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3, SignedHeaders=host, Signature=0",
    ],
)
def test_a_header_that_is_no_signature_is_refused(http: Caller, bucket: str, authorization: str) -> None:
    headers = {**http.sign("GET", f"/{bucket}"), "Authorization": authorization}
    assert http.send("GET", f"/{bucket}", headers=headers).said == (400, "AuthorizationHeaderMalformed")


def test_a_signature_for_another_service_is_refused(http: Caller, bucket: str) -> None:
    headers = http.sign("GET", f"/{bucket}")
    headers["Authorization"] = headers["Authorization"].replace("/s3/", "/sqs/")
    assert http.send("GET", f"/{bucket}", headers=headers).status in {400, 403, 404}


# --------------------------------------------------------------------------- methods
@pytest.mark.parametrize(("method", "target"), [("POST", "/{}/k"), ("PATCH", "/{}/k"), ("DELETE", "/"), ("PUT", "/")])
def test_a_method_that_a_resource_does_not_have_is_refused(http: Caller, bucket: str, method: str, target: str) -> None:
    answer = http.ask(method, target.format(bucket))
    assert answer.said == (405, "MethodNotAllowed")
    assert answer.error["Method"] == method


# --------------------------------------------------------------------------- documents
@pytest.mark.parametrize(
    "body",
    [
        "<Tagging>",
        "nonsense",
        "<",
        "<a/><b/>",
        tagging("&undefined;"),
        tagging("<Deeper/>").replace("Tagging", "Nothing"),
        f'<Tagging xmlns="{NAMESPACE}"/>',
        f'<Tagging xmlns="{NAMESPACE}"><TagSet><Tag><Value>b</Value></Tag></TagSet></Tagging>',
        f'<Tagging xmlns="{NAMESPACE}"><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>',
        "\0",
        '{"TagSet": []}',
    ],
)
def test_a_document_that_breaks_the_schema_is_refused(http: Caller, s3: Any, bucket: str, body: str) -> None:
    assert put_tags(http, bucket, body).said == (400, "MalformedXML")
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_document_that_is_missing_is_told(http: Caller, bucket: str) -> None:
    answer = put_tags(http, bucket, b"")
    assert answer.status == 400
    assert answer.error["Code"] in {"MissingRequestBodyError", "MalformedXML"}


def test_a_document_that_is_no_utf_8_is_refused(http: Caller, s3: Any, bucket: str) -> None:
    assert put_tags(http, bucket, tagging("b").encode().replace(b">b<", b">\xff\xfe<")).said == (400, "MalformedXML")
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def bomb() -> str:
    lines = ['<!ENTITY e0 "ha">', *(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))]
    return tagging("&e11;", f"<!DOCTYPE Tagging [{''.join(lines)}]>")


@pytest.mark.parametrize(
    "body",
    [
        bomb(),
        tagging("&x;", '<!DOCTYPE Tagging [<!ENTITY x "y">]>'),
        tagging("&x;", '<!DOCTYPE Tagging [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        tagging("&x;", '<!DOCTYPE Tagging [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]>'),
        tagging("b", '<!DOCTYPE Tagging SYSTEM "http://127.0.0.1:1/x.dtd">'),
        tagging("b", '<!DOCTYPE Tagging [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]>'),
        tagging("<d>" * DEEP + "</d>" * DEEP),
        tagging("<d>" * DEEP),
        "<d>" * DEEP + "</d>" * DEEP,
        tagging("b").replace("<Key>", "<Key " + " ".join(f"a{i}='{i}'" for i in range(DEEP)) + ">"),
    ],
    ids=["bomb", "entity", "file", "address", "dtd", "parameter", "deep", "deep and open", "only deep", "attributes"],
)
def test_a_document_that_is_meant_to_do_harm_is_refused(http: Caller, s3: Any, bucket: str, body: str) -> None:
    answer = put_tags(http, bucket, body)
    assert answer.said == (400, "MalformedXML")
    assert b"root:" not in answer.body
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


def test_a_document_is_bounded(http: Caller, s3: Any, bucket: str) -> None:
    answer = put_tags(http, bucket, tagging("x" * 3_000_000))
    assert answer.status == 400
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_escapes_comments_and_cdata_are_read(http: Caller, s3: Any, bucket: str) -> None:
    assert put_tags(http, bucket, tagging("1 &#43;<!-- c --><![CDATA[ 2]]>&#x3d;")).status // 100 == 2
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "1 + 2="}]


def test_a_prefixed_namespace_is_read(http: Caller, s3: Any, bucket: str) -> None:
    body = tagging("b").replace("<", "<s:").replace("<s:/", "</s:").replace("xmlns=", "xmlns:s=")
    assert put_tags(http, bucket, body).status // 100 == 2
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]
