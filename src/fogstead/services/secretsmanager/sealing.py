"""Values under KMS: each version has a data key of its own, which KMS keeps wrapped under the secret's key.

KMS is asked as the caller, so who may not use the key neither reads nor writes. The encryption context names the
secret and the version. Source: Secrets Manager User Guide, "Secret encryption and decryption in AWS Secrets Manager".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.primitives.aes import aes_gcm
from fogstead.services.secretsmanager.service import (
    VALUE_BYTES_MAX,
    DecryptionFailure,
    EncryptionFailure,
    InvalidParameter,
)

if TYPE_CHECKING:
    from fogstead.kernel.calls import Services

DEFAULT_KEY = "alias/aws/secretsmanager"
_NONCE_BYTES = 12
_TEXT, _BYTES = b"t", b"b"


class WrappedKey(msgspec.Struct, frozen=True, array_like=True):
    """A data key as KMS wrapped it; `key_id` is the KMS key as the secret named it, empty for the default key."""

    key_id: str
    blob: bytes


class DataKey(msgspec.Struct, frozen=True):
    """A data key in clear, for as long as a call takes, and wrapped."""

    plain: bytes
    wrapped: WrappedKey


class Value(msgspec.Struct, frozen=True):
    """What a secret holds: text or bytes."""

    binary: bool
    data: bytes

    def same_as(self, other: Value) -> bool:
        """Whether both are the same, told in constant time."""
        return self.binary == other.binary and hmac.compare_digest(self.data, other.data)

    @property
    def shown(self) -> dict[str, Any]:
        """The member of an answer that holds it."""
        return {"SecretBinary": self.data} if self.binary else {"SecretString": self.data.decode()}


def value_in(given: Mapping[str, Any]) -> Value | None:
    """The value an input holds, if it does; both kinds at once are refused."""
    text, binary = given.get("SecretString"), given.get("SecretBinary")
    if text is not None and binary is not None:
        raise InvalidParameter(
            "You can't specify both a binary secret value and a string secret value in the same secret."
        )
    if text is None and binary is None:
        return None
    made = Value(binary is not None, bytes(binary) if binary is not None else str(text).encode())
    if len(made.data) > VALUE_BYTES_MAX:
        raise InvalidParameter(f"The secret value is longer than {VALUE_BYTES_MAX} bytes.")
    return made


def sealed(key: DataKey, arn: str, version_id: str, value: Value, nonce: bytes) -> bytes:
    """The value under its data key; it opens only as this version of this secret."""
    kind = _BYTES if value.binary else _TEXT
    return nonce + aes_gcm()(key.plain).encrypt(nonce, kind + value.data, _about(arn, version_id))


def opened(plain_key: bytes, arn: str, version_id: str, kept: bytes) -> Value:
    """The value again."""
    nonce, rest = kept[:_NONCE_BYTES], kept[_NONCE_BYTES:]
    plain = aes_gcm()(plain_key).decrypt(nonce, rest, _about(arn, version_id))
    return Value(plain[:1] == _BYTES, plain[1:])


def nonce_from(random: Any) -> bytes:
    """Fresh bytes for one sealing."""
    return bytes(random(_NONCE_BYTES))


def _about(arn: str, version_id: str) -> bytes:
    return f"{arn}|{version_id}".encode()


def _context(arn: str, version_id: str) -> dict[str, str]:
    return {"SecretARN": arn, "SecretVersionId": version_id}


async def new_data_key(services: Services, key_id: str, arn: str, version_id: str) -> DataKey:
    """A data key for a version; EncryptionFailure when the KMS key cannot, AccessDenied when the caller may not."""
    try:
        made = await services.kms.generate_data_key(
            KeyId=key_id or DEFAULT_KEY, KeySpec="AES_256", EncryptionContext=_context(arn, version_id)
        )
    except ServiceError as error:
        raise _explained(error, EncryptionFailure) from error
    return DataKey(made["Plaintext"], WrappedKey(key_id, made["CiphertextBlob"]))


async def unwrapped(services: Services, keys: Sequence[WrappedKey], arn: str, version_id: str) -> bytes:
    """A version's data key in clear: by the KMS key it has now or, failing that, by the one it had before."""
    refusal: ServiceError = DecryptionFailure()
    for number, key in enumerate(keys):
        try:
            made = await services.kms.decrypt(CiphertextBlob=key.blob, EncryptionContext=_context(arn, version_id))
        except ServiceError as error:
            refusal = _explained(error, DecryptionFailure) if number == 0 else refusal
        else:
            return bytes(made["Plaintext"])
    raise refusal


async def rewrapped(
    services: Services, key_id: str, keys: Sequence[WrappedKey], arn: str, version_id: str
) -> tuple[WrappedKey, ...]:
    """The data key under another KMS key too; as it was, when the caller may not use both keys.

    Source: API reference, UpdateSecret, `KmsKeyId`; User Guide, "Secret encryption and decryption".
    """
    try:
        plain = await unwrapped(services, keys, arn, version_id)
        made = await services.kms.encrypt(
            KeyId=key_id or DEFAULT_KEY, Plaintext=plain, EncryptionContext=_context(arn, version_id)
        )
    except AccessDenied:
        return tuple(keys)
    except ServiceError as error:
        raise _explained(error, EncryptionFailure) from error
    return (WrappedKey(key_id, made["CiphertextBlob"]), keys[0])


def _explained(error: ServiceError, otherwise: type[ServiceError]) -> ServiceError:
    """What this service says of a refusal by KMS."""
    if isinstance(error, AccessDenied):
        return AccessDenied(f"Access to KMS is not allowed. {error.message}")
    if error.status >= 500 or isinstance(error, otherwise):
        return error
    return otherwise(f"{otherwise.sentence} {error.message}")
