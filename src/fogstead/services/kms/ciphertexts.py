"""What symmetric encryption gives out: a blob that says which key and which of its materials open it.

    version      1 byte
    account      6 bytes, the twelve digits as a number
    key id       1 byte for its kind (plain or multi-Region), 16 bytes
    material id  32 bytes
    salt         16 random bytes
    nonce        12 random bytes
    sealed       AES-256-GCM, then its tag of 16 bytes

Each blob has a key of its own, HMAC-SHA-256 of its salt under the material, so nonces never run short. What stands in
front, and the encryption context, are authenticated with it. The Region is not said: a multi-Region key opens in each
of its Regions.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fogstead.primitives.aes import aes_gcm, invalid_tag

_VERSION: Final = 1
_HEAD = struct.Struct(">B6sB16s32s")
_SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 16, 12, 16
_FRONT_BYTES = _HEAD.size + _SALT_BYTES + _NONCE_BYTES
_PLAIN_ID, _MULTI_REGION_ID = 0, 1
_MULTI_REGION_PREFIX = "mrk-"
_PURPOSE = b"fogstead kms blob 1"


class NotACiphertext(ValueError):
    """These bytes are no blob of ours, or not one for this material and context."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a blob says of itself."""

    account: str
    key_id: str
    material_id: str


def label_of(blob: bytes) -> Label:
    """What a blob says of itself, which is true only if it opens. NotACiphertext when it cannot be read."""
    if len(blob) < _FRONT_BYTES + _TAG_BYTES:
        raise NotACiphertext
    version, account, kind, key_id, material_id = _HEAD.unpack_from(blob)
    number = int.from_bytes(account, "big")
    if version != _VERSION or kind not in (_PLAIN_ID, _MULTI_REGION_ID) or number >= 10**12:
        raise NotACiphertext
    text = key_id.hex()
    written = (
        _MULTI_REGION_PREFIX + text
        if kind == _MULTI_REGION_ID
        else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    )
    return Label(f"{number:012}", written, material_id.hex())


def names(blob: bytes, key_id: str) -> bool:
    """Whether a blob says that it is of this key."""
    try:
        return label_of(blob).key_id == key_id
    except NotACiphertext:
        return False


def seal(
    label: Label, secret: bytes, plain: bytes, context: Mapping[str, str], random: Callable[[int], bytes]
) -> bytes:
    """The blob of `plain` under a material's secret."""
    multi_region = label.key_id.startswith(_MULTI_REGION_PREFIX)
    head = _HEAD.pack(
        _VERSION,
        int(label.account).to_bytes(6, "big"),
        _MULTI_REGION_ID if multi_region else _PLAIN_ID,
        bytes.fromhex(label.key_id.removeprefix(_MULTI_REGION_PREFIX).replace("-", "")),
        bytes.fromhex(label.material_id),
    )
    salt, nonce = random(_SALT_BYTES), random(_NONCE_BYTES)
    cipher = aes_gcm()(hmac.digest(secret, _PURPOSE + salt, "sha256"))
    return head + salt + nonce + cipher.encrypt(nonce, plain, head + written_context(context))


def unseal(blob: bytes, secret: bytes, context: Mapping[str, str]) -> bytes:
    """The plain bytes again. NotACiphertext when anything of it is not as it was sealed."""
    head, salt = blob[: _HEAD.size], blob[_HEAD.size : _HEAD.size + _SALT_BYTES]
    nonce, sealed = blob[_FRONT_BYTES - _NONCE_BYTES : _FRONT_BYTES], blob[_FRONT_BYTES:]
    cipher = aes_gcm()(hmac.digest(secret, _PURPOSE + salt, "sha256"))
    try:
        return cipher.decrypt(nonce, sealed, head + written_context(context))
    except invalid_tag():
        raise NotACiphertext from None


def written_context(context: Mapping[str, str]) -> bytes:
    """An encryption context in the one form that all its writings have: pairs in order, each part with its length."""
    parts = []
    for name in sorted(context):
        for text in (name, context[name]):
            raw = text.encode("utf-8", "surrogatepass")
            parts.append(len(raw).to_bytes(4, "big") + raw)
    return b"".join(parts)
