"""Ranges of bytes: of a GET or HEAD, read as forgivingly as S3 does, and of a copied part, read strictly."""

from __future__ import annotations

import re

from fogstead.services.s3.service import InvalidArgument, InvalidRange

# Nineteen digits are past any object's end; what is longer is no number S3 would read.
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.IGNORECASE)
_COPY_RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{1,19})")


def parse(range_header: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte that are asked for, both included and within the size, or None for the whole object.

    S3 serves one range only: a header that is malformed or names several is as if it were not there.
    InvalidRange when the range lies outside of the object.
    """
    match = _RANGE.fullmatch(range_header or "")
    if range_header is None or match is None or match.groups() == ("", ""):
        return None
    first_text, last_text = match.groups()
    if not first_text:
        first, last = max(size - int(last_text), 0), size - 1
    else:
        first, last = int(first_text), int(last_text) if last_text else size - 1
        if last_text and last < first:
            return None
    if first >= size:
        raise InvalidRange(RangeRequested=range_header, ActualObjectSize=size)
    return first, min(last, size - 1)


def parse_copy_source(range_header: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte to copy, both included, or None for the whole source; no part of it may lie outside.

    InvalidArgument for a header of another form and for a range that the source, of `size` bytes, does not have.
    """
    if range_header is None:
        return None
    match = _COPY_RANGE.fullmatch(range_header)
    first, last = (int(match[1]), int(match[2])) if match else (0, -1)
    if first > last:
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=range_header,
        )
    if last >= size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=range_header,
        )
    return first, last
