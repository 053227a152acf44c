"""Temporary credentials. Their token holds all there is to know of them, sealed, so minting one keeps no row.

A token is base64 of what the vault makes of the packed principal, deflated, and perhaps zeros behind it: the size of a
token can be asked for, so that programs can be tried with long ones.

What a session may is looked up each time, by its role or user; so when that is gone, or its policies change, all of its
sessions feel it at once.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import zlib
from collections.abc import Callable

import msgspec

from fogstead.kernel.access_keys import new_access_key, new_secret
from fogstead.kernel.identity import Credential, Principal
from fogstead.primitives.vault import NotSealedHere, Vault

_PURPOSE = "session"
TOKEN_CHARACTERS_MAX = 32 * 1024
_PACKED_BYTES_MAX = 256 * 1024


class _Token(msgspec.Struct, frozen=True, array_like=True):
    secret: str
    principal: Principal


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Token)


def mint(vault: Vault, principal: Principal, random: Callable[[int], bytes], *, characters_min: int = 0) -> Credential:
    """Credentials for a principal with a session; their token is at least so long."""
    assert principal.session is not None
    access_key = new_access_key("ASIA", principal.account, random)
    secret = new_secret(random)
    held = dataclasses.replace(principal, access_key=access_key)
    packed = zlib.compress(_encoder.encode(_Token(secret, held)))
    token = _sealed(vault, access_key, packed)
    if len(token) < characters_min:
        fours = -(-(characters_min - len(token)) // 4)
        token = _sealed(vault, access_key, packed + bytes(3 * fours))
    return Credential(access_key, secret, held, token)


def _sealed(vault: Vault, access_key: str, packed: bytes) -> str:
    return base64.b64encode(vault.seal(_PURPOSE, packed, access_key.encode("ascii"))).decode("ascii")


def open_token(vault: Vault, access_key: str, token: str) -> Credential | None:
    """The credentials a token stands for; None when it is not one of this cloud's, or another key's."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        return None
    try:
        sealed = base64.b64decode(token, validate=True)
        packed = vault.open(_PURPOSE, sealed, access_key.encode("utf-8"))
        opened = _decoder.decode(zlib.decompressobj().decompress(packed, _PACKED_BYTES_MAX))
    except (binascii.Error, ValueError, NotSealedHere, zlib.error, msgspec.DecodeError):
        return None
    return Credential(access_key, opened.secret, opened.principal, token)
