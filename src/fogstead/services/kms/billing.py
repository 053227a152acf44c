"""What keys cost: each of a customer's by the month, unless it is about to be deleted, and every request.

Source: AWS Key Management Service pricing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.meter import Meter, PriceLine, is_billed, payer_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.services.kms.keys import CUSTOMER, Key
from fogstead.services.kms.service import kms

if TYPE_CHECKING:
    from fogstead.kernel.invocation import Invocation

keys_held = kms.price_line("KMS-Keys", per="month")
requests = kms.price_line("KMS-Requests", per="request")
on_pairs = kms.price_line("KMS-Requests-Asymmetric", per="request")
on_rsa_2048 = kms.price_line("KMS-Requests-Asymmetric-RSA_2048", per="request")
ecc_pairs = kms.price_line("KMS-Requests-GenerateDatakeyPair-ECC", per="request")
rsa_pairs = kms.price_line("KMS-Requests-GenerateDatakeyPair-RSA", per="request")

_WITH_KEYS: Final = frozenset(
    {"Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "DeriveSharedSecret", "GetPublicKey"}
)
_DATA_KEY_PAIRS: Final = frozenset({"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"})


def hold(tx: Transaction, key: Key) -> None:
    """From now on the key is there to be paid for; AWS managed ones are free."""
    if key.manager == CUSTOMER:
        tx.level(keys_held, 1, of=key)


def let_go(tx: Transaction, key: Key) -> None:
    """It is about to be deleted, which costs nothing."""
    if key.manager == CUSTOMER:
        tx.level(keys_held, -1, of=key)


def line_of(operation: str, key: Key | None, given: Any) -> PriceLine:
    """The line that a call stands on."""
    if operation in _DATA_KEY_PAIRS:
        return rsa_pairs if given.get("KeyPairSpec", "").startswith("RSA") else ecc_pairs
    if key is None or operation not in _WITH_KEYS or not key.spec.is_pair:
        return requests
    return on_rsa_2048 if key.spec_name == "RSA_2048" else on_pairs


def _bills(meter: Meter, now: Millis, invocation: Invocation, _result: Any, refusal: ServiceError | None) -> None:
    if not is_billed(invocation, refusal):
        return
    name, found = invocation.operation.name, invocation.resource
    key = found if isinstance(found, Key) else None
    line = line_of(name, key, invocation.input)
    if key is not None:
        meter.count(now, line, 1, payer_of(key), name)
    else:
        meter.add(now, invocation.home.account, invocation.home.region, line, name, 1)


kms.bill(_bills)
