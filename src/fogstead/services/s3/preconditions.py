"""Conditions on a request: read only if changed, copy only if the same, write only what nobody wrote since.

Sources: RFC 9110, 13.2.2, for the order; S3 API reference, GetObject and CopyObject, for what two of them give
together; S3 User Guide, "How to prevent object overwrites with conditional writes" and "conditional deletes".

Times are whole milliseconds; headers know seconds only, so conditions compare seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.services.s3 import etags
from fogstead.services.s3.service import NoSuchKey, NotModified, PreconditionFailed


class _Kind(NamedTuple):
    """Where the four conditions stand in an input, how errors name them, and how a reader hears of no change."""

    members: str
    headers: str
    unchanged: type[ServiceError]


_READ = _Kind("", "", NotModified)
# The case of the header in `Condition` is not documented; it is that of the answers that users have posted.
_COPY = _Kind("CopySource", "x-amz-copy-source-", PreconditionFailed)


def check_read(req: Mapping[str, Any], etag: str, modified_at: int) -> None:
    """For GetObject and HeadObject: PreconditionFailed, or NotModified, when the object is not to be sent.

    `etag` is bare; `modified_at` is when the object was last modified.
    """
    _check(req, _READ, etag, modified_at // 1000)


def check_copy_source(req: Mapping[str, Any], etag: str, modified_at: int) -> None:
    """For CopyObject and UploadPartCopy: PreconditionFailed when the source is not to be copied."""
    _check(req, _COPY, etag, modified_at // 1000)


def _check(req: Mapping[str, Any], kind: _Kind, etag: str, modified_second: int) -> None:
    """A condition on the tag makes the one on the time of no account, whether it holds or not."""
    match, none_match = req.get(f"{kind.members}IfMatch"), req.get(f"{kind.members}IfNoneMatch")
    unmodified, modified = req.get(f"{kind.members}IfUnmodifiedSince"), req.get(f"{kind.members}IfModifiedSince")
    if match is not None:
        if not etags.matches(match, etag):
            raise PreconditionFailed(Condition=f"{kind.headers}If-Match")
    elif unmodified is not None and modified_second > unmodified // 1000:
        raise PreconditionFailed(Condition=f"{kind.headers}If-Unmodified-Since")
    if none_match is not None:
        if etags.matches(none_match, etag, weakly=True):
            raise _unchanged(kind, "If-None-Match")
    elif modified is not None and modified_second <= modified // 1000:
        raise _unchanged(kind, "If-Modified-Since")


def _unchanged(kind: _Kind, header: str) -> ServiceError:
    return kind.unchanged() if kind.unchanged is NotModified else kind.unchanged(Condition=f"{kind.headers}{header}")


def check_write(req: Mapping[str, Any], key: str, etag: str | None) -> None:
    """For PutObject, CopyObject's target, CompleteMultipartUpload and deletes, within the transaction that writes.

    `etag` is that of the key's current version, bare, or None where there is none or it is a delete marker.
    PreconditionFailed; NoSuchKey when If-Match finds nothing; 501 for an If-None-Match of anything but `*`.
    The 409 that S3 may answer to writes that overlap has no place here: they follow one another.
    """
    match, none_match = req.get("IfMatch"), req.get("IfNoneMatch")
    if none_match is not None and none_match.strip() != "*":
        raise NotImplementedHere(
            "A header you provided implies functionality that is not implemented", Header="If-None-Match"
        )
    if match is not None:
        if etag is None:
            raise NoSuchKey(Key=key)
        if not etags.matches(match, etag):
            raise PreconditionFailed(Condition="If-Match")
    if none_match is not None and etag is not None:
        raise PreconditionFailed(Condition="If-None-Match")
