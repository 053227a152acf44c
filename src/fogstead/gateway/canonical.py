"""Paths, queries and headers in the one form that both sides of a signature agree on.

Source: IAM User Guide, "Create a signed AWS API request"; for S3, "Authenticating requests".
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes


def as_sent(value: str) -> str:
    """A header's value with the bytes that came, which senders take for UTF-8."""
    return value.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def canonical_path(path: str, *, s3_paths: bool, slashes: str = "/") -> str:
    """The path as it is signed; without `slashes` S3's keeps those that are encoded."""
    if path == "/":
        return path
    if s3_paths:
        if slashes:
            return quote(unquote_to_bytes(path), safe="/~")
        return "/".join([_encoded(part) for part in path.split("/")])
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
