"""The root key: 32 random bytes in a file of its own, and the keys that follow from it.

Whoever has the file can read everything; without it nothing can be read. So it may lie in another folder than the data,
and it belongs in another backup.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fogstead.primitives.blobs import BlobsRefused
from fogstead.primitives.blobs.folders import keep_file, make_folder

KEY_BYTES: Final = 32
KEY_FILE: Final = "root.key"


class RootKey:
    """The secret that all other keys follow from; it shows itself nowhere."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a root key has {KEY_BYTES} bytes")
        self._secret = secret

    @classmethod
    def open(cls, folder: Path, random: Callable[[int], bytes] = os.urandom) -> RootKey:
        """Read the key in a folder, or make it there, once. Raises BlobsRefused with a sentence for the operator."""
        file = folder / KEY_FILE
        try:
            if not os.path.lexists(file):
                make_folder(folder)
                keep_file(file, random(KEY_BYTES))
            with file.open("rb") as kept:
                secret = kept.read(KEY_BYTES + 1)
        except OSError as error:
            raise BlobsRefused(f"The root key {file} cannot be used: {error.strerror}.") from None
        if len(secret) != KEY_BYTES:
            raise BlobsRefused(f"{file} is no root key (it has to have {KEY_BYTES} bytes): put it back from a backup.")
        return cls(secret)

    def derive(self, purpose: bytes, name: bytes = b"") -> bytes:
        """32 bytes that nobody without the root key can tell from random ones; `purpose` has at most 16 bytes.

        BLAKE2b with a key is a MAC by itself (RFC 7693), at a third of the price of HMAC-SHA256.
        """
        return blake2b(name, digest_size=KEY_BYTES, key=self._secret, person=purpose).digest()
