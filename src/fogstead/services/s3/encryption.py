"""Encryption under keys that are not the cloud's own: which one a new object gets, and what opens one that is there.

The key of KMS makes a data key for each object, for the caller; with an S3 Bucket Key one data key serves a bucket's
objects for a while. Sources: S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)", "Reducing the
cost of SSE-KMS with Amazon S3 Bucket Keys", "Protecting data with server-side encryption", "Blocking or unblocking
SSE-C"; API reference, PutObject, HeadObject, CompleteMultipartUpload.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from fogstead.kernel import data_keys
from fogstead.kernel.data_keys import DataKey, SealedKey
from fogstead.kernel.errors import AccessDenied as Denied
from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.kernel.identity import ANONYMOUS
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.s3 import customer_keys, sealings
from fogstead.services.s3.bucket_encryption import Default, default_of
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.customer_keys import CustomerKey
from fogstead.services.s3.sealings import CUSTOMER, KMS, OWN, UNSEALED, Seal, Sealing
from fogstead.services.s3.service import KMS_ERRORS, AccessDenied, InvalidArgument, InvalidRequest

MANAGED_KEY: Final = "alias/aws/s3"
BUCKET_KEY_MILLIS: Final = 300_000
"""How long a bucket key serves one requester before KMS is asked again; AWS says "a time-limited period"."""
ARN_CONTEXT: Final = "aws:s3:arn"
_CONTEXT_BYTES_MAX = 8 * 1024
_LAYERS = "aws:kms:dsse"
_NEEDS_KMS = (
    "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
)
_MISSING = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve "
    "the object."
)
_NOT_APPLICABLE = "The encryption parameters are not applicable to this object."


# --------------------------------------------------------------------------- new objects
def is_plain(bucket: Bucket, given: Mapping[str, Any]) -> bool:
    """Whether a new object lies under the cloud's own key alone, so that nothing has to be asked."""
    return (
        given.get("ServerSideEncryption") in (None, OWN)
        and (given.get("ServerSideEncryption") == OWN or default_of(bucket).algorithm == OWN)
        and given.get("SSEKMSKeyId") is None
        and given.get("SSEKMSEncryptionContext") is None
        and not customer_keys.is_given(given)
    )


def seal(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> Seal:
    """What a new object under `Key` is to be sealed under: what the request says, else what the bucket does."""
    if is_plain(bucket, given):
        return UNSEALED
    if customer_keys.is_given(given):
        return _customers(tx, bucket, given)
    default = default_of(bucket)
    asked = given.get("ServerSideEncryption")
    if asked is None and (given.get("SSEKMSKeyId") is not None or given.get("SSEKMSEncryptionContext") is not None):
        raise _needs_kms(given)
    algorithm = asked or default.algorithm
    if algorithm == OWN:
        raise _needs_kms(given)
    if algorithm == _LAYERS:
        raise NotImplementedHere(f"The encryption {algorithm} is not implemented by this cloud.")
    if algorithm != KMS:
        raise InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=algorithm,
        )
    key_id = given.get("SSEKMSKeyId") or (default.key_id if asked is None else "") or MANAGED_KEY
    return _by_kms(tx, bucket, given, key_id, by_bucket_key=_uses_bucket_key(given, default))


def _needs_kms(given: Mapping[str, Any]) -> ServiceError:
    named = given.get("SSEKMSKeyId") is not None
    header = "aws-kms-key-id" if named else "context"
    return InvalidArgument(_NEEDS_KMS, ArgumentName=f"x-amz-server-side-encryption-{header}")


def _uses_bucket_key(given: Mapping[str, Any], default: Default) -> bool:
    """As the request says, else as the bucket does. A form says it in words."""
    asked = given.get("BucketKeyEnabled")
    return default.bucket_key if asked is None else str(asked).lower() == "true"


def _customers(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> Seal:
    if default_of(bucket).blocked == CUSTOMER:  # before the key is looked at, as seen of AWS
        raise AccessDenied("Server-side encryption with customer-provided keys (SSE-C) is blocked for this bucket.")
    key = customer_keys.read(tx.origin, given)
    assert key is not None
    if any(given.get(name) is not None for name in ("ServerSideEncryption", "SSEKMSKeyId", "SSEKMSEncryptionContext")):
        raise InvalidArgument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=given.get("ServerSideEncryption", ""),
        )
    salt = tx.random(customer_keys.SALT_BYTES)
    return Seal(key.secret, Sealing(CUSTOMER, salt=salt, proof=key.proof(salt)))


def _by_kms(tx: Transaction, bucket: Bucket, given: Mapping[str, Any], key_id: str, *, by_bucket_key: bool) -> Seal:
    _require_signature(tx)
    arn = bucket.arn if by_bucket_key else f"{bucket.arn}/{given['Key']}"
    context = {**context_of(given, arn), ARN_CONTEXT: arn}
    home = _home(tx, bucket)

    def make() -> DataKey:
        return _asked(lambda: data_keys.new(tx, key_id, context, home))

    if by_bucket_key:
        place = (bucket.shard, "new", key_id, tuple(sorted(context.items())), data_keys.requester(tx))
        made = tx.cloud.data_keys.reused(place, tx.now, tx.now + BUCKET_KEY_MILLIS, make)
    else:
        made = make()
    return Seal(made.plain, Sealing(KMS, made.key_arn, made.sealed, context, by_bucket_key))


