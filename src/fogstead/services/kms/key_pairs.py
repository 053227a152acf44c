"""Key pairs of all asymmetric specs: made, written as DER, read again.

Private keys are PKCS #8 PrivateKeyInfo, public ones X.509 SubjectPublicKeyInfo, as KMS gives them out. Making RSA pairs
takes from 50 ms to seconds; all others take less than one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fogstead.services.kms.specs import Spec

if TYPE_CHECKING:
    from collections.abc import Callable

_EXPONENT = 65537
_CURVES = {
    "ECC_NIST_P256": "SECP256R1",
    "ECC_NIST_P384": "SECP384R1",
    "ECC_NIST_P521": "SECP521R1",
    "ECC_SECG_P256K1": "SECP256K1",
}


class NotThisKind(ValueError):
    """The bytes are no private key of the spec that was asked for."""


@cache
def _generators() -> dict[str, Callable[[Spec], Any]]:
    from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415 - 25 ms, not at start
        ec,
        ed25519,
        mldsa,
        mlkem,
        rsa,
    )

    lattice_signers: dict[int, Any] = {
        44: mldsa.MLDSA44PrivateKey,
        65: mldsa.MLDSA65PrivateKey,
        87: mldsa.MLDSA87PrivateKey,
    }
    encapsulators: dict[int, Any] = {768: mlkem.MLKEM768PrivateKey, 1024: mlkem.MLKEM1024PrivateKey}
    return {
        "rsa": lambda spec: rsa.generate_private_key(_EXPONENT, spec.size),
        "ec": lambda spec: ec.generate_private_key(getattr(ec, _CURVES[spec.name])()),
        "ed25519": lambda _spec: ed25519.Ed25519PrivateKey.generate(),
        "ml-dsa": lambda spec: lattice_signers[spec.size].generate(),
        "ml-kem": lambda spec: encapsulators[spec.size].generate(),
    }


def generate(spec: Spec) -> bytes:
    """A new private key."""
    return private_der(_generators()[spec.kind](spec))


def private_der(key: Any) -> bytes:
    """PKCS #8; lattice keys as their seed."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - 25 ms, not at start
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    written: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return written


def public_der(key: Any) -> bytes:
    """SubjectPublicKeyInfo of a private key's public half."""
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - 25 ms, not at start
        Encoding,
        PublicFormat,
    )

    written: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return written


def load_private(der: bytes) -> Any:
    """A private key that was made here; it is not checked again, which saves RSA keys 10 ms."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415 - 25 ms, not at start

    return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


def load_public(der: bytes) -> Any:
    """A public key; ValueError when the bytes are none."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 25 ms, not at start
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415 - 25 ms, not at start

    try:
        return load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def checked_private(der: bytes, spec: Spec) -> bytes:
    """Somebody else's private key in our own writing. NotThisKind when it is none, is broken, or of another spec."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 25 ms, not at start
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415 - 25 ms, not at start

    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotThisKind from None
    if spec_name_of(key) != spec.name:
        raise NotThisKind
    return private_der(key)


def spec_name_of(key: Any) -> str:
    """The spec of a key, private or public; empty for kinds that KMS has not."""
    name = type(key).__name__
    if name.startswith("RSA"):
        return f"RSA_{key.key_size}" if _exponent(key) == _EXPONENT else ""
    if name.startswith("Ed25519"):
        return "ECC_NIST_EDWARDS25519"
    if name.startswith("MLDSA"):
        return f"ML_DSA_{name[5:7]}"
    if name.startswith("MLKEM"):
        return f"ML_KEM_{name.removeprefix('MLKEM').partition('P')[0]}"
    curve = getattr(getattr(key, "curve", None), "name", "")
    return next((spec for spec, known in _CURVES.items() if known.lower() == curve), "")


def _exponent(key: Any) -> int:
    public = key.public_key() if hasattr(key, "public_key") else key
    return int(public.public_numbers().e)
