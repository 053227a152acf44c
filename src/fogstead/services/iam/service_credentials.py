"""Credentials of users for one service alone. None can be made here yet, so whoever asks is told that there are none:
clients that delete a user ask for them first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.service import iam
from fogstead.services.iam.users import User, subject

if TYPE_CHECKING:
    from fogstead.shapes.iam import ListServiceSpecificCredentialsRequest, ListServiceSpecificCredentialsResponse


@iam.operation(on=User, at="UserName", refuses=("AllUsers",), ignores=("ServiceName", "Marker", "MaxItems"))
def list_service_specific_credentials(
    tx: Transaction,
    req: ListServiceSpecificCredentialsRequest,  # noqa: ARG001 - nothing can be chosen from none
) -> ListServiceSpecificCredentialsResponse:
    """None, of a user that is there."""
    subject(tx)
    return {"ServiceSpecificCredentials": [], "IsTruncated": False}
