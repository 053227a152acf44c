"""Groups: made, shown with their members, listed by path, renamed, deleted; users put in and taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.memberships import add_member, has_members, members_of, remove_member
from fogstead.services.iam.names import Named, by_id, create_named, delete_named, get_named, refuse_taken, rename
from fogstead.services.iam.pages import ITEMS_DEFAULT, page_of, page_of_rows, with_page
from fogstead.services.iam.service import (
    DeleteConflict,
    NoSuchEntity,
    groups_max,
    groups_per_user_max,
    iam,
    room_for_one_more,
    room_in_account,
)
from fogstead.services.iam.users import User, shown_user

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        AddUserToGroupRequest,
        CreateGroupRequest,
        CreateGroupResponse,
        DeleteGroupRequest,
        GetGroupRequest,
        GetGroupResponse,
        ListGroupsForUserRequest,
        ListGroupsRequest,
        RemoveUserFromGroupRequest,
        UpdateGroupRequest,
    )


class Group(Named, service=iam, arn="group{path}{name}", key=("folded",), missing=NoSuchEntity):
    """Users who get the same policies. `attached` are ARNs of policies, `inline` documents by name."""

    noun = "group"
    changes_authority: ClassVar[bool] = True

    attached: list[str] = []
    inline: dict[str, str] = {}


@iam.operation(creates=Group, at="GroupName", locate=Group.locate_new("GroupName"))
def create_group(tx: Transaction, req: CreateGroupRequest) -> CreateGroupResponse:
    """Names are used once, whatever their case."""
    name = req["GroupName"]
    refuse_taken(tx, Group, name)
    room_in_account(tx, Group, groups_max)
    group = Group(name=name, folded=name.lower(), path=req.get("Path", "/"), unique_id=unique_id("AGPA", tx.random))
    return {"Group": _shown(create_named(tx, group))}


@iam.operation(on=Group, at="GroupName")
def get_group(tx: Transaction, req: GetGroupRequest) -> GetGroupResponse:  # noqa: ARG001 - its place tells which
    """The group, and a page of who is in it."""
    group: Group = tx.resource

    def member(folded: bytes) -> Any:
        user = tx.find(User, folded.decode())
        assert user is not None, "users who are deleted have left their groups"
        return shown_user(user)

    page = page_of_rows(tx, members_of(tx, group.unique_id), show=member)
    return cast("GetGroupResponse", {"Group": _shown(group), **with_page(page, "Users")})


@iam.operation(lists=Group)
def list_groups(tx: Transaction, req: ListGroupsRequest) -> Page:
    """By name, those whose path begins as asked."""
    prefix = req.get("PathPrefix", "/")
    return tx.page(Group, show=_shown, keep=lambda group: group.path.startswith(prefix), size_default=ITEMS_DEFAULT)


@iam.operation(on=Group, at="GroupName")
def update_group(tx: Transaction, req: UpdateGroupRequest) -> None:
    """Another name or path; it stays the same group, with its members and policies."""
    group: Group = tx.resource
    rename(tx, group, req.get("NewGroupName", group.name), req.get("NewPath", group.path))


@iam.operation(on=Group, at="GroupName")
def delete_group(tx: Transaction, req: DeleteGroupRequest) -> None:  # noqa: ARG001
    """Refused while it has members or policies."""
    group: Group = tx.resource
    if has_members(tx, group.unique_id):
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    if group.attached:
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if group.inline:
        raise DeleteConflict("Cannot delete entity, must delete policies first.")
    delete_named(tx, group)


@iam.operation(on=Group, at="GroupName")
def add_user_to_group(tx: Transaction, req: AddUserToGroupRequest) -> None:
    """Doing it twice is harmless."""
    group: Group = tx.resource
    user = get_named(tx, User, req["UserName"])
    if group.unique_id in user.groups:
        return
    room_for_one_more(tx, groups_per_user_max, len(user.groups))
    tx.replace(user, groups=[*user.groups, group.unique_id])
    add_member(tx, group.unique_id, user.folded)


@iam.operation(on=Group, at="GroupName")
def remove_user_from_group(tx: Transaction, req: RemoveUserFromGroupRequest) -> None:
    """Refused when the user is not in it."""
    group: Group = tx.resource
    user = get_named(tx, User, req["UserName"])
    if group.unique_id not in user.groups:
        raise User.not_found(User.place(tx.home, req["UserName"]))
    tx.replace(user, groups=[other for other in user.groups if other != group.unique_id])
    remove_member(tx, group.unique_id, user.folded)


@iam.operation(on=User, at="UserName")
def list_groups_for_user(tx: Transaction, req: ListGroupsForUserRequest) -> Page:  # noqa: ARG001
    """The groups a user is in, by name."""
    return page_of(tx, groups_of(tx, tx.resource), key=lambda group: group.folded, show=_shown)


def groups_of(tx: Transaction, user: User) -> list[Group]:
    """The groups a user is in."""
    return [cast("Group", by_id(tx, group)) for group in user.groups]


def _shown(group: Group) -> Any:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.unique_id,
        "Arn": group.arn,
        "CreateDate": group.created_at,
    }
