"""Secrets at rest: small things sealed under keys that follow from the cloud's root key.

A sealed thing is a version byte, a nonce of 12 random bytes, and AES-256-GCM under a key of its own, which follows from
the purpose and from what the thing is `about`: whose it is, where it stands. So no sealed thing passes for another.
With a secret of up to 64 bytes, which is kept nowhere, only the same secret opens it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from fogstead.primitives.aes import aes_gcm, bound, invalid_tag

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12

Derive = Callable[[bytes, bytes], bytes]


class NotSealedHere(Exception):
    """The bytes were not sealed with this root key and secret, for this purpose, about this."""


class Vault:
    """Seals and opens. A purpose is a name in the code, of at most 16 letters."""

    __slots__ = ("_derive", "_random")

    def __init__(self, derive: Derive, random: Callable[[int], bytes] = os.urandom) -> None:
        self._derive = derive
        self._random = random

    def seal(self, purpose: str, plain: bytes, about: bytes = b"", secret: bytes = b"") -> bytes:
        """The thing in a form that only `open` reads, with the same purpose, `about` and secret."""
        nonce = self._random(_NONCE_BYTES)
        cipher = aes_gcm()(bound(self._derive(purpose.encode("ascii"), about), secret))
        return _VERSION + nonce + cipher.encrypt(nonce, plain, _VERSION)

    def open(self, purpose: str, sealed: bytes, about: bytes = b"", secret: bytes = b"") -> bytes:
        """What was sealed; NotSealedHere when it was not, or was changed."""
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(nonce) != _NONCE_BYTES:
            raise NotSealedHere(purpose)
        try:
            cipher = aes_gcm()(bound(self._derive(purpose.encode("ascii"), about), secret))
            return cipher.decrypt(nonce, rest, _VERSION)
        except invalid_tag():
            raise NotSealedHere(purpose) from None


def forgetful() -> Vault:
    """A vault whose root key nobody keeps, for clouds that keep nothing."""
    secret = os.urandom(32)
    return Vault(lambda purpose, about: blake2b(about, digest_size=32, key=secret, person=purpose).digest())
