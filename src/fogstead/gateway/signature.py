"""Signature Version 4: reading what a request claims and checking it.

A *claim* is read before the body is there; `verify` needs the hash of the body. Which secret belongs to an access key
is the kernel's to say. Signed chunks are in `payloads`; SigV4A has its place here when a service needs it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, NoReturn
from urllib.parse import unquote

from fogstead.gateway.canonical import as_sent, canonical_path, canonical_query
from fogstead.gateway.http1 import Head
from fogstead.kernel.errors import ServiceError, declare

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
STREAMING: Final = "STREAMING-"
UNSIGNED_CHUNKS: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_CHUNKS: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILERS: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_KEYS_OF_ECDSA: Final = ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER")
CHUNKED_WORDS: Final = (UNSIGNED_CHUNKS, SIGNED_CHUNKS, SIGNED_TRAILERS, *_KEYS_OF_ECDSA)
EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()
SKEW_MILLIS: Final = 15 * 60 * 1000
EXPIRES_SECONDS_MAX: Final = 7 * 24 * 3600
_KEYS_MAX: Final = 4096
_AMZ_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\Z", re.ASCII)
_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
_EXPIRES = re.compile(r"\d{1,9}\Z", re.ASCII)
_SPACES = re.compile(r" +")

MissingToken = declare(
    "MissingToken", "MissingAuthenticationTokenException", "Request is missing Authentication Token", 403
)
IncompleteSignature = declare("IncompleteSignature", "IncompleteSignatureException", "The signature is incomplete.")
SignatureMismatch = declare(
    "SignatureMismatch",
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.",
    403,
)
UnknownKey = declare(
    "UnknownKey", "UnrecognizedClientException", "The security token included in the request is invalid.", 403
)
SignatureExpired = declare(
    "SignatureExpired", "InvalidSignatureException", "Signature expired: the presigned request is no longer good.", 403
)
SignatureSkewed = declare(
    "SignatureSkewed",
    "InvalidSignatureException",
    "The difference between the request time and the current time is too large.",
    403,
)
QueryIncomplete = declare(
    "QueryIncomplete",
    "IncompleteSignatureException",
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
)
HeadersNotSigned = declare(
    "HeadersNotSigned", "AccessDenied", "There were headers present in the request which were not signed", 403
)
InvalidPayloadHash = declare(
    "InvalidPayloadHash",
    "InvalidArgument",
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for."""

    access_key: str
    date: str
    region: str
    service: str

    @property
    def text(self) -> str:
        """As it stands in the string to sign."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(slots=True)
class Claim:
    """Everything a request says about who signed it, how and when."""

    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str
    amz_date: str
    signed_at: int
    expires_seconds: int | None = None
    session_token: str | None = None

    @property
    def presigned(self) -> bool:
        """Whether the signature stands in the query string."""
        return self.expires_seconds is not None


def read_claim(head: Head) -> Claim | None:
    """The claim, or None for an anonymous request. IncompleteSignature when it is malformed."""
    authorization = head.headers.get("authorization")
    if authorization is not None:
        if not authorization.startswith(ALGORITHM):
            if authorization.startswith("AWS4-"):
                raise IncompleteSignature(f"The algorithm {authorization.partition(' ')[0]} is not known here.")
            return None
        return _claim_from_header(authorization, head.headers)
    if "X-Amz-" in head.query and "X-Amz-Algorithm=" in head.query:
        return _claim_from_query(head)
    return None


def _claim_from_header(authorization: str, headers: Mapping[str, str]) -> Claim:
    before, found, signature = authorization.rpartition("Signature=")
    if not found or not signature or "," in signature:
        before, signature = _reordered(authorization)
    scope, signed_headers = _read_credential(before.rstrip(", "))
    amz_date, signed_at = _signing_time(headers)
    if scope.date != amz_date[:8]:
        raise SignatureMismatch(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{amz_date[:8]}', from '{amz_date}'."
        )
    token = headers.get("x-amz-security-token")
    return Claim(scope, signed_headers, signature.strip(), amz_date, signed_at, None, token)


def _reordered(authorization: str) -> tuple[str, str]:
    """Clients may name the parts in any order."""
    fields = dict(
        part.strip().partition("=")[::2] for part in authorization.removeprefix(ALGORITHM).split(",") if "=" in part
    )
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise IncompleteSignature(f"Authorization header requires '{name}' parameter.")
    before = f"{ALGORITHM} Credential={fields['Credential']}, SignedHeaders={fields['SignedHeaders']}"
    return before, fields["Signature"]


@lru_cache(maxsize=1024)
def _read_credential(before: str) -> tuple[Scope, tuple[str, ...]]:
    """A client sends the same words before every signature of a day."""
    fields = dict(part.strip().partition("=")[::2] for part in before.removeprefix(ALGORITHM).split(",") if "=" in part)
    for name in ("Credential", "SignedHeaders"):
        if not fields.get(name):
            raise IncompleteSignature(f"Authorization header requires '{name}' parameter.")
    return _scope(fields["Credential"]), _signed_names(fields["SignedHeaders"])


def _scope(credential: str) -> Scope:
    parts = credential.split("/")
    if len(parts) < 5 or parts[-1] != "aws4_request":
        raise IncompleteSignature("Credential must have exactly 5 slash-delimited elements.")
    return Scope("/".join(parts[:-4]), *parts[-4:-1])


def _signed_names(listed: str) -> tuple[str, ...]:
    names = tuple(listed.split(";"))
    if "host" not in names and ":authority" not in names:
        raise SignatureMismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    return names


def _signing_time(headers: Mapping[str, str]) -> tuple[str, int]:
    amz_date = headers.get("x-amz-date")
    if amz_date is not None:
        return amz_date, parse_amz_date(amz_date)
    date = headers.get("date")
    if date is None:
        raise IncompleteSignature(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    try:
        at = datetime.fromisoformat(date) if date[:1].isdigit() else parsedate_to_datetime(date)
        seconds = timegm(at.utctimetuple())
    except (ValueError, TypeError, OverflowError):
        raise IncompleteSignature("The Date header is not a date.") from None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ"), seconds * 1000


def scope_of(credential: str) -> Scope:
    """The scope of a credential as it stands in a query string or a form; QueryIncomplete when it is none."""
    try:
        return _scope(credential)
    except IncompleteSignature as error:
        raise QueryIncomplete(error.message) from None


@lru_cache(maxsize=64)
def parse_amz_date(text: str) -> int:
    """Milliseconds of `20150830T123600Z`."""
    match = _AMZ_DATE.match(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day, hour, minute, second = (int(part) for part in match.groups())
        return timegm(datetime(year, month, day, hour, minute, second).timetuple()) * 1000  # noqa: DTZ001 - it is UTC
    except ValueError:
        raise IncompleteSignature(
            f"Date must be in ISO-8601 'basic format'. Got '{text[:32]}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None


def _claim_from_query(head: Head) -> Claim:
    fields: dict[str, str] = {}
    for part in head.query.split("&"):
        name, _, value = part.partition("=")
        if name.startswith("X-Amz-"):
            fields[name] = unquote(value)
    if fields.get("X-Amz-Algorithm") != ALGORITHM:
        raise QueryIncomplete('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    for name in ("X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"):
        if not fields.get(name):
            raise QueryIncomplete(f"AWS query-string parameters must include '{name}'.")
    expires_text = fields.get("X-Amz-Expires")
    if expires_text is None and fields["X-Amz-Credential"].endswith("/s3/aws4_request"):
        raise QueryIncomplete
    expires = _expires_seconds(expires_text if expires_text is not None else "900")
    amz_date = fields["X-Amz-Date"]
    scope = scope_of(fields["X-Amz-Credential"])
    try:
        signed_at = parse_amz_date(amz_date)
    except IncompleteSignature as error:
        raise QueryIncomplete(error.message) from None
    names = _signed_names(fields["X-Amz-SignedHeaders"])
    token = fields.get("X-Amz-Security-Token") or head.headers.get("x-amz-security-token")
    return Claim(scope, names, fields["X-Amz-Signature"], amz_date, signed_at, expires, token)


def _expires_seconds(text: str) -> int:
    if text.startswith("-") and _EXPIRES.match(text[1:]):
        raise QueryIncomplete("X-Amz-Expires must be non-negative")
    if _EXPIRES.match(text) is None:
        raise QueryIncomplete("X-Amz-Expires should be a number")
    if int(text) > EXPIRES_SECONDS_MAX:
        raise QueryIncomplete(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{EXPIRES_SECONDS_MAX} seconds"
        )
    return int(text)


def canonical_request(head: Head, claim: Claim, payload_hash: str, *, s3_paths: bool, slashes: str = "/") -> str:
    """The text whose hash is signed. S3 signs the path as it is; elsewhere it is normalised and encoded once more."""
    headers = head.headers
    lines = [head.method, canonical_path(head.path, s3_paths=s3_paths, slashes=slashes), canonical_query(head.query)]
    for name in claim.signed_headers:
        value = headers.get(name)
        if value is None:
            if name not in {"content-length", "expect"}:
                raise SignatureMismatch
            value = "0" if name == "content-length" else ""
        elif not value.isascii():
            value = as_sent(value)
        lines.append(f"{name}:{_SPACES.sub(' ', value) if '  ' in value else value}")
    lines += ["", ";".join(claim.signed_headers), payload_hash]
    return "\n".join(lines)


def string_to_sign(claim: Claim, canonical: str) -> str:
    """What the key signs."""
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{claim.amz_date}\n{claim.scope.text}\n{hashed}"


# --------------------------------------------------------------------------- the check
class Verifier:
    """Checks signatures; keeps the keys derived from secrets, which a client uses all day."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str, str], bytes] = {}

    def verify(self, head: Head, claim: Claim, secret: str, payload_hash: str, *, s3_paths: bool = False) -> None:
        """SignatureMismatch unless the secret's holder signed exactly this request."""
        canonical = canonical_request(head, claim, payload_hash, s3_paths=s3_paths)
        if self._is_signed(claim, secret, canonical):
            return
        # S3 decodes the path before it encodes it anew; some clients sign an encoded slash as they send it.
        if s3_paths and "%2f" in head.path.lower():
            as_it_is = canonical_request(head, claim, payload_hash, s3_paths=True, slashes="")
            if self._is_signed(claim, secret, as_it_is):
                return
        text = string_to_sign(claim, canonical)
        shown = shown_mismatch(claim.scope.access_key, claim.signature, text)
        raise SignatureMismatch(**shown, CanonicalRequest=canonical, CanonicalRequestBytes=_as_bytes(canonical))

    def _is_signed(self, claim: Claim, secret: str, canonical: str) -> bool:
        key = self.key(secret, claim.scope)
        expected = hmac.digest(key, string_to_sign(claim, canonical).encode("utf-8"), "sha256").hex()
        return hmac.compare_digest(expected.encode("ascii"), claim.signature.encode("utf-8", "replace"))

    def key(self, secret: str, scope: Scope) -> bytes:
        """The key that a secret gives for a scope."""
        at = (secret, scope.date, scope.region, scope.service)
        key = self._keys.get(at)
        if key is None:
            if len(self._keys) >= _KEYS_MAX:
                self._keys.clear()
            key = self._keys[at] = signing_key(secret, scope)
        return key


