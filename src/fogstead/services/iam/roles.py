"""Roles: made, shown, listed, changed, deleted, tagged. What they trust is kept by id: see `trust_policies.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import msgspec

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.pages import Page
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.boundaries import boundary_keys, checked_boundary, shown_boundary
from fogstead.services.iam.last_uses import forget_uses, last_use
from fogstead.services.iam.names import Named, create_named, delete_named, refuse_taken
from fogstead.services.iam.pages import ITEMS_DEFAULT
from fogstead.services.iam.policy_documents import size_of
from fogstead.services.iam.policy_uses import drop_use, note_use
from fogstead.services.iam.principals import arns_of, ids_of
from fogstead.services.iam.service import (
    DeleteConflict,
    LimitExceeded,
    NoSuchEntity,
    UnmodifiableEntity,
    iam,
    roles_max,
    room_in_account,
)
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of
from fogstead.services.iam.trust_policies import checked_trust_policy, ids_in, people_in, renamed, unknown_principal
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreateRoleRequest,
        CreateRoleResponse,
        DeleteRoleRequest,
        GetRoleRequest,
        GetRoleResponse,
        ListRolesRequest,
        UpdateAssumeRolePolicyRequest,
        UpdateRoleDescriptionRequest,
        UpdateRoleDescriptionResponse,
        UpdateRoleRequest,
        UpdateRoleResponse,
    )

SESSION_SECONDS_DEFAULT = 3_600
TRUST_SIZE_MAX = 2_048
"""Characters, without white space."""


class Role(Named, service=iam, arn="role{path}{name}", key=("folded",), missing=NoSuchEntity):
    """Who may be assumed by those it trusts.

    `trust` is its trust policy with users and roles by id, `trusted` their accounts by id. `attached` are ARNs of
    policies, `inline` documents by name, `boundary` an ARN, `profiles` the ids of instance profiles it is in.
    `linked_to` is the service it is linked to, if any.
    """

    noun = "role"
    changes_authority: ClassVar[bool] = True

    trust: str
    trusted: dict[str, str] = {}
    description: str = ""
    session_seconds_max: int = SESSION_SECONDS_DEFAULT
    tags: Tags = {}
    attached: list[str] = []
    inline: dict[str, str] = {}
    boundary: str = ""
    profiles: list[str] = []
    linked_to: str = ""

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags


PEOPLE: dict[str, type[Named]] = {"user": User, "role": Role}


def refuse_linked(role: Role) -> None:
    """UnmodifiableEntity for a role that only its service may change."""
    if role.linked_to:
        raise UnmodifiableEntity(
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS"
        )


@iam.operation(
    creates=Role,
    at="RoleName",
    locate=Role.locate_new("RoleName"),
    conditions=lambda tx, given: boundary_keys(given),  # noqa: ARG005 - conditions take both
)
def create_role(tx: Transaction, req: CreateRoleRequest) -> CreateRoleResponse:
    """Names are used once, whatever their case."""
    name, tags = req["RoleName"], tags_of(req.get("Tags", []))
    trust, trusted = kept_trust(tx, req["AssumeRolePolicyDocument"])
    refuse_taken(tx, Role, name)
    boundary = checked_boundary(tx, req.get("PermissionsBoundary", ""))
    room_in_account(tx, Role, roles_max)
    role = Role(
        name=name,
        folded=name.lower(),
        path=req.get("Path", "/"),
        unique_id=unique_id("AROA", tx.random),
        trust=trust,
        trusted=trusted,
        description=req.get("Description", ""),
        session_seconds_max=req.get("MaxSessionDuration", SESSION_SECONDS_DEFAULT),
        tags=tags,
        boundary=boundary,
    )
    made = create_named(tx, role)
    if boundary:
        note_use(tx, boundary, "boundary", made)
    return {"Role": shown_new(tx, made)}


def kept_trust(tx: Transaction, text: str) -> tuple[str, dict[str, str]]:
    """A trust policy as it is kept, with the accounts of those it names; MalformedPolicyDocument or LimitExceeded."""
    document = checked_trust_policy(text)
    if size_of(text) > TRUST_SIZE_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE_MAX}")
    people = dict(people_in(document))
    ids = ids_of(tx, people.items(), PEOPLE)
    for arn, found in ids.items():
        if found is None:
            raise unknown_principal("AWS", arn)
    named_by_id = dict.fromkeys(ids_in(document), tx.home.account)
    known = {unique_id: people[arn] for arn, unique_id in ids.items() if unique_id is not None}
    return renamed(document, {arn: found for arn, found in ids.items() if found}), {**named_by_id, **known}


def shown_trusts(tx: Transaction, roles: Sequence[Role]) -> dict[str, str]:
    """The trust policies of roles as they are shown, percent-encoded, by the roles' ids."""
    arns = arns_of(tx, (pair for role in roles for pair in role.trusted.items()))
    names = {unique_id: arn for unique_id, arn in arns.items() if arn is not None}
    return {role.unique_id: quote(_shown_trust(role, names), safe="") for role in roles}


