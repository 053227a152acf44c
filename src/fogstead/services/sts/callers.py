"""Who the caller is, and whose a key is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.access_keys import account_of
from fogstead.kernel.transaction import Transaction
from fogstead.services.sts.service import InvalidParameterValue, sts

if TYPE_CHECKING:
    from fogstead.shapes.sts import (
        GetAccessKeyInfoRequest,
        GetAccessKeyInfoResponse,
        GetCallerIdentityRequest,
        GetCallerIdentityResponse,
    )


@sts.operation(decides_itself=True)
def get_caller_identity(tx: Transaction, req: GetCallerIdentityRequest) -> GetCallerIdentityResponse:  # noqa: ARG001
    """No permission is needed to ask who one is, and none can be taken away."""
    caller = tx.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


@sts.operation()
def get_access_key_info(tx: Transaction, req: GetAccessKeyInfoRequest) -> GetAccessKeyInfoResponse:  # noqa: ARG001
    """The account that a key's id names, whether or not there still is such a key."""
    account = account_of(req["AccessKeyId"])
    if not account:  # what AWS says of an id that names no account is not documented
        raise InvalidParameterValue(f"{req['AccessKeyId']} is not a valid access key ID")
    return {"Account": account}
