"""X.509 certificates and keys in PEM, as people upload them: read, compared, chained. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CHAIN_MAX = 10
"""Certificates in a chain; more than this is a mistake or mischief."""


class NotReadable(ValueError):
    """It is no certificate or key in PEM."""


def read_certificate(text: str) -> Certificate:
    """The one certificate in a text; NotReadable when there is none, or there are several."""
    found = read_chain(text)
    if len(found) != 1:
        raise NotReadable(text[:0])
    return found[0]


def read_chain(text: str) -> Sequence[Certificate]:
    """All certificates in a text, in order."""
    from cryptography import x509  # noqa: PLC0415 - slow, and seldom needed

    try:
        found = x509.load_pem_x509_certificates(text.encode("latin-1"))
    except ValueError:
        raise NotReadable from None
    if len(found) > CHAIN_MAX:
        raise NotReadable
    return found


def first_out_of_order(certificate: Certificate, chain: Sequence[Certificate]) -> int | None:
    """The place in a chain of the first certificate that did not sign the one before it; None when all did."""
    signed = certificate
    for index, issuer in enumerate(chain):
        if not _signed_by(signed, issuer):
            return index
        signed = issuer
    return None


def belongs_to(certificate: Certificate, private_key: str) -> bool:
    """Whether a key in PEM without a pass phrase is the certificate's own; NotReadable when it is no such key."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(private_key.encode("latin-1"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotReadable from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form)


def fingerprint(certificate: Certificate) -> bytes:
    """By which two certificates are known to be the same."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above

    return certificate.fingerprint(SHA256())


def expires_at(certificate: Certificate) -> int:
    """When it ends, in milliseconds."""
    return int(certificate.not_valid_after_utc.timestamp()) * 1000


def _signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
