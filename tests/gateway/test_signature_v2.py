"""Signature Version 2: what botocore signs is known, what was changed is not, and nothing else gets through."""

import time
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fogstead.gateway.http1 import Head
from fogstead.gateway.signature import (
    SKEW_MILLIS,
    QueryIncomplete,
    SignatureExpired,
    SignatureMismatch,
    SignatureSkewed,
)
from fogstead.gateway.signature_v2 import (
    ClaimV2,
    UndatedRequest,
    check_time,
    read_claim,
    same_signature,
    string_to_sign,
    verify,
)
from fogstead.kernel.errors import ServiceError

KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a/token+with=signs"
SUBRESOURCES = sorted(set(auth.HmacV1Auth.QSAOfInterest) - {"defaultObjectAcl"})
VALUED = {"partNumber", "uploadId", "versionId", *(name for name in SUBRESOURCES if name.startswith("response-"))}
OTHERS = ["list-type", "prefix", "delimiter", "max-keys", "marker", "x-id", "Acl", "aclx"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)


def signed(
    method: str, target: str, *, token: str | None = None, headers: dict[str, str] | None = None, presign: bool = False
) -> Head:
    """The head of a request as botocore signs it."""
    request = AWSRequest(method, f"http://localhost{target}", headers=headers or {})
    signer: Any = auth.HmacV1QueryAuth if presign else auth.HmacV1Auth
    signer(Credentials(KEY, SECRET, token)).add_auth(request)
    lines = {name.lower(): str(value) for name, value in request.headers.items()}
    if presign:
        lines.pop("date")
    url = urlsplit(request.url)
    return Head(method, url.path + (f"?{url.query}" if url.query else ""), {"host": "localhost", **lines}, minor=1)


def check(head: Head, path: str | None = None) -> ClaimV2:
    claim = read_claim(head)
    assert claim is not None
    verify(head, claim, SECRET, head.path if path is None else path)
    return claim


