"""Setting the permissions boundaries of users and roles, and taking them away."""

from __future__ import annotations

from typing import Any

from fogstead.kernel.service import snake
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.boundaries import boundary_keys, checked_boundary
from fogstead.services.iam.policy_uses import drop_use, note_use
from fogstead.services.iam.roles import Role, refuse_linked
from fogstead.services.iam.service import iam
from fogstead.services.iam.users import User


def _set(tx: Transaction, arn: str) -> None:
    entity: User | Role = tx.resource
    if isinstance(entity, Role):
        refuse_linked(entity)
    if entity.boundary:
        drop_use(tx, entity.boundary, "boundary", entity)
    if arn:
        note_use(tx, arn, "boundary", entity)
    tx.replace(entity, boundary=arn)


def _declare(noun: str, cls: type[User | Role]) -> None:
    def put(tx: Transaction, req: Any) -> None:
        _set(tx, checked_boundary(tx, req["PermissionsBoundary"]))

    def delete(tx: Transaction, req: Any) -> None:  # noqa: ARG001 - operations take both
        _set(tx, "")

    for verb, run in (("Put", put), ("Delete", delete)):
        name = f"{verb}{noun}PermissionsBoundary"
        run.__name__ = snake(name)
        run.__annotations__ = {"req": f"{name}Request", "return": "None"}
        iam.operation(
            on=cls,
            at=f"{noun}Name",
            conditions=lambda tx, given: boundary_keys(given) or _present(tx.resource),
        )(run)


def _present(entity: User | Role | None) -> dict[str, str]:
    """Taking a boundary away is judged by the one that is there."""
    return {"iam:permissionsboundary": entity.boundary} if entity is not None and entity.boundary else {}


_declare("User", User)
_declare("Role", Role)
