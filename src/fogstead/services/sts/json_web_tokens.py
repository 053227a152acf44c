"""Signed tokens of identity providers (RFC 7515, 7518, 7519), as far as AWS takes them: RS256 to RS512, ES256 to ES512.

What a token says is believed once one of its issuer's keys has verified it. A key is used only with the kind of
signature it is for, so no token chooses how it is verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_CURVES = {"ES256": ("P-256", 32), "ES384": ("P-384", 48), "ES512": ("P-521", 66)}
_MODULUS_BITS = range(2_048, 8_193)
_EXPONENT_MAX = 2**32


class NotAToken(Exception):
    """The text is no signed JSON Web Token."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says, and what it was signed with; nothing of it is verified."""

    algorithm: str
    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def read(text: str) -> Token:
    """The token in a text; NotAToken."""
    parts = text.split(".")
    if len(parts) != 3:
        raise NotAToken("three parts")
    header, claims = (_object(part) for part in parts[:2])
    algorithm, key_id = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS or not isinstance(key_id, str) or "crit" in header:
        raise NotAToken("header")
    return Token(str(algorithm), key_id, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), _bytes(parts[2]))


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise NotAToken("JSON") from None
    if not isinstance(found, dict):
        raise NotAToken("an object")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotAToken("base64url") from None


def keys_for(token: Token, keys: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of an issuer's keys that the token can have been signed with."""
    kind = "RSA" if token.algorithm.startswith("RS") else "EC"
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", token.algorithm) == token.algorithm
        and (not token.key_id or key.get("kid") == token.key_id)
    ]


def is_signed_by(token: Token, key: Mapping[str, Any]) -> bool:
    """Whether a key of `keys_for` verifies the token; one that is no key verifies nothing."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only for web identities, and slow

    try:
        verify = _verify_rsa if key["kty"] == "RSA" else _verify_ec
        verify(token, key)
    except (InvalidSignature, NotAToken, KeyError, TypeError, ValueError):
        return False
    return True


def _verify_rsa(token: Token, key: Mapping[str, Any]) -> None:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - see above

    _rsa_key(key).verify(token.signature, token.signed, PKCS1v15(), _hash(token.algorithm))


def _rsa_key(key: Mapping[str, Any]) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415 - see above

    modulus, exponent = _number(key["n"]), _number(key["e"])
    if modulus.bit_length() not in _MODULUS_BITS or exponent > _EXPONENT_MAX:
        raise ValueError("a key of that size is not used")
    return RSAPublicNumbers(exponent, modulus).public_key()


def _verify_ec(token: Token, key: Mapping[str, Any]) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415 - see above

    curve, size = _CURVES[token.algorithm]
    if key["crv"] != curve or len(token.signature) != 2 * size:
        raise ValueError("the key is for another algorithm")
    halves = (int.from_bytes(half, "big") for half in (token.signature[:size], token.signature[size:]))
    _ec_key(key).verify(encode_dss_signature(*halves), token.signed, ECDSA(_hash(token.algorithm)))


def _ec_key(key: Mapping[str, Any]) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    curves: dict[str, ec.EllipticCurve] = {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
    }
    point = (_number(key["x"]), _number(key["y"]))
    return ec.EllipticCurvePublicNumbers(*point, curves[key["crv"]]).public_key()


def _hash(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above

    made: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
    return made[algorithm[2:]]


def _number(text: Any) -> int:
    if not isinstance(text, str):
        raise NotAToken("a number")
    return int.from_bytes(_bytes(text), "big")