def _shown_trust(role: Role, names: Mapping[str, str]) -> str:
    return renamed(msgspec.json.decode(role.trust), names) if role.trusted else role.trust


@iam.operation(on=Role, at="RoleName")
def get_role(tx: Transaction, req: GetRoleRequest) -> GetRoleResponse:  # noqa: ARG001 - its place tells which
    """With everything that is kept of it."""
    return {"Role": shown_whole(tx, tx.resource)}


@iam.operation(lists=Role)
def list_roles(tx: Transaction, req: ListRolesRequest) -> Page:
    """By name, those whose path begins as asked."""
    prefix = req.get("PathPrefix", "/")
    page = tx.page(
        Role, show=lambda role: role, keep=lambda role: role.path.startswith(prefix), size_default=ITEMS_DEFAULT
    )
    trusts = shown_trusts(tx, page.items)
    return Page([_listed(role, trusts[role.unique_id]) for role in page.items], page.token)


@iam.operation(on=Role, at="RoleName")
def update_role(tx: Transaction, req: UpdateRoleRequest) -> UpdateRoleResponse:
    """A duration that is not given becomes an hour. Source: API reference, UpdateRole, MaxSessionDuration."""
    role: Role = tx.resource
    refuse_linked(role)
    seconds = req.get("MaxSessionDuration", SESSION_SECONDS_DEFAULT)
    tx.replace(role, description=req.get("Description", role.description), session_seconds_max=seconds)
    return {}


@iam.operation(on=Role, at="RoleName")
def update_role_description(tx: Transaction, req: UpdateRoleDescriptionRequest) -> UpdateRoleDescriptionResponse:
    """The older way, which answers with the role. Allowed for linked roles too."""
    return {"Role": shown_whole(tx, tx.replace(tx.resource, description=req["Description"]))}


@iam.operation(on=Role, at="RoleName")
def update_assume_role_policy(tx: Transaction, req: UpdateAssumeRolePolicyRequest) -> None:
    """Whom it trusts from now on."""
    role: Role = tx.resource
    refuse_linked(role)
    trust, trusted = kept_trust(tx, req["PolicyDocument"])
    tx.replace(role, trust=trust, trusted=trusted)


@iam.operation(on=Role, at="RoleName")
def delete_role(tx: Transaction, req: DeleteRoleRequest) -> None:  # noqa: ARG001
    """Refused while it has policies or is in an instance profile."""
    role: Role = tx.resource
    refuse_linked(role)
    if role.profiles:
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    if role.attached:
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if role.inline:
        raise DeleteConflict("Cannot delete entity, must delete policies first.")
    forget_role(tx, role)


def forget_role(tx: Transaction, role: Role) -> None:
    """Remove it with what counts it."""
    for arn in role.attached:
        drop_use(tx, arn, "attached", role)
    if role.boundary:
        drop_use(tx, role.boundary, "boundary", role)
    forget_uses(tx, role.arn)
    delete_named(tx, role)


tag_operations(Role, at="RoleName", noun="Role")


def shown_role(role: Role, trust: str) -> Any:
    """What every answer says of one."""
    shown = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.unique_id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": trust,
    }
    return {**shown, "Description": role.description} if role.description else shown


def shown_new(tx: Transaction, role: Role) -> Any:
    """As the call that made it is answered."""
    shown = {**shown_role(role, shown_trusts(tx, [role])[role.unique_id]), **shown_boundary(role.boundary)}
    return {**shown, "Tags": shown_tags(role.tags)} if role.tags else shown


def shown_whole(tx: Transaction, role: Role) -> Any:
    """With when it was last used, which is empty when it never was."""
    shown = {**shown_new(tx, role), "MaxSessionDuration": role.session_seconds_max}
    return {**shown, "RoleLastUsed": shown_last_use(tx, role)}


def shown_last_use(tx: Transaction, role: Role) -> Any:
    """When and where."""
    use = last_use(tx, role.arn)
    return {} if use is None else {"LastUsedDate": use.at, "Region": use.region}


def _listed(role: Role, trust: str) -> Any:
    return {**shown_role(role, trust), "MaxSessionDuration": role.session_seconds_max}
