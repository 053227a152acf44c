"""The checksums that S3 keeps beside an object: ten algorithms, computed while the bytes pass, and put together again
from the checksums of parts.

Source: S3 User Guide, "Checking object integrity for data uploads in Amazon S3".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable

from fogstead.primitives.checksums import ALGORITHMS, DIGEST_BYTES, HEADERS, library, start
from fogstead.services.s3.service import InvalidRequest

COMPOSITE = "COMPOSITE"
FULL_OBJECT = "FULL_OBJECT"
DEFAULT = "CRC64NVME"

MEMBERS = {algorithm: f"Checksum{algorithm}" for algorithm in ALGORITHMS}

# Only a CRC of the whole can be had from the CRCs of the parts; the first type is the one S3 takes when none is asked.
_TYPES = {
    "CRC32": (COMPOSITE, FULL_OBJECT),
    "CRC32C": (COMPOSITE, FULL_OBJECT),
    "CRC64NVME": (FULL_OBJECT,),
}


def encoded(digest: bytes) -> str:
    """As headers and XML carry it: base64."""
    return base64.b64encode(digest).decode()


def decoded(algorithm: str, text: str) -> bytes:
    """The digest that a header or member carries; InvalidRequest when it is no base64 of the algorithm's length."""
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise InvalidRequest(f"Value for {HEADERS[algorithm]} header is invalid.")
    return digest


def types_of(algorithm: str) -> tuple[str, ...]:
    """The types that a multipart upload may have, the default first; other uploads always have FULL_OBJECT."""
    return _TYPES.get(algorithm, (COMPOSITE,))


def type_for(algorithm: str, asked: str | None) -> str:
    """The type of a multipart upload's checksum; InvalidRequest when the algorithm cannot do the one asked for."""
    able = types_of(algorithm)
    if asked is None:
        return able[0]
    if asked not in able:
        raise InvalidRequest(
            f"The {asked} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return asked


def combine(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The checksum of a whole from its parts' checksums and sizes in bytes, in order; the CRC family only."""
    checksums = library()
    together: Callable[[int, int, int], int] = {
        "CRC32": checksums.combine_crc32,
        "CRC32C": checksums.combine_crc32c,
        "CRC64NVME": checksums.combine_crc64nvme,
    }[algorithm]
    value = 0  # of no bytes
    for digest, size in parts:
        value = together(value, int.from_bytes(digest, "big"), size)
    return value.to_bytes(DIGEST_BYTES[algorithm], "big")


def composite(algorithm: str, digests: Iterable[bytes]) -> str:
    """The checksum of the parts' checksums, in order, with their number behind it: `base64-N`."""
    running, count = start(algorithm), 0
    for digest in digests:
        running.update(digest)
        count += 1
    return f"{encoded(running.digest())}-{count}"