def signing_key(secret: str, scope: Scope) -> bytes:
    """The key of a day, Region and service, derived from a secret."""
    key = b"AWS4" + secret.encode("utf-8")
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode("utf-8"), "sha256")
    return key


def shown_mismatch(access_key: str, signature: str, text: str) -> dict[str, Any]:
    """What helps a person to find the difference; nothing of it is secret."""
    return {
        "AWSAccessKeyId": access_key,
        "StringToSign": text,
        "SignatureProvided": signature,
        "StringToSignBytes": _as_bytes(text),
    }


def _as_bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").hex(" ")


def shown_skew(date: str, true_now: int) -> dict[str, Any]:
    """By how much two clocks may differ, and what they show."""
    now = datetime.fromtimestamp(true_now // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"RequestTime": date, "ServerTime": now, "MaxAllowedSkewMilliseconds": SKEW_MILLIS}


def check_time(claim: Claim, true_now: int) -> None:
    """SignatureSkewed when it was signed too long ago or for too far ahead, by true time."""
    shown = claim.amz_date + " is"
    if claim.presigned and claim.signed_at > true_now + SKEW_MILLIS:
        _refuse_skew(claim, true_now, f"Signature not yet current: {shown} still later than now.")
    if claim.presigned:
        return
    if claim.signed_at < true_now - SKEW_MILLIS:
        edge = f"{_amz(true_now - SKEW_MILLIS)} ({_amz(true_now)} - 15 min.)"
        _refuse_skew(claim, true_now, f"Signature expired: {shown} now earlier than {edge}")
    if claim.signed_at > true_now + SKEW_MILLIS:
        edge = f"{_amz(true_now + SKEW_MILLIS)} ({_amz(true_now)} + 15 min.)"
        _refuse_skew(claim, true_now, f"Signature not yet current: {shown} still later than {edge}")


def _refuse_skew(claim: Claim, true_now: int, sentence: str) -> NoReturn:
    raise SignatureSkewed(sentence, **shown_skew(claim.amz_date, true_now))


def _amz(millis: int) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def payload_hash_of(head: Head, claim: Claim, body: bytes, *, s3: bool) -> str:
    """The hash that stands in the canonical request; SignatureMismatch when a declared one is not the body's."""
    declared = head.headers.get("x-amz-content-sha256")
    if s3:
        if claim.presigned and declared is None:
            return UNSIGNED
        if declared is None:
            raise PayloadHashMissing
        check_hash_word(declared)
        if declared == UNSIGNED or declared.startswith(STREAMING):
            return declared
    actual = hashlib.sha256(body).hexdigest() if body else EMPTY_HASH
    if declared is not None and _HEX_64.match(declared) and declared != actual:
        raise ContentHashMismatch
    return actual


def declared_hash_of(head: Head, claim: Claim) -> str:
    """What stands in the canonical request of a streamed body, before the body is there to be hashed."""
    declared = head.headers.get("x-amz-content-sha256")
    if declared is None:
        if claim.presigned:
            return UNSIGNED
        raise PayloadHashMissing
    check_hash_word(declared)
    return declared


def check_hash_word(declared: str) -> None:
    """InvalidPayloadHash for what is neither a hash nor one of the words that stand for one."""
    if declared != UNSIGNED and declared not in CHUNKED_WORDS and _HEX_64.match(declared) is None:
        raise InvalidPayloadHash


def refuse_unsigned_headers(head: Head, claim: Claim) -> None:
    """S3 wants every x-amz- header signed: a presigned request must not be made to say more."""
    for name in head.headers:
        if name.startswith("x-amz-") and name not in claim.signed_headers and name != "x-amz-content-sha256":
            raise HeadersNotSigned(HeadersNotSigned=name)


class PayloadHashMissing(ServiceError):
    """S3 wants to be told the body's hash, or that there is none."""

    code, status = "InvalidRequest", 400
    sentence = "Missing required header for this request: x-amz-content-sha256"


class ContentHashMismatch(ServiceError):
    """The body is not the one that was hashed."""

    code, status = "XAmzContentSHA256Mismatch", 400
    sentence = "The provided 'x-amz-content-sha256' header does not match what was computed."
