"""AES-256-GCM, loaded when something is first sealed: it costs 25 ms, which a start has not to spare."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@cache
def aes_gcm() -> type[AESGCM]:
    """The cipher; made with a key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - 25 ms, not at start

    return AESGCM


@cache
def invalid_tag() -> type[Exception]:
    """What it raises when the bytes are not what was sealed."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - 25 ms, not at start

    return InvalidTag
