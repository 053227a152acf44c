"""Signatures: the published vectors, botocore's own signers, and everything that must be refused."""

import json
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote, unquote_to_bytes, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from fogstead.gateway.http1 import BadRequest, Head
from fogstead.gateway.signature import (
    EXPIRES_SECONDS_MAX,
    SKEW_MILLIS,
    UNSIGNED,
    Claim,
    ContentHashMismatch,
    IncompleteSignature,
    MissingToken,
    PayloadHashMissing,
    QueryIncomplete,
    SignatureMismatch,
    SignatureSkewed,
    Verifier,
    canonical_request,
    check_time,
    parse_amz_date,
    payload_hash_of,
    read_claim,
    string_to_sign,
)
from fogstead.kernel.errors import ServiceError

VECTORS = Path(__file__).parent / "conformance" / "sigv4" / "v4"
NAMES = sorted(folder.name for folder in VECTORS.iterdir())
FORMS = ["header", "query"]
CHANGES_PER_VECTOR = 60
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class Vector:
    """One signed request with what its signer wrote down."""

    def __init__(self, name: str, form: str) -> None:
        folder = VECTORS / name
        context = json.loads((folder / "context.json").read_bytes())
        self.secret = context["credentials"]["secret_access_key"]
        self.token = context["credentials"].get("token")
        self.token_unsigned = context.get("omit_session_token", False)
        self.s3_paths = not context["normalize"]
        self.signed_at = int(datetime.fromisoformat(context["timestamp"]).timestamp() * 1000)
        self.canonical, self.to_sign, self.signature = (
            (folder / f"{form}-{part}.txt").read_text(encoding="utf-8").rstrip("\n")
            for part in ("canonical-request", "string-to-sign", "signature")
        )
        head, _, body = (folder / f"{form}-signed-request.txt").read_text(encoding="utf-8").partition("\n\n")
        self.body = body.encode()
        line, *lines = head.split("\n")
        self.method, _, rest = line.partition(" ")
        self.target = rest.rpartition(" ")[0]
        self.headers = headers_of(lines)
        if self.token_unsigned:
            # A token that was put on after signing, as few services ask for: it is no part of what is signed.
            self.target = self.target.replace("&X-Amz-Security-Token=" + quote(self.token, safe=""), "")

    def head(self) -> Head:
        """Built by hand: spaces in a target and folded headers are not HTTP any more."""
        return Head(self.method, self.target, dict(self.headers), minor=1)


def headers_of(lines: list[str]) -> dict[str, str]:
    """Folded lines joined by a space, repeated headers by a comma."""
    headers: dict[str, str] = {}
    last = ""
    for line in lines:
        if line.startswith(" "):
            headers[last] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        last = name.lower()
        headers[last] = f"{headers[last]},{value.strip()}" if last in headers else value.strip()
    return headers


def verify(head: Head, body: bytes, secret: str, *, s3_paths: bool = False) -> Claim:
    """Raises for a claim that is wrong, and for one that is no claim any more."""
    claim = read_claim(head)
    if claim is None:
        raise MissingToken
    payload_hash = payload_hash_of(head, claim, body, s3=False)
    Verifier().verify(head, claim, secret, payload_hash, s3_paths=s3_paths)
    return claim


