"""Managed policies attached to users, groups and roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from fogstead.kernel.pages import Page
from fogstead.kernel.service import snake
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.groups import Group
from fogstead.services.iam.managed_policies import ManagedPolicy, attachable, locate_policy
from fogstead.services.iam.names import Named, by_id
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.policy_uses import Usage, drop_use, note_use, users_of
from fogstead.services.iam.roles import Role, refuse_linked
from fogstead.services.iam.service import (
    NoSuchEntity,
    PolicyNotAttachable,
    iam,
    policies_per_group_max,
    policies_per_role_max,
    policies_per_user_max,
    room_for_one_more,
)
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse

_FOR_SERVICES = "/aws-service-role/"
_QUOTAS = {"User": policies_per_user_max, "Group": policies_per_group_max, "Role": policies_per_role_max}
_USAGES: dict[str | None, tuple[Usage, ...]] = {
    "PermissionsPolicy": ("attached",),
    "PermissionsBoundary": ("boundary",),
}


def attach(tx: Transaction, entity: Any, arn: str) -> None:
    """Attach a policy to a user, group or role; doing it twice is harmless."""
    policy = attachable(tx, arn)
    if isinstance(entity, Role):
        refuse_linked(entity)
    if policy.is_aws and policy.path == _FOR_SERVICES:
        raise PolicyNotAttachable("Cannot attach a Service Role Policy to a Customer Role.")
    if arn in entity.attached:
        return
    room_for_one_more(tx, _QUOTAS[type(entity).__name__], len(entity.attached))
    put_attachment(tx, entity, arn)


def put_attachment(tx: Transaction, entity: Any, arn: str) -> Any:
    """Attach what may be attached, and count it."""
    note_use(tx, arn, "attached", entity)
    return tx.replace(entity, attached=[*entity.attached, arn])


def detach(tx: Transaction, entity: Any, arn: str) -> None:
    """NoSuchEntity when it is not attached."""
    if isinstance(entity, Role):
        refuse_linked(entity)
    if arn not in entity.attached:
        locate_policy(arn, tx.home)
        raise NoSuchEntity(f"Policy {arn} was not found.")
    drop_use(tx, arn, "attached", entity)
    tx.replace(entity, attached=[other for other in entity.attached if other != arn])


def _declare(noun: str, cls: type[Named]) -> None:
    def attach_policy(tx: Transaction, req: Any) -> None:
        attach(tx, tx.resource, req["PolicyArn"])

    def detach_policy(tx: Transaction, req: Any) -> None:
        detach(tx, tx.resource, req["PolicyArn"])

    def listing(tx: Transaction, req: Any) -> Page:
        prefix = req.get("PathPrefix", "/")
        found = [arn for arn in tx.resource.attached if _path(arn).startswith(prefix)]
        return page_of(tx, found, key=_name, show=shown_attached)

    names = {f"Attach{noun}Policy": attach_policy, f"Detach{noun}Policy": detach_policy}
    for name, run in {**names, f"ListAttached{noun}Policies": listing}.items():
        run.__name__ = snake(name)
        run.__annotations__ = {"req": f"{name}Request", "return": "Page" if run is listing else "None"}
        iam.operation(on=cls, at=f"{noun}Name", conditions=_conditions)(run)


def _conditions(tx: Transaction, given: Mapping[str, Any]) -> dict[str, str]:
    """What policy it is about, and the boundary of whoever it is about."""
    keys = {"iam:policyarn": given["PolicyArn"]} if "PolicyArn" in given else {}
    boundary = getattr(tx.resource, "boundary", "")
    return {**keys, "iam:permissionsboundary": boundary} if boundary else keys


def shown_attached(arn: str) -> Any:
    """As lists show one."""
    return {"PolicyName": _name(arn), "PolicyArn": arn}


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _path(arn: str) -> str:
    return arn.partition(":policy")[2].rpartition("/")[0] + "/"


for _noun, _cls in (("User", User), ("Group", Group), ("Role", Role)):
    _declare(_noun, _cls)


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def list_entities_for_policy(tx: Transaction, req: ListEntitiesForPolicyRequest) -> ListEntitiesForPolicyResponse:
    """Groups, roles and users it is attached to, or whose boundary it is."""
    usage, kind, prefix = req.get("PolicyUsageFilter"), req.get("EntityFilter"), req.get("PathPrefix", "/")
    usages: tuple[Usage, ...] = _USAGES.get(usage, ("attached", "boundary"))
    ids = {unique_id for one in usages for unique_id in users_of(tx, tx.resource.arn, one)}
    found = [entity for unique_id in ids if (entity := by_id(tx, unique_id)) is not None]
    wanted = [entity for entity in found if entity.path.startswith(prefix) and kind in (None, type(entity).__name__)]
    page = page_of(
        tx, wanted, key=lambda entity: f"{type(entity).__name__}/{entity.folded}", show=lambda entity: entity
    )
    answer: Any = {
        f"Policy{noun}s": [
            {f"{noun}Name": entity.name, f"{noun}Id": entity.unique_id}
            for entity in page.items
            if type(entity).__name__ == noun
        ]
        for noun in _QUOTAS
    }
    answer["IsTruncated"] = page.token is not None
    if page.token is not None:
        answer["Marker"] = page.token
    return cast("ListEntitiesForPolicyResponse", answer)
