"""Certificates and keys in PEM, made for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ENDS = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def body(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def private_key(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@lru_cache
def pair(name: str, issuer: str = "") -> Pair:
    """The certificate of a name, signed by the issuer's or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = pair(issuer) if issuer else None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ENDS)
    )
    return Pair(builder.sign(signer.key if signer else key, SHA256()), key)
