"""Keys that customers bring with each request (SSE-C): read, checked, and known again.

Nothing is kept of a key but an HMAC of it under a random salt, which tells a later request whether it brings the same.
Sources: S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)" and "Specifying server-side
encryption with customer-provided keys"; API reference, "Error responses". The guide has S3 reject keys that come over
plain HTTP. Here a program on this machine may send one so, since nothing leaves the machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.invocation import Origin
from fogstead.services.s3.service import InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest

MEMBERS: Final = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
SOURCE: Final = "CopySource"
"""In front of the members that are about the source of a copy."""
ALGORITHM: Final = "AES256"
KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
_HEADER = "x-amz-server-side-encryption-customer-"
_REQUESTS = "Requests specifying Server Side Encryption with Customer provided keys must "


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """A key as a request brought it."""

    secret: bytes = field(repr=False)
    md5: str = field(repr=False)

    def proof(self, salt: bytes) -> bytes:
        """What is kept to know it again."""
        return hmac.digest(salt, self.secret, "sha256")


def is_given(given: Mapping[str, Any], prefix: str = "") -> bool:
    """Whether a request brings a key, or a part of what belongs to one."""
    return any(given.get(prefix + member) is not None for member in MEMBERS)


def read(origin: Origin, given: Mapping[str, Any], prefix: str = "") -> CustomerKey | None:
    """The key that a request brings, if it does; every fault of it is refused."""
    algorithm, text, md5 = (given.get(prefix + member) for member in MEMBERS)
    if algorithm is None and text is None and md5 is None:
        return None
    if not (origin.secure or _is_loopback(origin.source_ip)):
        raise InvalidRequest(f"{_REQUESTS}be made over a secure connection.")
    if algorithm is None:
        raise _missing("provide a valid encryption algorithm.", "algorithm")
    if algorithm != ALGORITHM:
        raise InvalidEncryptionAlgorithmError(ArgumentName=f"{_HEADER}algorithm", ArgumentValue=algorithm)
    if text is None:
        raise _missing("provide an appropriate secret key.", "key")
    if md5 is None:
        raise _missing("provide the client calculated MD5 of the secret key.", "key-MD5")
    secret = _decoded(text)
    if len(secret) != KEY_BYTES:
        raise InvalidArgument("The secret key was invalid for the specified algorithm.", ArgumentName=f"{_HEADER}key")
    if not hmac.compare_digest(_decoded(md5), hashlib.md5(secret, usedforsecurity=False).digest()):
        raise InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            ArgumentName=f"{_HEADER}key-MD5",
        )
    return CustomerKey(secret, md5)


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _missing(rest: str, header: str) -> ServiceError:
    return InvalidArgument(_REQUESTS + rest, ArgumentName=_HEADER + header, ArgumentValue="null")