def context_of(given: Mapping[str, Any], arn: str) -> dict[str, str]:
    """The pairs of the request's own encryption context; InvalidArgument when it is none.

    The pair `aws:s3:arn` is S3's: no document says what S3 does with another value, which is refused here.
    """
    text = given.get("SSEKMSEncryptionContext")
    if text is None:
        return {}
    try:
        read = json.loads(base64.b64decode(text, validate=True)) if len(text) <= _CONTEXT_BYTES_MAX else None
    except (binascii.Error, ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        raise InvalidArgument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which "
            "represents a string-string map",
            ArgumentName="x-amz-server-side-encryption-context",
        )
    if read.get(ARN_CONTEXT, arn) != arn:
        raise InvalidArgument(
            f"The encryption context pair {ARN_CONTEXT} must be the ARN that Amazon S3 gives it.",
            ArgumentName="x-amz-server-side-encryption-context",
        )
    return read


def told_to_writer(sealing: Sealing | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer of an object is told; the context, when it said one."""
    out = sealings.told(sealing, given)
    if sealing is not None and sealing.kind == KMS and given.get("SSEKMSEncryptionContext") is not None:
        out["SSEKMSEncryptionContext"] = base64.b64encode(json.dumps(sealing.context).encode()).decode("ascii")
    return out


# --------------------------------------------------------------------------- objects that are there
def opened(
    tx: Transaction, bucket: Bucket, sealing: Sealing | None, given: Mapping[str, Any], prefix: str = ""
) -> bytes:
    """The secret that opens an object's bytes for the caller; empty when there is none."""
    check_customer_key(tx, sealing, given, prefix)
    if sealing is None:
        return b""
    if sealing.kind == CUSTOMER:
        key = customer_keys.read(tx.origin, given, prefix)
        assert key is not None
        return key.secret
    return _opened_by_kms(tx, bucket, sealing)


def check_customer_key(tx: Transaction, sealing: Sealing | None, given: Mapping[str, Any], prefix: str = "") -> None:
    """Whether a request brings the key that an object wants, and none where it wants none."""
    if sealing is None or sealing.kind != CUSTOMER:
        if customer_keys.is_given(given, prefix):
            customer_keys.read(tx.origin, given, prefix)
            raise InvalidRequest(_NOT_APPLICABLE)
        return
    key = customer_keys.read(tx.origin, given, prefix)
    if key is None:
        raise InvalidRequest(_MISSING)
    if not is_same(sealing, key):
        raise AccessDenied


def is_same(sealing: Sealing, key: CustomerKey) -> bool:
    """Whether a key is the one that something was sealed under."""
    return hmac.compare_digest(sealing.proof, key.proof(sealing.salt))


def _opened_by_kms(tx: Transaction, bucket: Bucket, sealing: Sealing) -> bytes:
    _require_signature(tx)
    home = _home(tx, bucket)

    def make() -> DataKey:
        wanted = SealedKey(sealing.data_key, sealing.key_arn, sealing.context)
        return _asked(lambda: data_keys.opened(tx, [wanted], home)[0])

    if not sealing.by_bucket_key:
        return make().plain
    place = (bucket.shard, "opened", sealing.data_key, data_keys.requester(tx))
    return tx.cloud.data_keys.reused(place, tx.now, tx.now + BUCKET_KEY_MILLIS, make).plain


def part_seal(tx: Transaction, bucket: Bucket, sealing: Sealing | None, given: Mapping[str, Any]) -> Seal:
    """What a part of an upload is sealed under, which is what the upload was begun with."""
    if sealing is None and not customer_keys.is_given(given):
        return UNSEALED
    if sealing is not None and sealing.kind == CUSTOMER:
        key = customer_keys.read(tx.origin, given)
        if key is None:
            raise InvalidRequest(
                "The multipart upload initiate requested encryption. Subsequent part requests must include the "
                "appropriate encryption parameters."
            )
        if not is_same(sealing, key):
            raise InvalidRequest("The provided encryption parameters did not match the ones used originally.")
        return Seal(key.secret, sealing)
    return Seal(opened(tx, bucket, sealing, given), sealing)


# --------------------------------------------------------------------------- KMS
def _home(tx: Transaction, bucket: Bucket) -> Home:
    """Where KMS is asked: keys without an ARN are the caller's, and of the bucket's Region."""
    return home_of(tx.caller.account or bucket.owner, bucket.location)


def _require_signature(tx: Transaction) -> None:
    """Objects under keys of KMS are for requests that are signed by version 4, and at AWS come over TLS.

    Here the second is the choice of whoever lets this cloud listen without TLS: with or without KMS the bytes then
    cross in the clear. Source: S3 User Guide, "Sending requests for AWS KMS encrypted objects".
    """
    if tx.origin.depth:
        return
    if tx.caller is ANONYMOUS or tx.origin.signature_version == "AWS":
        raise InvalidArgument(
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.",
            ArgumentName="Authorization",
            ArgumentValue="null",
        )


def _asked(ask: Callable[[], DataKey]) -> DataKey:
    """The data key, or the refusal of KMS as S3 hands it on."""
    try:
        return ask()
    except Denied as error:
        raise AccessDenied(error.message) from None
    except ServiceError as error:
        known = KMS_ERRORS.get(error.code)
        if known is not None:
            raise known(error.message) from None
        if error.sender_fault and error.status < 500:
            raise InvalidArgument(error.message) from None
        raise
