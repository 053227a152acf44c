"""Deleting a user: refused, with AWS's sentence for what is there first, as long as anything is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.access_keys import AccessKey
from fogstead.services.iam.belongings import belongings
from fogstead.services.iam.login_profiles import LoginProfile
from fogstead.services.iam.names import delete_named
from fogstead.services.iam.policy_uses import drop_use
from fogstead.services.iam.service import DeleteConflict, iam
from fogstead.services.iam.signing_certificates import SigningCertificate
from fogstead.services.iam.ssh_keys import SSHPublicKey
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import DeleteUserRequest


@iam.operation(on=User, at="UserName")
def delete_user(tx: Transaction, req: DeleteUserRequest) -> None:  # noqa: ARG001 - its place tells which
    """A user with nothing left; its id is never given again."""
    user: User = tx.resource
    left = _left(tx, user)
    if left:
        raise DeleteConflict(f"Cannot delete entity, must {left} first.")
    if user.boundary:
        drop_use(tx, user.boundary, "boundary", user)
    delete_named(tx, user)


def _left(tx: Transaction, user: User) -> str:
    """What has to be done before, or nothing."""
    owner = user.unique_id
    if user.groups:
        return "remove users from group"
    if user.attached:
        return "detach all policies"
    if user.inline:
        return "delete policies"
    if belongings(tx, AccessKey, owner):
        return "delete access keys"
    if tx.find(LoginProfile, owner) is not None:
        return "delete login profile"
    if user.devices:
        return "delete MFA device"
    if belongings(tx, SigningCertificate, owner):
        return "delete certificates"
    if belongings(tx, SSHPublicKey, owner):
        return "remove referenced objects"
    return ""
