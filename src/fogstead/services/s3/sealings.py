"""What an object's bytes are sealed under beside the cloud's own key: as it is kept, and as it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

KMS: Final = "aws:kms"
CUSTOMER: Final = "SSE-C"
OWN: Final = "AES256"


class Sealing(msgspec.Struct, frozen=True, array_like=True):
    """What is kept beside the bytes, to open them again."""

    kind: str
    """`aws:kms` or `SSE-C`."""
    key_arn: str = ""
    data_key: bytes = b""
    """As KMS sealed it."""
    context: dict[str, str] = {}
    """The encryption context that the data key was made with, all of it."""
    by_bucket_key: bool = False
    salt: bytes = b""
    proof: bytes = b""
    """Of a customer's key: see `customer_keys`."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What bytes are sealed under now; see `kernel.bodies.Seal`."""

    secret: bytes = field(default=b"", repr=False)
    sealing: Sealing | None = None


UNSEALED: Final = Seal()
"""Nothing beside the cloud's own key."""


def told(sealing: Sealing | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What answers say of it; of a customer's key the request itself told the MD5."""
    if sealing is None:
        return {"ServerSideEncryption": OWN}
    if sealing.kind == CUSTOMER:
        return {"SSECustomerAlgorithm": OWN, "SSECustomerKeyMD5": given.get("SSECustomerKeyMD5", "")}
    out: dict[str, Any] = {"ServerSideEncryption": KMS, "SSEKMSKeyId": sealing.key_arn}
    if sealing.by_bucket_key:
        out["BucketKeyEnabled"] = True
    return out
