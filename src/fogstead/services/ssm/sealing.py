"""SecureStrings: a standard one is encrypted by KMS itself, an advanced one by a data key that KMS wraps.

KMS is asked as the caller, so who may not use the key neither reads nor writes. The encryption context names the
parameter. Source: Systems Manager User Guide, "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString
parameters". What an advanced one looks like without decryption is our own form.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.aes import aes_gcm
from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import ADVANCED, InvalidKeyId

if TYPE_CHECKING:
    from fogstead.services.ssm.versions import Version

DEFAULT_KEY = "alias/aws/ssm"
SECURE = "SecureString"
_NONCE_BYTES = 12


class Sealed(msgspec.Struct, frozen=True):
    """A value as it is kept."""

    kept: bytes
    wrapped: bytes = b""


def seal(tx: Transaction, parameter: Parameter, value: str) -> Sealed:
    """The value under the parameter's KMS key."""
    arn, key_id, advanced = parameter.arn, parameter.key_id, parameter.tier == ADVANCED

    async def ask(call: Call) -> tuple[bytes, bytes]:
        kms, context = call.as_caller.kms, {"PARAMETER_ARN": arn}
        try:
            if not advanced:
                made = await kms.encrypt(KeyId=key_id, Plaintext=value.encode(), EncryptionContext=context)
                return made["CiphertextBlob"], b""
            made = await kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
        except ServiceError as error:
            raise _explained(error) from error
        return made["CiphertextBlob"], made["Plaintext"]

    blob, plain_key = tx.ask(("seal", arn, key_id, advanced), ask)
    if not advanced:
        return Sealed(blob)
    nonce = tx.random(_NONCE_BYTES)
    return Sealed(nonce + aes_gcm()(plain_key).encrypt(nonce, value.encode(), arn.encode()), blob)


def values_of(tx: Transaction, found: Sequence[tuple[Parameter, Version]], *, decrypt: bool) -> list[str]:
    """The values of versions, in clear where they are no SecureStrings or the caller wants and may have them so."""
    secret = [(parameter, one) for parameter, one in found if decrypt and one.kind == SECURE]
    plain: dict[tuple[str, int], bytes] = {}
    if secret:
        wanted = {(parameter.arn, one.number): one.wrapped or one.kept for parameter, one in secret}
        plain = tx.ask(("open", tuple(wanted)), lambda call: _decrypted(call, wanted))
    return [_value(parameter, one, plain.get((parameter.arn, one.number))) for parameter, one in found]


async def _decrypted(call: Call, wanted: dict[tuple[str, int], bytes]) -> dict[tuple[str, int], bytes]:
    made = {}
    for (arn, number), blob in wanted.items():
        try:
            answer = await call.as_caller.kms.decrypt(CiphertextBlob=blob, EncryptionContext={"PARAMETER_ARN": arn})
        except ServiceError as error:
            raise _explained(error) from error
        made[arn, number] = bytes(answer["Plaintext"])
    return made


def _value(parameter: Parameter, version: Version, opened: bytes | None) -> str:
    if version.kind != SECURE:
        return version.kept.decode()
    if opened is None:
        return base64.b64encode(version.wrapped + version.kept).decode("ascii")
    if not version.wrapped:
        return opened.decode()
    nonce, rest = version.kept[:_NONCE_BYTES], version.kept[_NONCE_BYTES:]
    return aes_gcm()(opened).decrypt(nonce, rest, parameter.arn.encode()).decode()


def _explained(error: ServiceError) -> ServiceError:
    """What this service says of a refusal by KMS."""
    if isinstance(error, AccessDenied) or error.status >= 500:
        return error
    return InvalidKeyId(f"{error.message} (Service: AWSKMS; Error Code: {error.code})")
