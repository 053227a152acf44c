"""Sources of copies: found, permitted, and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from fogstead.kernel.bodies import Outgoing, Piece
from fogstead.kernel.errors import AccessDenied, NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import contents, customer_keys, encryption, preconditions, reading
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.records import Details, Version
from fogstead.services.s3.service import InvalidArgument, InvalidRequest, MethodNotAllowed


@dataclass(frozen=True, slots=True)
class Source:
    """An object that the caller may copy, as it was when it was found."""

    bucket: Bucket
    key: str
    version: Version
    details: Details
    pieces: list[Piece]

    @property
    def shown_version(self) -> dict[str, str]:
        """What the answer says of its version."""
        return {"CopySourceVersionId": self.version.id} if self.bucket.versioning else {}


def parse(text: str) -> tuple[str, str, str | None]:
    """Bucket, key and version of `bucket/key?versionId=id`, whose key is encoded as in a URL."""
    if text.startswith("arn:"):
        raise NotImplementedHere("Access points as sources of copies are not implemented by this cloud.")
    path, question, query = text.rpartition("?versionId=")
    if not question:
        path, query = text, ""
    try:
        bucket, slash, key = unquote_plus(path, errors="strict").removeprefix("/").partition("/")
    except UnicodeDecodeError:
        bucket = slash = key = ""
    if not bucket or not slash or not key:
        raise InvalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source",
            ArgumentValue=text,
        )
    return bucket, key, query if question else None


def find(tx: Transaction, given: Mapping[str, Any]) -> Source:
    """The source of a copy; its conditions hold, and the caller may read it. Its blobs stay until the call ends."""
    name, key, version_id = parse(given["CopySource"])
    bucket = tx.get(Bucket, name)
    asked: dict[str, Any] = {"Bucket": name, "Key": key}
    if version_id is not None:
        asked["VersionId"] = version_id
    expected = given.get("ExpectedSourceBucketOwner")
    if expected is not None and expected != bucket.owner:
        raise AccessDenied("Access Denied")
    tx.authorise("s3:GetObjectVersion" if version_id else "s3:GetObject", bucket, f"/{key}", asked)
    try:
        version = reading.find(tx, bucket, asked, "GET")
    except MethodNotAllowed:
        raise InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version id."
        ) from None
    preconditions.check_copy_source(given, version.etag, version.modified_at)
    details = version.details
    secret = encryption.opened(tx, bucket, details.sealing, given, customer_keys.SOURCE)
    return Source(bucket, key, version, details, contents.pieces(tx, bucket.shard, version, details, secret))


def outgoing(tx: Transaction, source: Source, start: int, end: int) -> Outgoing:
    """The bytes of a source, kept from the sweep once this transaction is."""
    made = Outgoing(tx.cloud, source.pieces, start, end)
    tx.after_commit(made.hold)
    return made
