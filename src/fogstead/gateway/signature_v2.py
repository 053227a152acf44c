"""Signature Version 2, which S3 still reads: some SDKs presign with it unless they are told otherwise.

Source: S3 User Guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

from __future__ import annotations

import base64
import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote, unquote_plus

from fogstead.gateway.canonical import as_sent
from fogstead.gateway.http1 import Head
from fogstead.gateway.signature import (
    SKEW_MILLIS,
    QueryIncomplete,
    SignatureExpired,
    SignatureMismatch,
    SignatureSkewed,
    shown_mismatch,
    shown_skew,
)
from fogstead.kernel.errors import declare

_HEADER = re.compile(r"AWS ([^:\s]+):([A-Za-z0-9+/=]+)\Z")
_SECONDS = re.compile(r"\d{1,12}\Z", re.ASCII)
_SIGNED_PARAMETERS: Final = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "encryption", "inventory", "legal-hold", "lifecycle",
    "location", "logging", "metrics", "notification", "object-lock", "ownershipControls", "partNumber", "policy",
    "policyStatus", "publicAccessBlock", "replication", "requestPayment", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "retention", "select", "select-type", "storageClass",
    "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})  # fmt: skip

UndatedRequest = declare(
    "UndatedRequest", "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403
)


@dataclass(frozen=True, slots=True)
class ClaimV2:
    """Who says to have signed a request; `expires` is in seconds since the epoch where the URL is presigned."""

    access_key: str
    signature: str
    expires: int | None = None
    session_token: str | None = None


def read_claim(head: Head) -> ClaimV2 | None:
    """The claim, or None when there is none of this version."""
    authorization = head.headers.get("authorization")
    if authorization is not None:
        match = _HEADER.match(authorization)
        token = head.headers.get("x-amz-security-token")
        return ClaimV2(match[1], match[2], None, token) if match else None
    pairs = dict(_pairs(head.query))
    if "AWSAccessKeyId" not in pairs or "Signature" not in pairs:
        return None
    expires = unquote_plus(pairs.get("Expires", ""))
    if _SECONDS.match(expires) is None:
        raise QueryIncomplete(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    token = unquote_plus(pairs.get("x-amz-security-token", "")) or head.headers.get("x-amz-security-token")
    # A plus in a signature is a plus, also where a client did not encode it.
    return ClaimV2(unquote_plus(pairs["AWSAccessKeyId"]), unquote(pairs["Signature"]), int(expires), token)


def check_time(head: Head, claim: ClaimV2, true_now: int) -> None:
    """SignatureSkewed for a request signed long ago; SignatureExpired for a URL whose time is over.

    Both by true time: a URL of this version does not say when it was signed, so it cannot be told how far the cloud's
    clock was moved since.
    """
    if claim.expires is not None:
        if true_now > claim.expires * 1000:
            raise SignatureExpired
        return
    date = head.headers.get("x-amz-date") or head.headers.get("date")
    try:
        signed_at = timegm(parsedate_to_datetime(date or "").utctimetuple()) * 1000
    except (ValueError, TypeError, OverflowError):
        raise UndatedRequest from None
    if abs(signed_at - true_now) > SKEW_MILLIS:
        raise SignatureSkewed(**shown_skew(date or "", true_now))


def verify(head: Head, claim: ClaimV2, secret: str, path: str) -> None:
    """SignatureMismatch unless the secret's holder signed this request; `path` begins with the bucket."""
    text = string_to_sign(head, claim, path)
    if not same_signature(secret, text, claim.signature):
        raise SignatureMismatch(**shown_mismatch(claim.access_key, claim.signature, text))


def same_signature(secret: str, text: str, signature: str) -> bool:
    """Whether a text was signed so; compared in constant time."""
    signed = text.encode("utf-8", "surrogateescape")
    expected = base64.b64encode(hmac.digest(secret.encode("utf-8"), signed, "sha1"))
    return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))


def string_to_sign(head: Head, claim: ClaimV2, path: str) -> str:
    """What the secret signs."""
    headers = head.headers
    if claim.expires is not None:
        date = str(claim.expires)
    else:
        date = "" if "x-amz-date" in headers else headers.get("date", "")
    lines = [head.method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    return "\n".join([*lines, *_amz_headers(head), _resource(path, head.query)])


def _amz_headers(head: Head) -> list[str]:
    amz: Mapping[str, str] = {name: as_sent(value) for name, value in head.headers.items() if name.startswith("x-amz-")}
    in_query = {name: unquote_plus(value) for name, value in _pairs(head.query) if name == "x-amz-security-token"}
    return [f"{name}:{value}" for name, value in sorted({**in_query, **amz}.items())]


def _resource(path: str, query: str) -> str:
    signed = []
    for name, value in sorted(_pairs(query)):
        if name in _SIGNED_PARAMETERS:
            signed.append(f"{name}={unquote(value)}" if value else name)
    return path + ("?" + "&".join(signed) if signed else "")


def _pairs(query: str) -> list[tuple[str, str]]:
    return [part.partition("=")[::2] for part in query.split("&") if part]
