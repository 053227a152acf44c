"""Instance profiles: what hands a role to a virtual machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.names import Named, by_id, create_named, delete_named, get_named, refuse_taken
from fogstead.services.iam.pages import ITEMS_DEFAULT, page_of
from fogstead.services.iam.roles import Role, refuse_linked, shown_role, shown_trusts
from fogstead.services.iam.service import (
    DeleteConflict,
    EntityAlreadyExists,
    LimitExceeded,
    NoSuchEntity,
    iam,
    instance_profiles_max,
    room_in_account,
)
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of

if TYPE_CHECKING:
    from fogstead.kernel.resource import Located
    from fogstead.shapes.iam import (
        AddRoleToInstanceProfileRequest,
        CreateInstanceProfileRequest,
        CreateInstanceProfileResponse,
        DeleteInstanceProfileRequest,
        GetInstanceProfileRequest,
        GetInstanceProfileResponse,
        ListInstanceProfilesForRoleRequest,
        ListInstanceProfilesRequest,
        RemoveRoleFromInstanceProfileRequest,
    )


class InstanceProfile(Named, service=iam, arn="instance-profile{path}{name}", key=("folded",), missing=NoSuchEntity):
    """A name for a role, or for none yet. `role` is its id."""

    noun = "Instance Profile"

    role: str = ""
    tags: Tags = {}

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return NoSuchEntity(f"Instance Profile {getattr(located, 'name', located.key[0])} cannot be found.")

    @classmethod
    def taken(cls, name: str) -> ServiceError:
        return EntityAlreadyExists(f"Instance Profile {name} already exists.")


@iam.operation(
    creates=InstanceProfile, at="InstanceProfileName", locate=InstanceProfile.locate_new("InstanceProfileName")
)
def create_instance_profile(tx: Transaction, req: CreateInstanceProfileRequest) -> CreateInstanceProfileResponse:
    """Without a role."""
    name, tags = req["InstanceProfileName"], tags_of(req.get("Tags", []))
    refuse_taken(tx, InstanceProfile, name)
    room_in_account(tx, InstanceProfile, instance_profiles_max)
    profile = InstanceProfile(
        name=name,
        folded=name.lower(),
        path=req.get("Path", "/"),
        unique_id=unique_id("AIPA", tx.random),
        tags=tags,
    )
    made = create_named(tx, profile)
    return {"InstanceProfile": _shown_with_tags(tx, made) if tags else shown_profiles(tx, [made])[0]}


@iam.operation(on=InstanceProfile, at="InstanceProfileName")
def get_instance_profile(tx: Transaction, req: GetInstanceProfileRequest) -> GetInstanceProfileResponse:  # noqa: ARG001
    """With its role and tags."""
    return {"InstanceProfile": _shown_with_tags(tx, tx.resource)}


@iam.operation(lists=InstanceProfile)
def list_instance_profiles(tx: Transaction, req: ListInstanceProfilesRequest) -> Page:
    """By name, those whose path begins as asked."""
    prefix = req.get("PathPrefix", "/")
    page = tx.page(
        InstanceProfile,
        show=lambda profile: profile,
        keep=lambda profile: profile.path.startswith(prefix),
        size_default=ITEMS_DEFAULT,
    )
    return Page(shown_profiles(tx, page.items), page.token)


@iam.operation(on=Role, at="RoleName")
def list_instance_profiles_for_role(tx: Transaction, req: ListInstanceProfilesForRoleRequest) -> Page:  # noqa: ARG001
    """Those that hold the role, by name."""
    page = page_of(tx, profiles_of(tx, tx.resource), key=lambda one: one.folded, show=lambda one: one)
    return Page(shown_profiles(tx, page.items), page.token)


@iam.operation(on=InstanceProfile, at="InstanceProfileName")
def delete_instance_profile(tx: Transaction, req: DeleteInstanceProfileRequest) -> None:  # noqa: ARG001
    """Refused while it holds a role."""
    profile: InstanceProfile = tx.resource
    if profile.role:
        raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    delete_named(tx, profile)


@iam.operation(
    on=InstanceProfile,
    at="InstanceProfileName",
    passes=lambda given: [(given["RoleName"], "ec2.amazonaws.com")],
)
def add_role_to_instance_profile(tx: Transaction, req: AddRoleToInstanceProfileRequest) -> None:
    """One role at most, and that cannot be raised."""
    profile: InstanceProfile = tx.resource
    role = get_named(tx, Role, req["RoleName"])
    refuse_linked(role)
    if profile.role:
        raise LimitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    tx.replace(profile, role=role.unique_id)
    tx.replace(role, profiles=[*role.profiles, profile.unique_id])


@iam.operation(on=InstanceProfile, at="InstanceProfileName")
def remove_role_from_instance_profile(tx: Transaction, req: RemoveRoleFromInstanceProfileRequest) -> None:
    """NoSuchEntity when it holds another, or none."""
    profile: InstanceProfile = tx.resource
    role = get_named(tx, Role, req["RoleName"])
    if profile.role != role.unique_id:
        raise NoSuchEntity(f"Role {role.name} in Instance Profile {profile.name} cannot be found.")
    refuse_linked(role)
    tx.replace(profile, role="")
    tx.replace(role, profiles=[other for other in role.profiles if other != profile.unique_id])


tag_operations(InstanceProfile, at="InstanceProfileName", noun="InstanceProfile")


def profiles_of(tx: Transaction, role: Role) -> list[Any]:
    """The instance profiles that hold a role."""
    return [by_id(tx, profile) for profile in role.profiles]


def shown_profiles(tx: Transaction, profiles: list[Any]) -> list[Any]:
    """As lists show them: with their roles, without tags."""
    roles = {profile.unique_id: by_id(tx, profile.role) for profile in profiles if profile.role}
    held: dict[str, Any] = {key: role for key, role in roles.items() if role is not None}
    trusts = shown_trusts(tx, list(held.values()))
    return [_shown(profile, held.get(profile.unique_id), trusts) for profile in profiles]


def _shown(profile: InstanceProfile, role: Role | None, trusts: dict[str, str]) -> Any:
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.unique_id,
        "Arn": profile.arn,
        "CreateDate": profile.created_at,
        "Roles": [] if role is None else [shown_role(role, trusts[role.unique_id])],
    }


def _shown_with_tags(tx: Transaction, profile: InstanceProfile) -> Any:
    shown = shown_profiles(tx, [profile])[0]
    return {**shown, "Tags": shown_tags(profile.tags)}
