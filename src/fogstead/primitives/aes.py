"""AES-256-GCM, loaded when something is first sealed: it costs 25 ms, which a start has not to spare."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
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


def bound(key: bytes, secret: bytes) -> bytes:
    """The key that a key of 32 bytes and a secret of up to 64 make together: neither opens anything alone.

    Without a secret it is the key as it was.
    """
    return blake2b(key, digest_size=32, key=secret, person=b"fogstead bound").digest() if secret else key
