"""A certificate of our own for TLS, made at the first handshake and kept in the data directory."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

_DAYS = 825
_RENEW_DAYS = 30


class OwnCertificate:
    """One self-signed certificate for the cloud's own names; clients trust it by the file `ca.pem`."""

    def __init__(self, folder: Path, names: Sequence[str], *, now: datetime | None = None) -> None:
        self._folder = folder
        self._names = names
        self._now = now
        self._context: ssl.SSLContext | None = None

    @property
    def file(self) -> Path:
        """What clients may be told to trust."""
        return self._folder / "ca.pem"

    def context(self) -> ssl.SSLContext:
        """The server's side of TLS 1.2 and 1.3."""
        if self._context is None:
            key = self._folder / "key.pem"
            if not key.exists() or not self.file.exists() or self._is_old():
                self._make(key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["http/1.1"])
            context.load_cert_chain(self.file, key)
            self._context = context
        return self._context

    def _is_old(self) -> bool:
        from cryptography import x509  # noqa: PLC0415 - loaded by the first handshake, not at start

        known = x509.load_pem_x509_certificate(self.file.read_bytes())
        return known.not_valid_after_utc < self._moment() + timedelta(days=_RENEW_DAYS)

    def _moment(self) -> datetime:
        return self._now or datetime.now(UTC)

    def _make(self, key_file: Path) -> None:
        from cryptography import x509  # noqa: PLC0415 - loaded by the first handshake, not at start
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Fogstead")])
        now = self._moment()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=_DAYS))
            .add_extension(x509.SubjectAlternativeName(_general_names(self._names)), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            .sign(key, hashes.SHA256())
        )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_names(names: Sequence[str]) -> list[GeneralName]:
    from cryptography import x509  # noqa: PLC0415 - loaded by the first handshake, not at start

    return [x509.IPAddress(ip_address(name)) if _is_address(name) else x509.DNSName(name) for name in names]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
