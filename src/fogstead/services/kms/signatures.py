"""Signatures and RSA encryption: KMS's algorithms in terms of the library's.

Source: KMS API reference, Sign, and the Developer Guide, "Key spec reference". A PSS salt is as long as the hash.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from fogstead.services.kms.specs import Spec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

RAW, DIGEST, EXTERNAL_MU = "RAW", "DIGEST", "EXTERNAL_MU"
MU_BYTES = 64

_TAKES = {
    "rsa": (RAW, DIGEST),
    "ec": (RAW, DIGEST),
    "ed25519": (RAW,),
    "ml-dsa": (RAW, EXTERNAL_MU),
}


def takes_message_type(spec: Spec, message_type: str) -> bool:
    """Whether keys of a spec sign messages that are given that way."""
    return message_type in _TAKES[spec.kind]


def message_bytes(algorithm: str, message_type: str) -> int | None:
    """How long a message that is given that way must be; None when any length will do."""
    if message_type == DIGEST:
        return int(algorithm.rpartition("_")[2]) // 8
    return MU_BYTES if message_type == EXTERNAL_MU else None


def sign(private: Any, spec: Spec, algorithm: str, message: bytes, message_type: str) -> bytes:
    """The signature."""
    signature: bytes
    if message_type == EXTERNAL_MU:
        signature = private.sign_mu(message)
    else:
        signature = private.sign(*_arguments(spec, algorithm, message, message_type))
    return signature


def is_signature(public: Any, spec: Spec, algorithm: str, message: bytes, message_type: str, signature: bytes) -> bool:
    """Whether the key's other half made it of this message."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 25 ms, not at start

    verify: Callable[..., None] = public.verify_mu if message_type == EXTERNAL_MU else public.verify
    given = (message,) if message_type == EXTERNAL_MU else _arguments(spec, algorithm, message, message_type)
    try:
        verify(signature, *given)
    except InvalidSignature:
        return False
    return True


def _arguments(spec: Spec, algorithm: str, message: bytes, message_type: str) -> tuple[Any, ...]:
    if spec.kind not in ("rsa", "ec"):
        return (message,)
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - 25 ms, not at start
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415 - 25 ms, not at start

    digest = _digest(algorithm)
    hashed: Any = Prehashed(digest) if message_type == DIGEST else digest
    if spec.kind == "ec":
        return message, ec.ECDSA(hashed)
    return message, _signature_padding(algorithm), hashed


@cache
def _digest(algorithm: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - 25 ms, not at start

    known: dict[str, type[HashAlgorithm]] = {
        "1": hashes.SHA1,
        "256": hashes.SHA256,
        "384": hashes.SHA384,
        "512": hashes.SHA512,
    }
    return known[algorithm.rpartition("_")[2]]()


@cache
def _signature_padding(algorithm: str) -> AsymmetricPadding:
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - 25 ms, not at start

    if "_PSS_" not in algorithm:
        return padding.PKCS1v15()
    digest = _digest(algorithm)
    return padding.PSS(padding.MGF1(digest), digest.digest_size)


@cache
def oaep(algorithm: str) -> AsymmetricPadding:
    """The padding of RSAES_OAEP_SHA_1 and RSAES_OAEP_SHA_256."""
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - 25 ms, not at start

    digest = _digest(algorithm)
    return padding.OAEP(padding.MGF1(digest), digest, None)


def plain_bytes_max(spec: Spec, algorithm: str) -> int:
    """How much RSA encrypts at once. Source: RFC 8017, section 7.1.1."""
    return spec.size // 8 - 2 * _digest(algorithm).digest_size - 2
