"""What buckets, keys, metadata and tags may be called.

Sources: S3 User Guide, "General purpose bucket naming rules", "Naming Amazon S3 objects", "Working with object
metadata" and "Categorizing your objects using tags".
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from fogstead.kernel.errors import ServiceError
from fogstead.services.s3.service import (
    BadRequest,
    InvalidArgument,
    InvalidBucketName,
    InvalidTag,
    InvalidURI,
    KeyTooLongError,
    MalformedXML,
    MetadataTooLarge,
)

KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048
OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50
TAG_KEY_LENGTH_MAX = 128
TAG_VALUE_LENGTH_MAX = 256

# Labels of a host name: no dot beside a dot, and none beside a hyphen either. The second is no longer among the rules
# of the guide, but AWS's own SDK for Java still holds to it.
_BUCKET = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ACCOUNT_REGIONAL_SUFFIX = "-an"
_METADATA_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TAG_MARKS = frozenset("+-=._:/@")


# ------------------------------------------------------------- buckets and keys
def check_bucket_name(name: str, *, account_regional: bool = False) -> None:
    """InvalidBucketName for a name that no bucket may have; only an account's regional namespace has those in -an."""
    if (
        not _BUCKET.fullmatch(name)
        or _ADDRESS.fullmatch(name)
        or name.startswith(_RESERVED_PREFIXES)
        or name.endswith(_RESERVED_SUFFIXES)
        or name.endswith(_ACCOUNT_REGIONAL_SUFFIX) is not account_regional
    ):
        raise InvalidBucketName(BucketName=name)


def check_key(key: str) -> None:
    """KeyTooLongError past 1,024 bytes of UTF-8."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES_MAX:
        raise KeyTooLongError(Size=size, MaxSizeAllowed=KEY_BYTES_MAX)
    if ".." in key:
        _check_climbing(key)


def _check_climbing(key: str) -> None:
    """User Guide, "Naming Amazon S3 objects": read from the left, there may never be more `..` than other segments."""
    depth = 0
    for segment in key.split("/"):
        depth += -1 if segment == ".." else bool(segment and segment != ".")
        if depth < 0:
            raise InvalidURI(URI=key)


# ------------------------------------------------------------- metadata
def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """User metadata under lower-case names.

    MetadataTooLarge past 2 KiB of names and values; InvalidArgument for what cannot be the name of a header.
    """
    found = {name.lower(): _as_text(value) for name, value in metadata.items()}
    for name, value in found.items():
        if not _METADATA_NAME.fullmatch(name):
            raise InvalidArgument(ArgumentName=f"x-amz-meta-{name}", ArgumentValue=value)
    size = sum(len(name.encode()) + len(value.encode()) for name, value in found.items())
    if size > METADATA_BYTES_MAX:
        raise MetadataTooLarge(Size=size, MaxSizeAllowed=METADATA_BYTES_MAX)
    return found


def _as_text(value: str) -> str:
    """A header's value as its sender meant it: bytes outside of ASCII are UTF-8 where they can be."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def shown_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """As headers carry it: what is not ASCII in the manner of RFC 2047."""
    return {
        name: value if value.isascii() else f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="
        for name, value in metadata.items()
    }


# ------------------------------------------------------------- tags
def object_tags(tag_set: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tags of a TagSet for an object: at most ten. InvalidTag, BadRequest, MalformedXML."""
    tags = _tags(tag_set, "Your TagKey cannot be prefixed with aws:")
    if len(tags) > OBJECT_TAGS_MAX:
        raise BadRequest(f"Object tags cannot be greater than {OBJECT_TAGS_MAX}")
    return tags


def bucket_tags(tag_set: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tags of a TagSet for a bucket: at most fifty. InvalidTag, BadRequest, MalformedXML."""
    tags = _tags(tag_set, "System tags cannot be added/updated by requester")
    if len(tags) > BUCKET_TAGS_MAX:
        raise BadRequest(f"Bucket tag count cannot be greater than {BUCKET_TAGS_MAX}")
    return tags


def header_tags(header: str) -> dict[str, str]:
    """The tags of `x-amz-tagging`, which has the form of a URL's query; empty pieces count for nothing.

    InvalidArgument for a name that comes twice and for what is no UTF-8; else as `object_tags`.
    """
    tag_set = []
    try:
        for piece in header.split("&"):
            if piece:
                key, _, value = piece.partition("=")
                tag_set.append(
                    {"Key": unquote_plus(key, errors="strict"), "Value": unquote_plus(value, errors="strict")}
                )
    except UnicodeDecodeError:
        raise _header_refused(header) from None
    if len({tag["Key"] for tag in tag_set}) < len(tag_set):
        raise _header_refused(header)
    return object_tags(tag_set)


def _header_refused(header: str) -> ServiceError:
    return InvalidArgument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
        "duplicates.",
        ArgumentName="x-amz-tagging",
        ArgumentValue=header,
    )


def _tags(tag_set: Sequence[Mapping[str, Any]], system_tag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in tag_set:
        key, value = tag.get("Key"), tag.get("Value")
        if key is None or value is None:
            raise MalformedXML
        if not key or not _is_tag_text(key, TAG_KEY_LENGTH_MAX):
            raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if not _is_tag_text(value, TAG_VALUE_LENGTH_MAX):
            raise InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith("aws:"):
            raise InvalidTag(system_tag, TagKey=key)
        if key in found:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        found[key] = value
    return found


def _is_tag_text(text: str, length_max: int) -> bool:
    """Letters, spaces, numbers and a few marks; the length is that of UTF-16, as the guide says."""
    units = len(text) + sum(sign > "\uffff" for sign in text)
    return units <= length_max and all(sign in _TAG_MARKS or unicodedata.category(sign)[0] in "LZN" for sign in text)
