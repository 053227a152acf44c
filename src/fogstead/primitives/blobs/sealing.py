"""The form of a blob on the disk: a header, then chunks that are sealed one by one.

    header   16 bytes: FGSB, format number, cipher, plain bytes per chunk, four zero bytes
    chunk    up to 256 KiB of AES-256-GCM, then its tag of 16 bytes; only the last one is shorter

Each blob has a key of its own, which follows from the root key and the blob's name, and from a secret where the writer
gave one. A name is random and used once, so
the number of a chunk can be its nonce. The number, and whether the chunk is the last one, are authenticated with it:
chunks that were swapped, dropped, appended or taken from another blob do not open.
"""

from __future__ import annotations

import struct
from typing import Final, Protocol

from fogstead.primitives.aes import aes_gcm, bound, invalid_tag
from fogstead.primitives.blobs import CHUNK_BYTES, BlobLost
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.ids import Ids

FORMAT: Final = 1
TAG_BYTES: Final = 16
NONCE_BYTES: Final = 12
_MAGIC = b"FGSB"
_HEADER = struct.Struct(">4sHHI4x")
HEADER_BYTES: Final = _HEADER.size
_PLAIN, _AES_256_GCM = 0, 1
_INLINE_PLAIN, _INLINE_SEALED = b"\x00", b"\x01"


class Damaged(Exception):
    """These bytes are not what was written."""


class NewerForm(Exception):
    """A newer program wrote this."""


class Chunks(Protocol):
    """Seals and opens the chunks of one blob, in any order."""

    def seal_into(self, number: int, plain: memoryview, room: memoryview, *, last: bool) -> int:
        """Write the sealed chunk at the front of `room`; gives its length."""

    def open(self, number: int, sealed: memoryview, *, last: bool) -> bytes:
        """The plain bytes. Raises Damaged."""


class Form(Protocol):
    """What stands on the disk for plain bytes."""

    @property
    def header(self) -> bytes: ...
    @property
    def tag_bytes(self) -> int: ...
    @property
    def key_check(self) -> bytes:
        """What tells that a zone belongs to this root key, without telling anything of it."""

    def chunks_of(self, blob: str, secret: bytes) -> Chunks: ...
    def seal(self, name: bytes, data: bytes, secret: bytes) -> bytes: ...
    def unseal(self, name: bytes, sealed: bytes, secret: bytes) -> bytes: ...


def file_bytes(form: Form, size: int) -> int:
    """How long the file of a blob of `size` plain bytes is."""
    return HEADER_BYTES + size + form.tag_bytes * chunk_count(size)


def chunk_count(size: int) -> int:
    """An empty blob has one empty chunk."""
    return max(1, -(-size // CHUNK_BYTES))


def chunk_offset(form: Form, number: int) -> int:
    """Where in the file a chunk begins."""
    return HEADER_BYTES + number * (CHUNK_BYTES + form.tag_bytes)


def check_header(form: Form, header: bytes) -> None:
    """Raises Damaged or NewerForm."""
    if header == form.header:
        return
    if len(header) == HEADER_BYTES:
        magic, number, _cipher, _chunk_bytes = _HEADER.unpack(header)
        if magic == _MAGIC and number > FORMAT:
            raise NewerForm(f"a newer fogstead wrote them (format {number}), upgrade first")
    raise Damaged


class SealedForm:
    """AES-256-GCM: what is on the disk tells nothing but its length to whoever lacks the root key."""

    header: Final = _HEADER.pack(_MAGIC, FORMAT, _AES_256_GCM, CHUNK_BYTES)
    tag_bytes: Final = TAG_BYTES

    def __init__(self, root: RootKey, ids: Ids) -> None:
        self._root = root
        self._ids = ids
        self.key_check = root.derive(b"fogstead check")[:16].hex().encode("ascii")

    def chunks_of(self, blob: str, secret: bytes) -> SealedChunks:
        return SealedChunks(bound(self._root.derive(b"fogstead blob 1", bytes.fromhex(blob)), secret))

    def seal(self, name: bytes, data: bytes, secret: bytes) -> bytes:
        """A key for each name, and a random nonce.

        Random nonces under a single key would be safe for 2**32 objects only, which a busy cloud writes in weeks; keys
        by name alone would lay two texts open if a name were ever used twice. Both together cost 4 us and ask nothing
        of the caller.
        """
        nonce = self._ids.take(NONCE_BYTES)
        key = aes_gcm()(bound(self._root.derive(b"fogstead inline", name), secret))
        return _INLINE_SEALED + nonce + key.encrypt(nonce, data, _INLINE_SEALED)

    def unseal(self, name: bytes, sealed: bytes, secret: bytes) -> bytes:
        if sealed[:1] != _INLINE_SEALED or len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
            raise BlobLost("The bytes are not what was written.")
        nonce = sealed[1 : 1 + NONCE_BYTES]
        key = aes_gcm()(bound(self._root.derive(b"fogstead inline", name), secret))
        try:
            return key.decrypt(nonce, memoryview(sealed)[1 + NONCE_BYTES :], _INLINE_SEALED)
        except invalid_tag():
            raise BlobLost("The bytes are not what was written.") from None


class SealedChunks:
    """Chunks under the key of one blob."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = aes_gcm()(key)

    def seal_into(self, number: int, plain: memoryview, room: memoryview, *, last: bool) -> int:
        size = len(plain) + TAG_BYTES
        self._key.encrypt_into(_nonce(number), plain, _place(number, last), room[:size])
        return size

    def open(self, number: int, sealed: memoryview, *, last: bool) -> bytes:
        try:
            return self._key.decrypt(_nonce(number), sealed, _place(number, last))
        except invalid_tag():
            raise Damaged from None


class PlainForm:
    """Nothing is sealed: for measuring what sealing costs, and for nothing else."""

    header: Final = _HEADER.pack(_MAGIC, FORMAT, _PLAIN, CHUNK_BYTES)
    tag_bytes: Final = 0
    key_check: Final = b"plain"

    def chunks_of(self, blob: str, secret: bytes) -> PlainChunks:
        return PlainChunks()

    def seal(self, name: bytes, data: bytes, secret: bytes) -> bytes:
        return _INLINE_PLAIN + data

    def unseal(self, name: bytes, sealed: bytes, secret: bytes) -> bytes:
        if sealed[:1] != _INLINE_PLAIN:
            raise BlobLost("The bytes are not what was written.")
        return sealed[1:]


class PlainChunks:
    """Chunks as they are."""

    __slots__ = ()

    def seal_into(self, number: int, plain: memoryview, room: memoryview, *, last: bool) -> int:
        room[: len(plain)] = plain
        return len(plain)

    def open(self, number: int, sealed: memoryview, *, last: bool) -> bytes:
        return bytes(sealed)


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


def _place(number: int, last: bool) -> bytes:
    return number.to_bytes(8, "big") + (b"\x01" if last else b"\x00")
