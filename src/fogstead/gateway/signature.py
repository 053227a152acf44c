"""Signature Version 4: reading what a request claims and checking it.

A *claim* is read before the body is there; `verify` needs the hash of the body. Which secret belongs to an access key
is the kernel's to say. SigV4A and signed chunks have their place here when a service needs them.
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
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes

from fogstead.gateway.http1 import Head
from fogstead.kernel.errors import ServiceError, declare

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
STREAMING: Final = "STREAMING-"
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
SIGNATURE_ERRORS: Final = (MissingToken, IncompleteSignature, SignatureMismatch, UnknownKey)


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
        raise IncompleteSignature('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    for name in ("X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"):
        if not fields.get(name):
            raise IncompleteSignature(f"AWS query-string parameters must include '{name}'.")
    expires = fields.get("X-Amz-Expires", "900")
    if _EXPIRES.match(expires) is None or int(expires) > EXPIRES_SECONDS_MAX:
        raise IncompleteSignature(f"X-Amz-Expires must be a number of seconds up to {EXPIRES_SECONDS_MAX}")
    scope = _scope(fields["X-Amz-Credential"])
    amz_date = fields["X-Amz-Date"]
    signed_at = parse_amz_date(amz_date)
    names = _signed_names(fields["X-Amz-SignedHeaders"])
    token = fields.get("X-Amz-Security-Token") or head.headers.get("x-amz-security-token")
    return Claim(scope, names, fields["X-Amz-Signature"], amz_date, signed_at, int(expires), token)


# --------------------------------------------------------------------------- the canonical request
def canonical_request(head: Head, claim: Claim, payload_hash: str, *, s3_paths: bool) -> str:
    """The text whose hash is signed. S3 signs the path as it is; elsewhere it is normalised and encoded once more."""
    headers = head.headers
    lines = [head.method, canonical_path(head.path, s3_paths=s3_paths), canonical_query(head.query)]
    for name in claim.signed_headers:
        value = headers.get(name)
        if value is None:
            if name not in {"content-length", "expect"}:
                raise SignatureMismatch
            value = "0" if name == "content-length" else ""
        lines.append(f"{name}:{_SPACES.sub(' ', value) if '  ' in value else value}")
    lines += ["", ";".join(claim.signed_headers), payload_hash]
    return "\n".join(lines)


def canonical_path(path: str, *, s3_paths: bool) -> str:
    """The path as it is signed."""
    if path == "/":
        return path
    if s3_paths:
        return "/".join([_encoded(part) for part in path.split("/")]) or "/"
    return quote(_normalised(path), safe="/~")


def _normalised(path: str) -> str:
    out: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if out:
                out.pop()
        elif part not in {"", "."}:
            out.append(part)
    normalised = "/" + "/".join(out)
    return normalised + "/" if path.endswith("/") and out else normalised


def canonical_query(query: str) -> str:
    """The query as it is signed: every pair encoded anew, sorted, without the signature itself."""
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        if part and not part.startswith("X-Amz-Signature="):
            name, _, value = part.partition("=")
            pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="~")


def string_to_sign(claim: Claim, canonical: str) -> str:
    """What the key signs."""
    hashed = hashlib.sha256(canonical.encode("utf-8")).hexdigest()
    return f"{ALGORITHM}\n{claim.amz_date}\n{claim.scope.text}\n{hashed}"


# --------------------------------------------------------------------------- the check
class Verifier:
    """Checks signatures; keeps the keys derived from secrets, which a client uses all day."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str, str], bytes] = {}

    def verify(self, head: Head, claim: Claim, secret: str, payload_hash: str, *, s3_paths: bool = False) -> None:
        """SignatureMismatch unless the secret's holder signed exactly this request."""
        canonical = canonical_request(head, claim, payload_hash, s3_paths=s3_paths)
        key = self._key(secret, claim.scope)
        expected = hmac.digest(key, string_to_sign(claim, canonical).encode("utf-8"), "sha256").hex()
        if not hmac.compare_digest(expected.encode("ascii"), claim.signature.encode("utf-8", "replace")):
            raise SignatureMismatch

    def _key(self, secret: str, scope: Scope) -> bytes:
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


def check_time(claim: Claim, true_now: int) -> None:
    """SignatureMismatch when it was signed too long ago or for too far ahead, by true time."""
    if claim.presigned:
        if claim.signed_at > true_now + SKEW_MILLIS:
            raise SignatureMismatch(f"Signature not yet current: {claim.amz_date} is still later than now.")
        return
    if claim.signed_at < true_now - SKEW_MILLIS:
        now, edge = _amz(true_now), _amz(true_now - SKEW_MILLIS)
        raise SignatureMismatch(f"Signature expired: {claim.amz_date} is now earlier than {edge} ({now} - 15 min.)")
    if claim.signed_at > true_now + SKEW_MILLIS:
        now, edge = _amz(true_now), _amz(true_now + SKEW_MILLIS)
        raise SignatureMismatch(
            f"Signature not yet current: {claim.amz_date} is still later than {edge} ({now} + 15 min.)"
        )


def _amz(millis: int) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def payload_hash_of(head: Head, claim: Claim, body: bytes, *, s3: bool) -> str:
    """The hash that stands in the canonical request; SignatureMismatch when a declared one is not the body's."""
    declared = head.headers.get("x-amz-content-sha256")
    if s3:
        if claim.presigned and declared is None:
            return UNSIGNED
        if declared is None:
            raise IncompleteSignature("Missing required header for this request: x-amz-content-sha256")
        if declared == UNSIGNED or declared.startswith(STREAMING):
            return declared
    actual = hashlib.sha256(body).hexdigest() if body else EMPTY_HASH
    if declared is not None and _HEX_64.match(declared) and declared != actual:
        raise ContentHashMismatch
    return actual


class ContentHashMismatch(ServiceError):
    """The body is not the one that was hashed."""

    code, status = "XAmzContentSHA256Mismatch", 400
    sentence = "The provided 'x-amz-content-sha256' header does not match what was computed."
