"""Checksums computed while bytes pass: the algorithms that AWS's models know, by hashlib, zlib and AWS's library."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any, Protocol

Bytes = bytes | bytearray | memoryview

DIGEST_BYTES = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
ALGORITHMS = tuple(DIGEST_BYTES)
HEADERS = {algorithm: f"x-amz-checksum-{algorithm.lower()}" for algorithm in ALGORITHMS}


def library() -> Any:
    """AWS's own implementation; untyped, and 50 ms to import, for what only some uploads ask."""
    from awscrt import checksums  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    return checksums


class Running(Protocol):
    """A checksum that is being computed."""

    def update(self, data: Bytes, /) -> None:
        """Take in the next bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far, the most significant byte first; more bytes may follow."""


class _Crc:
    """A cyclic redundancy check, by the function that continues one."""

    def __init__(self, continued: Callable[[Bytes, int], int], size: int) -> None:
        self._continued = continued
        self._size = size
        self._value = 0

    def update(self, data: Bytes, /) -> None:
        self._value = self._continued(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _XXHash:
    """One of the XXHash family, seed 0.

    S3's documents do not say the order of the bytes. It is XXHash's canonical one, big end first, as the library
    behind AWS's own SDKs puts it into the header.
    """

    def __init__(self, algorithm: str) -> None:
        family = library().XXHash
        makers = {
            "XXHASH64": family.new_xxhash64,
            "XXHASH3": family.new_xxhash3_64,
            "XXHASH128": family.new_xxhash3_128,
        }
        self._state = makers[algorithm]()

    def update(self, data: Bytes, /) -> None:
        self._state.update(bytes(data))  # the library takes no writable buffers; bytes stay as they are

    def digest(self) -> bytes:
        return bytes(self._state.finalize())


def start(algorithm: str) -> Running:
    """A checksum of no bytes yet. `algorithm` is one of ALGORITHMS."""
    if algorithm.startswith("XXHASH"):
        return _XXHash(algorithm)
    if not algorithm.startswith("CRC"):
        return hashlib.new(algorithm.lower(), usedforsecurity=False)
    return _Crc(_continued(algorithm), DIGEST_BYTES[algorithm])


def _continued(algorithm: str) -> Callable[[Bytes, int], int]:
    """The function from more bytes and the value so far to the value."""
    if algorithm == "CRC32":
        return zlib.crc32  # as fast as awscrt's, and other threads run meanwhile
    checksums = library()
    found: Callable[[Bytes, int], int] = checksums.crc32c if algorithm == "CRC32C" else checksums.crc64nvme
    return found