# --------------------------------------------------------------------------- the published vectors
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_published_request_is_canonical_signed_and_good_at_its_own_date(name: str, form: str) -> None:
    vector = Vector(name, form)
    head = vector.head()
    claim = read_claim(head)
    assert claim is not None
    payload_hash = payload_hash_of(head, claim, vector.body, s3=False)
    canonical = canonical_request(head, claim, payload_hash, s3_paths=vector.s3_paths)
    assert canonical == vector.canonical
    assert string_to_sign(claim, canonical) == vector.to_sign
    assert claim.signature == vector.signature
    assert claim.presigned == (form == "query")
    assert claim.signed_at == vector.signed_at
    assert claim.expires_seconds == (3600 if form == "query" else None)
    if not (vector.token_unsigned and form == "query"):
        assert claim.session_token == vector.token
    check_time(claim, vector.signed_at)
    verify(head, vector.body, vector.secret, s3_paths=vector.s3_paths)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_published_request_is_refused_after_any_change_of_one_byte(name: str, form: str) -> None:
    vector = Vector(name, form)
    chosen = random.Random(f"{name}/{form}")
    signed = sorted({*vector.canonical.split("\n")[-2].split(";")} & {*vector.headers})
    places = ["method", "target", "body", *(f"header {name}" for name in signed)]
    places += ["signature"] * 3 + ["target"] * 5
    refused = 0
    for number in range(CHANGES_PER_VECTOR):
        place = places[number % len(places)]
        changed = change(Vector(name, form), place, chosen)
        if changed is None or means_the_same(vector, changed):
            continue
        with pytest.raises((ServiceError, BadRequest)):
            verify(changed.head(), changed.body, changed.secret, s3_paths=changed.s3_paths)
        refused += 1
    assert refused > CHANGES_PER_VECTOR // 3


def change(vector: Vector, place: str, chosen: random.Random) -> Vector | None:
    if place == "body":
        vector.body = changed_bytes(vector.body, chosen)
    elif place == "method":
        vector.method = changed_text(vector.method, chosen)
    elif place == "target":
        vector.target = changed_text(vector.target, chosen)
    elif place == "signature":
        digits = list(vector.signature)
        at = chosen.randrange(len(digits))
        digits[at] = chosen.choice([digit for digit in "0123456789abcdef" if digit != digits[at]])
        forged = "".join(digits)
        vector.target = vector.target.replace(vector.signature, forged)
        vector.headers = {name: value.replace(vector.signature, forged) for name, value in vector.headers.items()}
    else:
        name = place.partition(" ")[2]
        vector.headers[name] = changed_text(vector.headers[name], chosen)
    return vector


def changed_text(text: str, chosen: random.Random) -> str:
    at = chosen.randrange(len(text) or 1)
    other = chosen.choice([letter for letter in "aZ09-%/=&?.~+" if letter != text[at : at + 1]])
    return chosen.choice(
        [text[:at] + other + text[at + 1 :], text[:at] + other + text[at:], text[:at] + text[at + 1 :]]
    )


def changed_bytes(body: bytes, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(body) + 1)
    return body[:at] + bytes([chosen.randrange(256)]) + body[at:]


def means_the_same(one: Vector, two: Vector) -> bool:
    """Paths are normalised, values decoded, pairs sorted and empty ones dropped before they are signed."""
    return meaning(one) == meaning(two)


def meaning(vector: Vector) -> tuple[Any, ...]:
    path, _, query = vector.target.partition("?")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    normal = "/".join([*parts, *([""] if path.endswith("/") and parts else [])])
    seen = unquote_to_bytes(path) if vector.s3_paths else normal
    pairs = sorted(
        tuple(unquote_to_bytes(side) for side in part.partition("=")[::2]) for part in query.split("&") if part
    )
    return vector.method, seen, pairs, sorted(vector.headers.items()), vector.body


# --------------------------------------------------------------------------- botocore's signers
SIGNERS = {"v4": auth.SigV4Auth, "v4 query": auth.SigV4QueryAuth}
SIGNERS |= {"s3": auth.S3SigV4Auth, "s3 query": auth.S3SigV4QueryAuth}
_SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6) | st.sampled_from(
    [".", "..", "a b", "%"]
)
_PATHS = st.lists(_SEGMENTS, max_size=4).map(lambda parts: "/" + "/".join(quote(part, safe="~") for part in parts))
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_PARAMS = st.dictionaries(_TEXT.filter(bool), _TEXT, max_size=4)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(str.strip)
_HEADERS = st.dictionaries(st.sampled_from(["x-amz-meta-a", "x-amz-target", "content-type", "x-other"]), _VALUES)


