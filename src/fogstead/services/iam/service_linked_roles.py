"""Roles that belong to a service: made with the trust and the policy the service needs, deleted by a task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.attachments import put_attachment
from fogstead.services.iam.aws_managed import ARN_PREFIX
from fogstead.services.iam.linked_services import LINKED_ROLES, LinkedRole
from fogstead.services.iam.names import create_named, named
from fogstead.services.iam.roles import Role, forget_role, shown_new
from fogstead.services.iam.service import InvalidInput, NoSuchEntity, iam, roles_max, room_in_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.kernel.resource import Located
    from fogstead.primitives.store import Home
    from fogstead.shapes.iam import (
        CreateServiceLinkedRoleRequest,
        CreateServiceLinkedRoleResponse,
        DeleteServiceLinkedRoleRequest,
        DeleteServiceLinkedRoleResponse,
        GetServiceLinkedRoleDeletionStatusRequest,
        GetServiceLinkedRoleDeletionStatusResponse,
    )

TASKS_KEPT_MILLIS = 30 * 86_400_000
"""How long the outcome of a deletion is known; AWS does not document it."""
_TASKS = pack("iam-role-deletion")
_FORGET = "iam.forget-role-deletion"


def _name(given: Mapping[str, Any], known: LinkedRole) -> str:
    suffix = given.get("CustomSuffix")
    return f"AWSServiceRoleFor{known.name}{'_' + suffix if suffix else ''}"


def _path(service: str) -> str:
    return f"/aws-service-role/{service}/"


def _known(service: str) -> LinkedRole:
    known = LINKED_ROLES.get(service)
    if known is None:
        raise InvalidInput(f"Service {service} has no service-linked role that this cloud knows.")
    return known


def _locate_new(given: Mapping[str, Any], home: Home) -> Located:
    service = given["AWSServiceName"]
    return Role.place(home, _name(given, _known(service)), _path(service))


@iam.operation(
    creates=Role,
    at="AWSServiceName",
    locate=_locate_new,
    conditions=lambda tx, given: {"iam:awsservicename": given["AWSServiceName"]},  # noqa: ARG005
)
def create_service_linked_role(tx: Transaction, req: CreateServiceLinkedRoleRequest) -> CreateServiceLinkedRoleResponse:
    """One for each service, and one more for each suffix where the service takes any."""
    service = req["AWSServiceName"]
    known, suffix = _known(service), req.get("CustomSuffix")
    if suffix and not known.takes_suffix:
        raise InvalidInput(f"Custom suffix is not allowed for {service}")
    name = _name(req, known)
    if named(tx, Role, name) is not None:
        raise InvalidInput(f"Service role name {name} has been taken in this account, please try a different suffix.")
    room_in_account(tx, Role, roles_max)
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role = Role(
        name=name,
        folded=name.lower(),
        path=_path(service),
        unique_id=unique_id("AROA", tx.random),
        trust=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")),
        description=req.get("Description", ""),
        linked_to=service,
    )
    made = put_attachment(tx, create_named(tx, role), f"{ARN_PREFIX}/aws-service-role/{known.policy}")
    return {"Role": shown_new(tx, made)}


@iam.operation(on=Role, at="RoleName")
def delete_service_linked_role(tx: Transaction, req: DeleteServiceLinkedRoleRequest) -> DeleteServiceLinkedRoleResponse:
    """At once: no service here holds on to its role. The task is there to be asked about."""
    role: Role = tx.resource
    if not role.linked_to:
        raise NoSuchEntity(f"The service-linked role with name {req['RoleName']} cannot be found.")
    forget_role(tx, role)
    task = f"task{role.path}{role.name}/{tx.new_id()}"
    tx.keys.put(_row(tx, task), b"SUCCEEDED")
    tx.schedule(_FORGET, {"task": task}, at=tx.now + TASKS_KEPT_MILLIS, name=task)
    return {"DeletionTaskId": task}


@iam.operation()
def get_service_linked_role_deletion_status(
    tx: Transaction, req: GetServiceLinkedRoleDeletionStatusRequest
) -> GetServiceLinkedRoleDeletionStatusResponse:
    """What became of a deletion."""
    row = tx.keys.get(_row(tx, req["DeletionTaskId"]))
    if row is None:
        raise NoSuchEntity(f"Deletion task with id {req['DeletionTaskId']} cannot be found.")
    answer: Any = {"Status": row.decode()}
    return answer  # type: ignore[no-any-return]


@job(_FORGET)
def forget_role_deletion(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Nobody asks any more."""
    tx.keys.delete(_row(tx, arguments["task"]))


def _row(tx: Transaction, task: str) -> Key:
    return tx.home.prefix + _TASKS + pack(task)
