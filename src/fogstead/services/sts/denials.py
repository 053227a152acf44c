"""Why a call was denied, told by EC2 as text that only those may read who may decode it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.encoded_denials import decode_denial
from fogstead.kernel.transaction import Transaction
from fogstead.services.sts.service import InvalidAuthorizationMessage, sts

if TYPE_CHECKING:
    from fogstead.shapes.sts import DecodeAuthorizationMessageRequest, DecodeAuthorizationMessageResponse


@sts.operation(read_only=True)
def decode_authorization_message(
    tx: Transaction, req: DecodeAuthorizationMessageRequest
) -> DecodeAuthorizationMessageResponse:
    """The denial as JSON; of the caller's own account only."""
    decoded = decode_denial(tx.cloud.vault, tx.caller.account, req["EncodedMessage"])
    if decoded is None:
        raise InvalidAuthorizationMessage
    return {"DecodedMessage": decoded}