def signed_by_botocore(
    kind: str,
    *,
    method: str = "GET",
    path: str = "/",
    params: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
    key: str = "AKIDEXAMPLE",
    service: str = "",
    at: datetime = NOW,
) -> Head:
    """The head of a request as botocore signs it and http.client writes it."""
    service = service or kind.partition(" ")[0].replace("v4", "sqs")
    request = AWSRequest(
        method, f"http://localhost:4566{path}", headers=headers or {}, data=body, params=dict(params or {})
    )
    if params:
        query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in params.items())
        request.url, request.params = f"{request.url}?{query}", {}
    request.context["client_config"] = None
    with mock.patch("botocore.auth.get_current_datetime", return_value=at.replace(tzinfo=None)):
        SIGNERS[kind](Credentials(key, SECRET, token), service, "eu-west-1").add_auth(request)
    url = urlsplit(request.url)
    lines = {"host": "localhost:4566", **{name.lower(): str(value) for name, value in request.headers.items()}}
    return Head(method, url.path + (f"?{url.query}" if url.query else ""), lines, minor=1)


def verify_botocore(kind: str, head: Head, body: bytes, secret: str = SECRET) -> Claim:
    claim = read_claim(head)
    assert claim is not None
    s3 = kind.startswith("s3")
    Verifier().verify(head, claim, secret, payload_hash_of(head, claim, body, s3=s3), s3_paths=s3)
    return claim


@pytest.mark.parametrize("kind", SIGNERS)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    path=_PATHS,
    params=_PARAMS,
    headers=_HEADERS,
    body=st.binary(max_size=20),
    token=st.none() | st.just("token/+="),
)
def test_whatever_botocore_signs_is_good(kind: str, body: bytes, token: str | None, **request: Any) -> None:
    if "query" in kind:
        body = b""  # botocore takes a presigned body for a form and moves it into the query string
    head = signed_by_botocore(kind, body=body, token=token, **request)
    claim = verify_botocore(kind, head, body)
    assert (claim.scope.access_key, claim.scope.region) == ("AKIDEXAMPLE", "eu-west-1")
    assert claim.session_token == token
    assert claim.presigned == ("query" in kind)
    assert claim.signed_at == NOW.timestamp() * 1000


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_wrong_secret_is_refused(kind: str) -> None:
    with pytest.raises(SignatureMismatch):
        verify_botocore(kind, signed_by_botocore(kind), b"", secret="other")


@pytest.mark.parametrize("kind", ["v4", "s3"])
def test_another_body_is_refused(kind: str) -> None:
    head = signed_by_botocore(kind, method="PUT", body=b"mine")
    with pytest.raises((SignatureMismatch, ContentHashMismatch)):
        verify_botocore(kind, head, b"yours")


