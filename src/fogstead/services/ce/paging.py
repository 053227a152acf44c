"""Pages of reports. The models of Cost Explorer have no paginators, so their tokens are made here.

A token says where the next page begins and of which request it is; it tells nothing that its holder could not read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from fogstead.services.ce.service import InvalidNextToken, RequestChanged

T = TypeVar("T")
_DIGEST_BYTES: Final = 16
_in_order: Final = msgspec.msgpack.Encoder(order="deterministic").encode


def page(entries: Sequence[T], given: Mapping[str, Any], size: int) -> tuple[Sequence[T], dict[str, str]]:
    """The entries of the page that is asked for, and the member that leads on to the next one."""
    request = {name: value for name, value in given.items() if name not in {"NextPageToken", "MaxResults"}}
    digest = hashlib.sha256(_in_order(request)).digest()[:_DIGEST_BYTES]
    start = _opened(given["NextPageToken"], digest) if given.get("NextPageToken") else 0
    end = start + size
    if end >= len(entries):
        return entries[start:], {}
    return entries[start:end], {"NextPageToken": base64.b64encode(digest + end.to_bytes(4, "big")).decode("ascii")}


def _opened(token: str, digest: bytes) -> int:
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidNextToken from None
    if len(raw) != _DIGEST_BYTES + 4:
        raise InvalidNextToken
    if raw[:_DIGEST_BYTES] != digest:
        raise RequestChanged
    return int.from_bytes(raw[_DIGEST_BYTES:], "big")
