"""An OpenID Connect provider on loopback: its keys over HTTPS, and tokens that it signs."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tls_server import TlsServer

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: dict[str, tuple[str, ec.EllipticCurve, int]] = {
    "ES256": ("P-256", ec.SECP256R1(), 32),
    "ES384": ("P-384", ec.SECP384R1(), 48),
    "ES512": ("P-521", ec.SECP521R1(), 66),
}
_RSA = rsa.generate_private_key(65537, 2048)


def encoded(data: bytes | dict[str, Any]) -> str:
    """base64url without padding, of JSON where it is an object."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class SigningKey:
    """A key that signs tokens with one algorithm."""

    def __init__(self, algorithm: str = "RS256", key_id: str = "one") -> None:
        self.algorithm = algorithm
        self.key_id = key_id
        self._key: Any = _RSA if algorithm.startswith("RS") else ec.generate_private_key(_CURVES[algorithm][1])

    @property
    def public(self) -> dict[str, Any]:
        """As a provider publishes it."""
        numbers = self._key.public_key().public_numbers()
        about = {"kid": self.key_id, "alg": self.algorithm, "use": "sig"}
        if self.algorithm.startswith("RS"):
            return {**about, "kty": "RSA", "n": encoded(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
        curve, _, size = _CURVES[self.algorithm]
        point = {name: encoded(getattr(numbers, name).to_bytes(size, "big")) for name in ("x", "y")}
        return {**about, "kty": "EC", "crv": curve, **point}

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """A signed token."""
        head = {"alg": self.algorithm, "kid": self.key_id, **header}
        signed = f"{encoded(head)}.{encoded(claims)}"
        return f"{signed}.{encoded(self._sign(signed.encode('ascii')))}"

    def _sign(self, data: bytes) -> bytes:
        digest = _HASHES[self.algorithm[2:]]
        if self.algorithm.startswith("RS"):
            return bytes(self._key.sign(data, padding.PKCS1v15(), digest))
        size = _CURVES[self.algorithm][2]
        return b"".join(
            half.to_bytes(size, "big") for half in decode_dss_signature(self._key.sign(data, ec.ECDSA(digest)))
        )


class Provider:
    """A provider with a server of its own."""

    def __init__(self, server: TlsServer, *keys: SigningKey) -> None:
        self.server = server
        self.url = server.url
        self.name = server.host
        self.keys = list(keys or (SigningKey(),))
        self.publish()

    def publish(self) -> None:
        """Serve the keys that there are now."""
        told = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.server.pages["/.well-known/openid-configuration"] = json.dumps(told).encode()
        self.server.pages["/keys"] = json.dumps({"keys": [key.public for key in self.keys]}).encode()

    def token(self, **claims: Any) -> str:
        """A token for the client `app`, good for ten minutes, with these claims besides; None takes one away."""
        return self.keys[0].token(self.claims(**claims))

    def claims(self, **claims: Any) -> dict[str, Any]:
        """What such a token says."""
        now = int(time.time())
        made = {"iss": self.url, "aud": "app", "sub": "user-4711", "iat": now, "exp": now + 600, **claims}
        return {name: value for name, value in made.items() if value is not None}