def test_s3_says_itself_what_it_signed_of_the_body() -> None:
    claim = read_claim(signed_by_botocore("s3"))
    assert claim is not None
    for declared in (UNSIGNED, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
        head = Head("PUT", "/", {"x-amz-content-sha256": declared}, minor=1)
        assert payload_hash_of(head, claim, b"anything", s3=True) == declared
        assert payload_hash_of(head, claim, b"anything", s3=False) != declared
    with pytest.raises(PayloadHashMissing):
        payload_hash_of(Head("PUT", "/", {}, minor=1), claim, b"", s3=True)
    presigned = read_claim(signed_by_botocore("s3 query"))
    assert presigned is not None
    assert payload_hash_of(Head("PUT", "/", {}, minor=1), presigned, b"anything", s3=True) == UNSIGNED


# --------------------------------------------------------------------------- what is malformed
CREDENTIAL = "Credential=AKID/20260102/eu-west-1/sqs/aws4_request"
GOOD = f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=ab"
LATER = {"host": "x", "x-amz-date": "20260102T030405Z"}


def claim_of(authorization: str, headers: dict[str, str] | None = None, target: str = "/") -> Claim | None:
    return read_claim(Head("GET", target, {**(headers or LATER), "authorization": authorization}, minor=1))


@pytest.mark.parametrize(
    "authorization",
    [
        GOOD,
        GOOD.replace(", ", ","),
        f"AWS4-HMAC-SHA256 Signature=ab, SignedHeaders=host;x-amz-date, {CREDENTIAL}",
        f"AWS4-HMAC-SHA256 {CREDENTIAL}, Signature=ab, SignedHeaders=host;x-amz-date",
    ],
)
def test_the_parts_of_a_claim_may_stand_in_any_order(authorization: str) -> None:
    claim = claim_of(authorization)
    assert claim is not None
    assert (claim.scope.access_key, claim.scope.service, claim.signature) == ("AKID", "sqs", "ab")
    assert claim.signed_headers == ("host", "x-amz-date")
    assert claim.scope.text == "20260102/eu-west-1/sqs/aws4_request"


def test_an_access_key_may_hold_slashes() -> None:
    claim = claim_of(GOOD.replace("AKID", "a/b/c"))
    assert claim is not None
    assert claim.scope.access_key == "a/b/c"


@pytest.mark.parametrize("authorization", ["Basic dXNlcjpwYXNz", "Bearer token", "AWS AKID:signature", ""])
def test_another_kind_of_authorization_is_no_claim(authorization: str) -> None:
    assert claim_of(authorization) is None


@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        ("AWS4-HMAC-SHA256", "'Credential'"),
        ("AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=ab", "'Credential'"),
        ("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab", "'Credential'"),
        ("AWS4-HMAC-SHA256 Credential=a/20260102/r/s/aws4_request, Signature=ab", "'SignedHeaders'"),
        ("AWS4-HMAC-SHA256 Credential=a/20260102/r/s/aws4_request, SignedHeaders=host", "'Signature'"),
        ("AWS4-HMAC-SHA256 Credential=a/20260102/r/s/aws4_request, SignedHeaders=host, Signature=", "'Signature'"),
        (GOOD.replace("/sqs", ""), "slash-delimited"),
        (GOOD.replace("aws4_request", "aws5_request"), "slash-delimited"),
        (GOOD.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "AWS4-ECDSA-P256-SHA256"),
    ],
)
def test_a_malformed_claim_is_refused_by_what_it_lacks(authorization: str, says: str) -> None:
    with pytest.raises(IncompleteSignature, match=says):
        claim_of(authorization)


def test_a_claim_that_does_not_sign_the_host_is_refused() -> None:
    with pytest.raises(SignatureMismatch, match="'Host'"):
        claim_of(GOOD.replace("host;", ""))


def test_a_scope_of_another_day_is_refused() -> None:
    with pytest.raises(SignatureMismatch, match="Date in Credential scope"):
        claim_of(GOOD.replace("20260102", "20260103"))


def test_a_signed_header_that_is_not_there_is_refused() -> None:
    claim = claim_of(GOOD.replace("host;", "host;x-missing;"))
    assert claim is not None
    with pytest.raises(SignatureMismatch):
        canonical_request(Head("GET", "/", dict(LATER), minor=1), claim, UNSIGNED, s3_paths=False)


@pytest.mark.parametrize(
    "date", ["Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 05:04:05 +0200", "2026-01-02T03:04:05Z"]
)
def test_the_date_header_stands_in_for_the_amz_date(date: str) -> None:
    claim = claim_of(GOOD, {"host": "x", "date": date})
    assert claim is not None
    assert (claim.amz_date, claim.signed_at) == ("20260102T030405Z", int(NOW.timestamp() * 1000))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "x"},
        {"host": "x", "date": "yesterday"},
        {"host": "x", "date": "9"},
        {"host": "x", "x-amz-date": "2026-01-02T03:04:05Z"},
        {"host": "x", "x-amz-date": "20261302T030405Z"},
        {"host": "x", "x-amz-date": "20260102T030405"},
        {"host": "x", "x-amz-date": "\u0662\u0660260102T030405Z"},
        {"host": "x", "x-amz-date": ""},
    ],
)
def test_a_missing_or_malformed_date_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(IncompleteSignature):
        claim_of(GOOD, headers)


QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKID/20260102/eu-west-1/s3/aws4_request",
    "X-Amz-Date": "20260102T030405Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "ab",
}


def presigned(**changes: str | None) -> Head:
    fields = {**QUERY, **{f"X-Amz-{name}": value for name, value in changes.items()}}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value is not None)
    return Head("GET", f"/?{query}", {"host": "x"}, minor=1)


def test_a_presigned_claim_is_read() -> None:
    claim = read_claim(presigned(Expires="60"))
    assert claim is not None
    assert (claim.scope.access_key, claim.expires_seconds, claim.presigned) == ("AKID", 60, True)


@pytest.mark.parametrize("name", ["Credential", "Date", "SignedHeaders", "Signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_presigned_claim_is_refused_by_what_it_lacks(name: str, value: str | None) -> None:
    with pytest.raises(QueryIncomplete, match=f"X-Amz-{name}"):
        read_claim(presigned(**{name: value}))


@pytest.mark.parametrize("expires", ["-1", "a", "1.5", "", "²", str(EXPIRES_SECONDS_MAX + 1), "9" * 5000])
def test_a_presigned_claim_that_never_expires_is_refused(expires: str) -> None:
    with pytest.raises(QueryIncomplete, match="X-Amz-Expires"):
        read_claim(presigned(Expires=expires))


def test_an_unknown_algorithm_is_refused_in_the_query_too() -> None:
    with pytest.raises(QueryIncomplete, match="X-Amz-Algorithm"):
        read_claim(presigned(Algorithm="AWS4-ECDSA-P256-SHA256"))


def test_a_request_without_a_claim_is_anonymous() -> None:
    assert read_claim(Head("GET", "/?X-Amz-Other=1", {"host": "x"}, minor=1)) is None


def test_a_signature_in_letters_of_any_alphabet_is_only_wrong() -> None:
    head = signed_by_botocore("v4")
    head.headers["authorization"] = head.headers["authorization"].rpartition("=")[0] + "=ü€\udcff"
    with pytest.raises(SignatureMismatch):
        verify_botocore("v4", head, b"")


# --------------------------------------------------------------------------- time
@cache
def now_millis() -> int:
    return int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("skew", "says"),
    [
        (0, None),
        (SKEW_MILLIS, None),
        (-SKEW_MILLIS, None),
        (SKEW_MILLIS + 1, "Signature expired: 20260102T030405Z is now earlier than 20260102T0304"),
        (-SKEW_MILLIS - 1, "Signature not yet current: 20260102T030405Z is still later than 20260102T0304"),
    ],
)
def test_clocks_may_differ_by_a_quarter_of_an_hour_either_way(skew: int, says: str | None) -> None:
    claim = claim_of(GOOD)
    assert claim is not None
    if says is None:
        check_time(claim, now_millis() + skew)
    else:
        with pytest.raises(SignatureSkewed, match=says):
            check_time(claim, now_millis() + skew)


def test_a_presigned_request_is_not_good_before_its_date() -> None:
    claim = read_claim(presigned())
    assert claim is not None
    check_time(claim, now_millis() + 30_000)
    check_time(claim, now_millis() - SKEW_MILLIS)
    with pytest.raises(SignatureSkewed, match="not yet current"):
        check_time(claim, now_millis() - SKEW_MILLIS - 1)


def test_dates_are_read_to_the_second() -> None:
    assert parse_amz_date("19700101T000001Z") == 1000
    assert parse_amz_date("20260102T030405Z") == now_millis()
