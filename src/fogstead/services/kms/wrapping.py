"""Key material on its way in: unwrapped with the private half of the wrapping key that was given out.

Source: KMS Developer Guide, "Encrypt the key material". RSA_AES algorithms put an AES key under RSA, and the material
under that key (RFC 5649); what is one and what is the other follows from the RSA key's length.
"""

from __future__ import annotations

from typing import Any

from fogstead.services.kms.signatures import oaep

_AES_BYTES = (16, 24, 32)


class NotWrapped(ValueError):
    """The bytes were not wrapped for this key."""


def unwrap(private: Any, algorithm: str, wrapped: bytes) -> bytes:
    """The material. NotWrapped when it cannot be had."""
    from cryptography.hazmat.primitives.keywrap import (  # noqa: PLC0415 - 25 ms, not at start
        InvalidUnwrap,
        aes_key_unwrap_with_padding,
    )

    try:
        if algorithm.startswith("RSAES_"):
            plain: bytes = private.decrypt(wrapped, oaep(algorithm))
            return plain
        size = private.key_size // 8
        key = private.decrypt(wrapped[:size], oaep(algorithm))
        if len(key) not in _AES_BYTES:
            raise NotWrapped
        return aes_key_unwrap_with_padding(key, wrapped[size:])
    except (ValueError, InvalidUnwrap):
        raise NotWrapped from None
