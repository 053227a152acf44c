"""Permissions boundaries of users and roles: a managed policy beyond which their own policies give nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.services.iam.managed_policies import find_policy
from fogstead.services.iam.service import NoSuchEntity, ValidationError

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

_POLICY = re.compile(r"arn:aws:iam::(\d{12}|aws):policy/.+")


def checked_boundary(tx: Transaction, arn: str) -> str:
    """The ARN of a policy that can be a boundary, or empty; ValidationError or NoSuchEntity otherwise."""
    if not arn:
        return ""
    if _POLICY.fullmatch(arn) is None:
        raise ValidationError(f"Value ({arn}) failed to satisfy constraint: Member must be a policy arn")
    if find_policy(tx, arn) is None:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def boundary_keys(given: Mapping[str, Any]) -> dict[str, str]:
    """The condition key of a boundary that is asked for."""
    arn = given.get("PermissionsBoundary")
    return {"iam:permissionsboundary": arn} if arn else {}


def shown_boundary(arn: str) -> Any:
    """As users and roles show theirs, if they have one."""
    if not arn:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}
