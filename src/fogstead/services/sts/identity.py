"""Who the caller is. Roles and sessions come with IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.sts.service import sts

if TYPE_CHECKING:
    from fogstead.shapes.sts import GetCallerIdentityRequest, GetCallerIdentityResponse


@sts.operation(decides_itself=True)
def get_caller_identity(tx: Transaction, req: GetCallerIdentityRequest) -> GetCallerIdentityResponse:  # noqa: ARG001
    """No permission is needed to ask who one is."""
    caller = tx.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}
