"""Lists in pages.

A token is opaque, signed, and good only for the operation, parameters, account and Region it is of.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from fogstead.kernel.errors import InvalidParameterValue, ServiceError
from fogstead.kernel.invocation import Invocation
from fogstead.model.service import Pagination
from fogstead.primitives.store import Key

_SEAL_BYTES = 16
_encode_in_order = msgspec.msgpack.Encoder(order="deterministic").encode


class Page(NamedTuple):
    """What a list operation answers with; the pipeline gives it the model's names."""

    items: list[Any]
    token: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a page starts and how long it is."""

    after: Key | None
    size: int
    _binding: bytes
    _key: bytes

    @classmethod
    def of(
        cls,
        invocation: Invocation,
        key: bytes,
        unbound: Sequence[str] = (),
        *,
        size_default: int,
        size_max: int,
        size_min: int = 1,
    ) -> Cut:
        """From the call's own token and limit."""
        pagination = _pagination(invocation)
        given = invocation.input
        asked = given.get(pagination.limit_key or "")
        size = min(int(asked) if asked or (asked == 0 and not size_min) else size_default, size_max)
        if size < size_min:
            raise InvalidParameterValue(f"{pagination.limit_key} must be at least {size_min}.")
        binding = _binding(invocation, {pagination.input_token, pagination.limit_key, *unbound})
        token = given.get(pagination.input_token)
        return cls(
            _open(str(token), binding, key, invocation.operation.service.page_token_error) if token else None,
            size,
            binding,
            key,
        )

    def token(self, last: Key) -> str:
        """The token of the page after this one."""
        return base64.urlsafe_b64encode(_seal(last, self._binding, self._key) + last).decode("ascii")


def _pagination(invocation: Invocation) -> Pagination:
    pagination = invocation.operation.model.pagination
    assert pagination is not None, "checked when the operation was declared"
    return pagination


def _binding(invocation: Invocation, unbound: set[str | None]) -> bytes:
    """Everything a token is bound to, as bytes."""
    given = {name: value for name, value in sorted(invocation.input.items()) if name not in unbound}
    operation, home = invocation.operation, invocation.home
    where = [operation.service.name, operation.name, home.account, home.region]
    return hashlib.sha256(_encode_in_order([where, given])).digest()


def _seal(last: Key, binding: bytes, key: bytes) -> bytes:
    return hmac.digest(key, binding + last, "sha256")[:_SEAL_BYTES]


def _open(token: str, binding: bytes, key: bytes, refused: type[ServiceError]) -> Key:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refused from None
    seal, last = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(last, binding, key)):
        raise refused
    return last


def as_result(page: Page, invocation: Invocation) -> dict[str, Any]:
    """The page under the names the model gives its parts."""
    pagination = _pagination(invocation)
    result: dict[str, Any] = {pagination.result_key: page.items}
    if page.token is not None:
        result[pagination.output_token] = page.token
    if pagination.more_results:
        result[pagination.more_results] = page.token is not None
    return result