# --------------------------------------------------------------------------- botocore as the other side
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_botocore_signs_is_known(data: st.DataObject) -> None:
    presign = data.draw(st.booleans())
    key = quote(data.draw(TEXTS), safe="/~")
    plain = [name for name in SUBRESOURCES if name not in VALUED]
    names = data.draw(st.lists(st.sampled_from(plain), unique=True, max_size=3))
    query = list(names)
    query += [
        f"{name}={quote(data.draw(TEXTS), safe='')}"
        for name in data.draw(st.lists(st.sampled_from(sorted(VALUED) + OTHERS), unique=True, max_size=3))
    ]
    headers = data.draw(
        st.dictionaries(
            st.sampled_from(["Content-Type", "Content-MD5", "x-amz-acl", "X-Amz-Meta-A", "x-amz-meta-b", "Range"]),
            st.text("abcXYZ019+/=;", min_size=1, max_size=10),
        )
    )
    token = data.draw(st.sampled_from([None, TOKEN]))
    method = data.draw(st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"]))
    target = f"/bucket/{key}" + (f"?{'&'.join(data.draw(st.permutations(query)))}" if query else "")
    claim = check(signed(method, target, token=token, headers=headers, presign=presign))
    assert (claim.access_key, claim.session_token, claim.expires is not None) == (KEY, token, presign)


@pytest.mark.parametrize("presign", [False, True])
@pytest.mark.parametrize("name", SUBRESOURCES)
def test_every_part_of_a_resource_that_botocore_signs_is_signed(name: str, presign: bool) -> None:
    value = "=value%20of+it" if name in VALUED else ""
    head = signed("GET", f"/bucket/key?{name}{value}", presign=presign)
    check(head)
    other = Head("GET", head.target.replace(name, "another", 1), head.headers, minor=1)
    with pytest.raises(SignatureMismatch):
        check(other)


@pytest.mark.parametrize("name", ["encryption", "legal-hold", "ownershipControls", "policyStatus", "retention"])
def test_parts_that_botocore_forgets_are_signed_all_the_same(name: str) -> None:
    """As S3 has them signed (boto/botocore issue 2468): a URL for an object opens nothing else of it."""
    claim = ClaimV2("k", "s", 1)
    head = Head("GET", f"/bucket?{name}", {}, minor=1)
    assert string_to_sign(head, claim, "/bucket").endswith(f"\n/bucket?{name}")


def test_a_token_that_only_the_url_has_is_signed_as_a_header() -> None:
    head = signed("GET", "/bucket/key", token=TOKEN, presign=True)
    del head.headers["x-amz-security-token"]
    assert check(head).session_token == TOKEN


def test_the_bucket_in_the_host_stands_before_the_path() -> None:
    request = AWSRequest("GET", "http://bucket.s3.localhost/key?acl", auth_path="/bucket/key")
    auth.HmacV1Auth(Credentials(KEY, SECRET)).add_auth(request)
    lines = {name.lower(): str(value) for name, value in request.headers.items()}
    head = Head("GET", "/key?acl", lines, minor=1)
    check(head, "/bucket/key")
    with pytest.raises(SignatureMismatch):
        check(head, "/other/key")


# --------------------------------------------------------------------------- what was changed
CHANGES: list[tuple[str, Any]] = [
    ("method", lambda head: Head("DELETE", head.target, head.headers, minor=1)),
    ("path", lambda head: Head("PUT", head.target.replace("/key", "/kez"), head.headers, minor=1)),
    ("part", lambda head: Head("PUT", head.target.replace("partNumber=1", "partNumber=2"), head.headers, minor=1)),
    ("less", lambda head: Head("PUT", head.target.replace("uploadId=u&", ""), head.headers, minor=1)),
    ("type", lambda head: Head("PUT", head.target, {**head.headers, "content-type": "text/html"}, minor=1)),
    ("md5", lambda head: Head("PUT", head.target, {**head.headers, "content-md5": "AAAA"}, minor=1)),
    ("header", lambda head: Head("PUT", head.target, {**head.headers, "x-amz-acl": "public-read"}, minor=1)),
    ("meta", lambda head: Head("PUT", head.target, {**head.headers, "x-amz-meta-a": "2"}, minor=1)),
]


@pytest.mark.parametrize("presign", [False, True])
@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_a_request_that_was_changed_is_refused(name: str, change: Any, presign: bool) -> None:
    headers = {"Content-Type": "text/plain", "x-amz-meta-a": "1"}
    head = signed("PUT", "/bucket/key?uploadId=u&partNumber=1", headers=headers, presign=presign)
    check(head)
    with pytest.raises(SignatureMismatch):
        check(change(head))


def test_a_date_that_was_changed_is_refused() -> None:
    head = signed("GET", "/bucket/key")
    changed = Head("GET", head.target, {**head.headers, "date": formatdate(0, usegmt=True)}, minor=1)
    with pytest.raises(SignatureMismatch):
        check(changed)
    url = signed("GET", "/bucket/key", presign=True)
    claim = read_claim(url)
    assert claim is not None
    later = url.target.replace(f"Expires={claim.expires}", f"Expires={(claim.expires or 0) + 1}")
    with pytest.raises(SignatureMismatch):
        check(Head("GET", later, url.headers, minor=1))


def test_what_is_not_signed_may_change() -> None:
    head = signed("GET", "/bucket/key?list-type=2&acl")
    check(Head("GET", "/bucket/key?acl&list-type=3", {**head.headers, "range": "bytes=0-1"}, minor=1))


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_signature_is_the_very_one(text: str, other: str) -> None:
    assert not same_signature(SECRET, text, other)


def test_a_refusal_shows_what_was_to_be_signed() -> None:
    head = signed("GET", "/bucket/key?acl", headers={"x-amz-meta-a": "1"})
    claim = read_claim(head)
    assert claim is not None
    with pytest.raises(SignatureMismatch) as refused:
        verify(head, claim, "another", head.path)
    text = f"GET\n\n\n{head.headers['date']}\nx-amz-meta-a:1\n/bucket/key?acl"
    assert string_to_sign(head, claim, head.path) == text
    shown = refused.value.members
    assert (shown["AWSAccessKeyId"], shown["StringToSign"]) == (KEY, text)
    assert "another" not in str(shown)


# --------------------------------------------------------------------------- what a request says
def test_only_requests_of_this_version_have_a_claim() -> None:
    for headers, query in (
        ({}, ""),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/b"}, ""),
        ({"authorization": "Basic abc"}, ""),
        ({"authorization": "AWS nocolon"}, ""),
        ({"authorization": "AWS a:b c"}, ""),
        ({"authorization": "AWS :abc"}, ""),
        ({}, "?AWSAccessKeyId=a"),
        ({}, "?Signature=a"),
        ({}, "?X-Amz-Signature=a&X-Amz-Algorithm=b"),
    ):
        assert read_claim(Head("GET", f"/b/k{query}", headers, minor=1)) is None


def test_a_plus_in_a_signature_is_a_plus_whether_it_was_encoded_or_not() -> None:
    for written in ("a+b/c=", "a%2Bb%2Fc%3D"):
        claim = read_claim(Head("GET", f"/b/k?AWSAccessKeyId=k&Expires=1&Signature={written}", {}, minor=1))
        assert claim == ClaimV2("k", "a+b/c=", 1, None)


@pytest.mark.parametrize("expires", [None, "", "x", "-1", "1.5", "9" * 13, "\u00b2"])
def test_a_url_says_when_it_expires(expires: str | None) -> None:
    said = "" if expires is None else f"&Expires={quote(expires)}"
    with pytest.raises(QueryIncomplete):
        read_claim(Head("GET", f"/b/k?AWSAccessKeyId=a&Signature=b{said}", {}, minor=1))


NAMES = ["AWSAccessKeyId", "Signature", "Expires", "X-Amz-Signature", "xAWSAccessKeyId", "x-amz-security-token", "acl"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "1", "a", "%", "%ff", "a=b", "+"]))))
@example([("AWSAccessKeyId", "a"), ("X-Amz-Signature", "b"), ("Expires", "1")])
@example([("xAWSAccessKeyId", "a"), ("Signature", "b"), ("Expires", "1")])
def test_any_query_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs)
    head = Head("GET", f"/b/k?{query}", {}, minor=1)
    try:
        claim = read_claim(head)
    except ServiceError:
        return
    if claim is not None:
        with pytest.raises(SignatureMismatch):
            verify(head, claim, SECRET, head.path)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_head_is_read_or_refused(authorization: str, value: str) -> None:
    for text in (authorization, f"AWS {authorization}", f"AWS {authorization}:AAAA"):
        head = Head("GET", "/b/k", {"authorization": text, "date": value, "x-amz-meta-a": value}, minor=1)
        claim = read_claim(head)
        if claim is not None:
            with pytest.raises(ServiceError):
                check_time(head, claim, 0)
            with pytest.raises(SignatureMismatch):
                verify(head, claim, SECRET, head.path)


