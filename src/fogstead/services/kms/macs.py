"""Message authentication codes: RFC 2104, compared in constant time."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import materials
from fogstead.services.kms.keys import Key
from fogstead.services.kms.naming import named
from fogstead.services.kms.service import InvalidMac, kms
from fogstead.services.kms.specs import MAC
from fogstead.services.kms.usable import begin, end_dry_run, require_algorithm

if TYPE_CHECKING:
    from fogstead.shapes.kms import GenerateMacRequest, GenerateMacResponse, VerifyMacRequest, VerifyMacResponse


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def generate_mac(tx: Transaction, req: GenerateMacRequest) -> GenerateMacResponse:
    """Of up to 4096 bytes."""
    mac = _mac(tx, req, "GenerateMac")
    return {"Mac": mac, "MacAlgorithm": req["MacAlgorithm"], "KeyId": tx.resource.arn}


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def verify_mac(tx: Transaction, req: VerifyMacRequest) -> VerifyMacResponse:
    """True, or an error: there is no false."""
    mac = _mac(tx, req, "VerifyMac")
    if not hmac.compare_digest(mac, req["Mac"]):
        raise InvalidMac
    return {"KeyId": tx.resource.arn, "MacValid": True, "MacAlgorithm": req["MacAlgorithm"]}


def _mac(tx: Transaction, req: Mapping[str, Any], operation: str) -> bytes:
    key: Key = tx.resource
    algorithm = req["MacAlgorithm"]
    begin(tx, req, key, MAC, operation)
    require_algorithm(key, algorithm)
    end_dry_run(req)
    secret = materials.secret(tx, key, materials.current(tx, key))
    return hmac.digest(secret, req["Message"], f"sha{algorithm.rpartition('_')[2]}")
