"""Key specs: what kinds of keys there are, what each may be used for, and with which algorithms.

Source: KMS Developer Guide, "Key spec reference". Two things that AWS has are missing for want of a library that makes
them: the spec ML_KEM_512, and Ed25519 over a hash (ED25519_PH_SHA_512). SM2 exists in AWS's China Regions alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["aes", "hmac", "rsa", "ec", "ed25519", "ml-dsa", "ml-kem"]

ENCRYPT: Final = "ENCRYPT_DECRYPT"
SIGN: Final = "SIGN_VERIFY"
MAC: Final = "GENERATE_VERIFY_MAC"
AGREE: Final = "KEY_AGREEMENT"
ENCAPSULATE: Final = "ENCAPSULATE_DECAPSULATE"

SYMMETRIC: Final = "SYMMETRIC_DEFAULT"

MEMBER_OF_USAGE: Final = {
    ENCRYPT: "EncryptionAlgorithms",
    SIGN: "SigningAlgorithms",
    MAC: "MacAlgorithms",
    AGREE: "KeyAgreementAlgorithms",
    ENCAPSULATE: "EncapsulationAlgorithms",
}
"""Where metadata and public keys list the algorithms of a usage."""

_RSA_ENCRYPTION = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = tuple(
    f"RSASSA_{padding}_SHA_{bits}" for padding in ("PKCS1_V1_5", "PSS") for bits in ("256", "384", "512")
)


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of key; `size` is in bits where the kind has several sizes, `usages` go with their algorithms."""

    name: str
    kind: Kind
    size: int
    usages: dict[str, tuple[str, ...]]

    @property
    def is_pair(self) -> bool:
        """Whether it has a public half."""
        return self.kind not in ("aes", "hmac")

    @property
    def is_slow_to_make(self) -> bool:
        """Whether making one takes so long (50 ms to 3 s) that nobody may be kept waiting for it."""
        return self.kind == "rsa"

    @property
    def is_slow_to_use(self) -> bool:
        """Whether the private key takes milliseconds; RSA_2048 takes 0.7, the curves and lattices less."""
        return self.kind == "rsa" and self.size > 2048


def _rsa(size: int) -> Spec:
    return Spec(f"RSA_{size}", "rsa", size, {ENCRYPT: _RSA_ENCRYPTION, SIGN: _RSA_SIGNING})


def _nist(size: int, digest: int) -> Spec:
    return Spec(f"ECC_NIST_P{size}", "ec", size, {SIGN: (f"ECDSA_SHA_{digest}",), AGREE: ("ECDH",)})


def _hmac(size: int) -> Spec:
    return Spec(f"HMAC_{size}", "hmac", size, {MAC: (f"HMAC_SHA_{size}",)})


_SPECS = (
    Spec(SYMMETRIC, "aes", 256, {ENCRYPT: (SYMMETRIC,)}),
    *(_rsa(size) for size in (2048, 3072, 4096)),
    *(_nist(size, digest) for size, digest in ((256, 256), (384, 384), (521, 512))),
    Spec("ECC_SECG_P256K1", "ec", 256, {SIGN: ("ECDSA_SHA_256",)}),
    Spec("ECC_NIST_EDWARDS25519", "ed25519", 256, {SIGN: ("ED25519_SHA_512",)}),
    *(_hmac(size) for size in (224, 256, 384, 512)),
    *(Spec(f"ML_DSA_{size}", "ml-dsa", size, {SIGN: ("ML_DSA_SHAKE_256",)}) for size in (44, 65, 87)),
    *(Spec(f"ML_KEM_{size}", "ml-kem", size, {ENCAPSULATE: ("ML_KEM",)}) for size in (768, 1024)),
)
SPECS: Final = {spec.name: spec for spec in _SPECS}

_SIZES_OF_HMAC = {224: (28, 64), 256: (32, 64), 384: (48, 128), 512: (64, 128)}


def secret_bytes(spec: Spec) -> int:
    """How many bytes a new secret of a symmetric spec has."""
    return spec.size // 8


def takes_secret(spec: Spec, size: int) -> bool:
    """Whether an imported secret may have this many bytes. Source: "Requirements for imported key material"."""
    low, high = _SIZES_OF_HMAC[spec.size] if spec.kind == "hmac" else (32, 32)
    return low <= size <= high