# --------------------------------------------------------------------------- time
def test_a_url_is_good_until_the_second_it_expires() -> None:
    claim = ClaimV2("k", "s", 1_000)
    head = Head("GET", "/", {}, minor=1)
    check_time(head, claim, 1_000_000)
    with pytest.raises(SignatureExpired):
        check_time(head, claim, 1_000_001)


@pytest.mark.parametrize("name", ["date", "x-amz-date"])
@pytest.mark.parametrize("skew", [-SKEW_MILLIS, 0, SKEW_MILLIS])
def test_clocks_may_differ_by_a_quarter_of_an_hour(name: str, skew: int) -> None:
    now = int(time.time())
    head = Head("GET", "/", {name: formatdate(now, usegmt=True)}, minor=1)
    claim = ClaimV2("k", "s")
    check_time(head, claim, now * 1000 + skew)
    if skew:
        with pytest.raises(SignatureSkewed) as refused:
            check_time(head, claim, now * 1000 + skew + (1 if skew > 0 else -1))
        assert refused.value.members["MaxAllowedSkewMilliseconds"] == SKEW_MILLIS


def test_amazons_own_date_counts_before_the_other_and_leaves_its_line_empty() -> None:
    now = formatdate(1_000_000, usegmt=True)
    head = Head("GET", "/b/k", {"date": "yesterday", "x-amz-date": now}, minor=1)
    check_time(head, ClaimV2("k", "s"), 1_000_000_000)
    assert string_to_sign(head, ClaimV2("k", "s"), "/b/k") == f"GET\n\n\n\nx-amz-date:{now}\n/b/k"


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT", "2026-01-01"])
def test_a_request_without_a_date_is_refused(date: str | None) -> None:
    head = Head("GET", "/", {} if date is None else {"date": date}, minor=1)
    with pytest.raises(UndatedRequest) as refused:
        check_time(head, ClaimV2("k", "s"), 0)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
