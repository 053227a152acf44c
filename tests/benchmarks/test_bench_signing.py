"""The benchmark's signer against botocore's."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.signing import Signer

AT = 1_795_000_000


def by_botocore(service: str, method: str, target: str, headers: dict[str, str], body: bytes, token: str = "") -> str:
    """The Authorization header that botocore writes for the same request at the same time."""
    request = AWSRequest(method, f"http://127.0.0.1:4566{target}", {"Host": "127.0.0.1:4566", **headers}, body)
    request.context["timestamp"] = when = datetime.fromtimestamp(AT, UTC).strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = when
    if token:
        request.headers["X-Amz-Security-Token"] = token
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = kind(Credentials("test", "test"), service, "us-east-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signed = signer.signed_headers(signer.headers_to_sign(request))
    scope = signer.credential_scope(request)
    signature = signer.signature(text, request)
    return f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={signed}, Signature={signature}"


def authorization(raw: bytes) -> str:
    """That of a whole request."""
    found = re.search(rb"\r\nauthorization: ([^\r]+)\r\n", raw)
    assert found
    return found[1].decode()


@pytest.mark.parametrize("target", ["/", "/?a=1&b=2", "/000000000000/queue", "/?b=2&a=1&c"])
def test_it_signs_as_botocore_does(target: str) -> None:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage"}
    raw = Signer("127.0.0.1:4566").sign("sqs", "POST", target, headers, b'{"a":1}', at=AT)
    assert authorization(raw) == by_botocore("sqs", "POST", target, headers, b'{"a":1}')


@given(body=st.binary(max_size=200), value=st.text("abcXYZ 019-_.", min_size=1, max_size=30).filter(str.strip))
def test_it_signs_any_body_and_header_as_botocore_does(body: bytes, value: str) -> None:
    raw = Signer("127.0.0.1:4566").sign("sqs", "POST", "/", {"x-amz-meta": value}, body, at=AT)
    assert authorization(raw) == by_botocore("sqs", "POST", "/", {"x-amz-meta": value}, body)
    assert raw.endswith(b"\r\n\r\n" + body)
    assert f"\r\ncontent-length: {len(body)}\r\n".encode() in raw


def test_it_signs_the_token_of_a_session() -> None:
    raw = Signer("127.0.0.1:4566", token="a+b/c==").sign("sqs", "POST", "/", {}, b"{}", at=AT)
    assert b"\r\nx-amz-security-token: a+b/c==\r\n" in raw
    assert authorization(raw) == by_botocore("sqs", "POST", "/", {}, b"{}", token="a+b/c==")


def test_each_service_is_spoken_to_in_its_own_version() -> None:
    signer = Signer("127.0.0.1:4566")
    assert b"\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.Send" in signer.sqs("Send")
    assert b"\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.Sign" in signer.kms("Sign")
    assert signer.iam("GetUser", UserName="a b").endswith(b"Action=GetUser&Version=2010-05-08&UserName=a+b")


@pytest.mark.parametrize("target", ["/bench/a%20b%2Bc", "/bench/key?partNumber=7&uploadId=a%2Fb", "/bench?list-type=2"])
@pytest.mark.parametrize("payload", ["", "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_it_signs_for_s3_as_botocore_does(target: str, payload: str) -> None:
    body = b"" if payload else b"some bytes"
    raw = Signer("127.0.0.1:4566").s3("PUT", target, body, headers={"range": "bytes=1-2"}, payload=payload, at=AT)
    headers = {"x-amz-content-sha256": payload or hashlib.sha256(body).hexdigest(), "range": "bytes=1-2"}
    assert authorization(raw) == by_botocore("s3", "PUT", target, headers, body)


@pytest.mark.parametrize(
    ("follows", "line"), [(0, b"content-length: 3"), (7, b"content-length: 10"), (None, b"transfer-encoding: chunked")]
)
def test_a_head_announces_what_follows(follows: int | None, line: bytes) -> None:
    raw = Signer("127.0.0.1:4566").s3("PUT", "/a/b", b"abc", payload="UNSIGNED-PAYLOAD", follows=follows)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert line in head.split(b"\r\n")
    assert body == b"abc"
