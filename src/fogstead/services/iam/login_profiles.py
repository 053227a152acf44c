"""Login profiles: a user's password. It is checked by the account's rules and kept so that nobody can read it.

To make or compare such a form takes tens of milliseconds, so it is asked for outside of the transaction, on a thread.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.resource import Resource
from fogstead.kernel.transaction import Transaction
from fogstead.model.validation import Fault, describe
from fogstead.services.iam.names import named
from fogstead.services.iam.password_policies import password_rules
from fogstead.services.iam.passwords import SALT_BYTES, fault_without_rules, hashed, is_any_of
from fogstead.services.iam.service import (
    EntityAlreadyExists,
    InvalidUserType,
    NoSuchEntity,
    PasswordPolicyViolation,
    ValidationError,
    iam,
)
from fogstead.services.iam.users import User, subject

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        ChangePasswordRequest,
        CreateLoginProfileRequest,
        CreateLoginProfileResponse,
        DeleteLoginProfileRequest,
        GetLoginProfileRequest,
        GetLoginProfileResponse,
        UpdateLoginProfileRequest,
    )

PASSWORDS_KEPT = 24
"""As many as a policy can keep from being used again."""


class LoginProfile(Resource, service=iam, arn="login-profile/{owner}", missing=NoSuchEntity):
    """`kept` are the forms of its passwords, the newest first."""

    owner: str
    kept: list[str]
    reset_required: bool = False
    changed_at: int = 0


@iam.operation(on=User, at="UserName")
def create_login_profile(tx: Transaction, req: CreateLoginProfileRequest) -> CreateLoginProfileResponse:
    """A user's first password."""
    user = _user(tx)
    if tx.find(LoginProfile, user.unique_id) is not None:
        raise EntityAlreadyExists(f"Login Profile for user {user.name} already exists.")
    password = req.get("Password")
    if password is None:
        raise ValidationError(describe([Fault("password", "null", "Member must not be null")]))
    _check(tx, password)
    profile = LoginProfile(
        owner=user.unique_id,
        kept=[_form_of(tx, password)],
        reset_required=req.get("PasswordResetRequired", False),
        changed_at=tx.now,
    )
    return {"LoginProfile": _shown(user, tx.create(profile))}


@iam.operation(on=User, at="UserName")
def get_login_profile(tx: Transaction, req: GetLoginProfileRequest) -> GetLoginProfileResponse:  # noqa: ARG001
    """That there is a password, never which."""
    user = _user(tx)
    return {"LoginProfile": _shown(user, _profile(tx, user))}


@iam.operation(on=User, at="UserName")
def update_login_profile(tx: Transaction, req: UpdateLoginProfileRequest) -> None:
    """Another password, or whether it has to be changed; what is left out stays."""
    user: User = tx.resource
    profile = _profile(tx, user)
    if "Password" in req:
        profile = _with_password(tx, profile, req["Password"])
    tx.replace(profile, reset_required=req.get("PasswordResetRequired", profile.reset_required))


@iam.operation(on=User, at="UserName")
def delete_login_profile(tx: Transaction, req: DeleteLoginProfileRequest) -> None:  # noqa: ARG001
    """The user's keys stay."""
    tx.delete(_profile(tx, _user(tx)))


@iam.operation(decides_itself=True)
def change_password(tx: Transaction, req: ChangePasswordRequest) -> None:
    """One's own password, by whoever may or whose account lets all its users."""
    caller = tx.caller
    user = named(tx, User, caller.name) if caller.kind == "user" else None
    if user is None:
        raise InvalidUserType
    rules = password_rules(tx)
    if rules is None or not rules.users_may_change:
        tx.authorise("iam:ChangePassword", user, "", req)
    profile = _profile(tx, user)
    if not _is_one_of(tx, "old", req["OldPassword"], profile.kept[:1]):
        raise AccessDenied("The old password was incorrect.")
    profile = _with_password(tx, profile, req["NewPassword"])
    tx.replace(profile, reset_required=False)


def _user(tx: Transaction) -> User:
    """Whom the call is about; roots have no login profile here."""
    user = subject(tx)
    if user is None:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return user


def _profile(tx: Transaction, user: User) -> LoginProfile:
    profile = tx.find(LoginProfile, user.unique_id)
    if profile is None:
        raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
    return profile


def _with_password(tx: Transaction, profile: LoginProfile, password: str) -> LoginProfile:
    """The profile with another password, which must not be one of the last."""
    _check(tx, password)
    rules = password_rules(tx)
    if rules is not None and _is_one_of(tx, "used before", password, profile.kept[: rules.reuse_prevented]):
        raise PasswordPolicyViolation("Password does not conform to the account password policy: it was used before.")
    kept = [_form_of(tx, password), *profile.kept][:PASSWORDS_KEPT]
    return tx.replace(profile, kept=kept, changed_at=tx.now)


def _check(tx: Transaction, password: str) -> None:
    rules = password_rules(tx)
    fault = fault_without_rules(password, tx.home.account) if rules is None else rules.fault(password)
    if fault:
        raise PasswordPolicyViolation(fault)


def _form_of(tx: Transaction, password: str) -> str:
    async def make(call: Call) -> str:
        return await asyncio.to_thread(hashed, password, call.cloud.ids.take(SALT_BYTES))

    form: str = tx.ask("form", make)
    return form


def _is_one_of(tx: Transaction, question: str, password: str, kept: list[str]) -> bool:
    """Whether one of the kept forms was made of this password. Questions are named without what they are about."""

    async def compare(_call: Call) -> bool:
        return await asyncio.to_thread(is_any_of, password, kept)

    same: bool = bool(kept) and tx.ask(question, compare)
    return same


def _shown(user: User, profile: LoginProfile) -> Any:
    return {
        "UserName": user.name,
        "CreateDate": profile.created_at,
        "PasswordResetRequired": profile.reset_required,
    }
