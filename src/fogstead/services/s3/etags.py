"""ETags: kept bare, shown in quotes, accepted either way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def quoted(etag: str) -> str:
    """As answers carry it."""
    return f'"{etag}"'


def unquoted(text: str) -> str:
    """The bare ETag of what a client sent, with quotes or without."""
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def of_parts(md5s: Iterable[bytes]) -> str:
    """The bare ETag of a multipart object: the MD5 of its parts' MD5s, in order, and their number."""
    together, count = hashlib.md5(usedforsecurity=False), 0
    for md5 in md5s:
        together.update(md5)
        count += 1
    return f"{together.hexdigest()}-{count}"


def matches(condition: str, etag: str, *, weakly: bool = False) -> bool:
    """Whether the value of an If-Match or If-None-Match names the bare ETag; `*` names any.

    Weakly, as If-None-Match compares (RFC 9110, 8.8.3.2), a tag that a proxy has marked `W/` is still the same.
    """
    if condition.strip() == "*":
        return True
    for piece in condition.split(","):
        tag = piece.strip()
        if tag.startswith("W/"):
            if not weakly:
                continue
            tag = tag[2:]
        if unquoted(tag) == etag:
            return True
    return False
