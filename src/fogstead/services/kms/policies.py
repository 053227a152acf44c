"""Key policies: read and replaced. What they mean is decided by the kernel; without one nobody may do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms.keys import Key
from fogstead.services.kms.making import check_policy
from fogstead.services.kms.service import NotFound, kms
from fogstead.services.kms.usable import require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        GetKeyPolicyRequest,
        GetKeyPolicyResponse,
        ListKeyPoliciesRequest,
        PutKeyPolicyRequest,
    )

_DEFAULT = "default"


def _check_name(name: str) -> None:
    """A key has one policy; a second one is Resource Access Manager's, which is not here."""
    if name != _DEFAULT:
        raise NotFound("No such policy exists")


@kms.operation(on=Key, at="KeyId")
def get_key_policy(tx: Transaction, req: GetKeyPolicyRequest) -> GetKeyPolicyResponse:
    """As it was written."""
    _check_name(req.get("PolicyName", _DEFAULT))
    return {"Policy": tx.resource.policy, "PolicyName": _DEFAULT}


@kms.operation(on=Key, at="KeyId")
def put_key_policy(tx: Transaction, req: PutKeyPolicyRequest) -> None:
    """Takes effect at once."""
    key = require_owner(tx)
    if req.get("PolicyName") == "AWS_RAM":
        raise ValidationError("The AWS_RAM policy can only be managed by the RAM service.")
    _check_name(req.get("PolicyName", _DEFAULT))
    wanted = key.changed(policy=req["Policy"])
    check_policy(tx, wanted, bypass=bool(req.get("BypassPolicyLockoutSafetyCheck")))
    tx.replace(wanted)


@kms.operation(on=Key, at="KeyId")
def list_key_policies(tx: Transaction, req: ListKeyPoliciesRequest) -> Page:  # noqa: ARG001
    """Every key has one."""
    cut = tx.cut(size_default=100)
    return Page([_DEFAULT] if cut.after is None else [], None)
