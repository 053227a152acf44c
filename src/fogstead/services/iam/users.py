"""Users: made, shown, listed by path, renamed, tagged. Deleting one is in `user_deletion.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.identity import Principal
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.iam.boundaries import boundary_keys, checked_boundary, shown_boundary
from fogstead.services.iam.memberships import rename_member
from fogstead.services.iam.names import Named, create_named, refuse_taken, rename
from fogstead.services.iam.pages import ITEMS_DEFAULT
from fogstead.services.iam.policy_uses import note_use
from fogstead.services.iam.service import NoSuchEntity, ValidationError, iam, room_in_account, users_max
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreateUserRequest,
        CreateUserResponse,
        GetUserRequest,
        GetUserResponse,
        ListUsersRequest,
        UpdateUserRequest,
    )

ACCOUNTS_BEGIN = 0
"""When a root was made: every number is an account from the beginning of time."""


class User(Named, service=iam, arn="user{path}{name}", key=("folded",), missing=NoSuchEntity):
    """A person or a program.

    `groups` are ids, `attached` ARNs of policies, `inline` documents by name, `boundary` an ARN, `devices` the serial
    numbers of its MFA devices. `last_password_use` is 0 when its password was never used.
    """

    noun = "user"
    changes_authority: ClassVar[bool] = True

    tags: Tags = {}
    groups: list[str] = []
    attached: list[str] = []
    inline: dict[str, str] = {}
    boundary: str = ""
    devices: list[str] = []
    last_password_use: int = 0

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @classmethod
    def locate_own(cls, caller: Principal, home: Home) -> Located | None:
        """A user who asks without a name means itself; a root is no user."""
        return cls.place(home, caller.name) if caller.kind == "user" else None


def subject(tx: Transaction) -> User | None:
    """Whom a call is about that may leave the name out: a user, or None for the account's root.

    ValidationError for other callers: what they call with belongs to nobody who stays.
    """
    user: User | None = tx.resource
    if user is None and not tx.caller.is_root:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return user


def subject_id(tx: Transaction) -> str:
    """Under whose id the things of the subject are kept; a root's is its account's number."""
    user = subject(tx)
    return tx.home.account if user is None else user.unique_id


@iam.operation(
    creates=User,
    at="UserName",
    locate=User.locate_new("UserName"),
    conditions=lambda tx, given: boundary_keys(given),  # noqa: ARG005 - conditions take both
)
def create_user(tx: Transaction, req: CreateUserRequest) -> CreateUserResponse:
    """Names are used once, whatever their case."""
    name, tags = req["UserName"], tags_of(req.get("Tags", []))
    refuse_taken(tx, User, name)
    boundary = checked_boundary(tx, req.get("PermissionsBoundary", ""))
    room_in_account(tx, User, users_max)
    user = User(
        name=name,
        folded=name.lower(),
        path=req.get("Path", "/"),
        unique_id=unique_id("AIDA", tx.random),
        tags=tags,
        boundary=boundary,
        created_at=tx.now,
    )
    made = create_named(tx, user)
    if boundary:
        note_use(tx, boundary, "boundary", made)
    return {"User": _shown_whole(made)}


@iam.operation(on=User, at="UserName")
def get_user(tx: Transaction, req: GetUserRequest) -> GetUserResponse:  # noqa: ARG001 - its place tells which
    """Without a name, whoever asks."""
    user = subject(tx)
    return {"User": _shown_root(tx) if user is None else _shown_whole(user)}


@iam.operation(lists=User)
def list_users(tx: Transaction, req: ListUsersRequest) -> Page:
    """By name, those whose path begins as asked."""
    prefix = req.get("PathPrefix", "/")
    return tx.page(User, show=shown_user, keep=lambda user: user.path.startswith(prefix), size_default=ITEMS_DEFAULT)


@iam.operation(on=User, at="UserName")
def update_user(tx: Transaction, req: UpdateUserRequest) -> None:
    """Another name or path; it stays the same user, with its keys, groups and policies."""
    user: User = tx.resource
    renamed = rename(tx, user, req.get("NewUserName", user.name), req.get("NewPath", user.path))
    for group in user.groups:
        rename_member(tx, group, user.folded, renamed.folded)


tag_operations(User, at="UserName", noun="User")


def shown_user(user: User) -> Any:
    """As lists show one: without tags and boundary."""
    shown = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.unique_id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
    }
    return {**shown, "PasswordLastUsed": user.last_password_use} if user.last_password_use else shown


def _shown_whole(user: User) -> Any:
    shown = shown_user(user)
    shown.update(shown_boundary(user.boundary))
    if user.tags:
        shown["Tags"] = shown_tags(user.tags)
    return shown


def _shown_root(tx: Transaction) -> Any:
    return {"UserId": tx.home.account, "Arn": tx.caller.arn, "CreateDate": ACCOUNTS_BEGIN}
