"""The account's password policy: put whole, shown, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.passwords import PasswordRules
from fogstead.services.iam.service import NoSuchEntity, iam

if TYPE_CHECKING:
    from fogstead.shapes.iam import GetAccountPasswordPolicyResponse, NoInput, UpdateAccountPasswordPolicyRequest

_ROW = pack("iam-password-policy")
_codec: RecordCodec[PasswordRules] = RecordCodec(PasswordRules)
_REQUIRED = {
    "uppercase": "RequireUppercaseCharacters",
    "lowercase": "RequireLowercaseCharacters",
    "numbers": "RequireNumbers",
    "symbols": "RequireSymbols",
}


def password_rules(tx: Transaction) -> PasswordRules | None:
    """The account's own rules, or None."""
    row = tx.keys.get(_row(tx))
    return None if row is None else _codec.decode(row)


@iam.operation()
def update_account_password_policy(tx: Transaction, req: UpdateAccountPasswordPolicyRequest) -> None:
    """Whatever is left out has its default again."""
    rules = PasswordRules(
        length_min=req.get("MinimumPasswordLength", 6),
        required=tuple(kind for kind, member in _REQUIRED.items() if req.get(member, False)),
        users_may_change=req.get("AllowUsersToChangePassword", False),
        age_max_days=req.get("MaxPasswordAge", 0),
        reuse_prevented=req.get("PasswordReusePrevention", 0),
        hard_expiry=req.get("HardExpiry", False),
    )
    tx.keys.put(_row(tx), _codec.encode(rules))


@iam.operation()
def get_account_password_policy(tx: Transaction, req: NoInput) -> GetAccountPasswordPolicyResponse:  # noqa: ARG001
    """Refused when the account has none of its own."""
    rules = password_rules(tx)
    if rules is None:
        raise NoSuchEntity(f"The Password Policy with domain name {tx.home.account} cannot be found.")
    shown: Any = {member: kind in rules.required for kind, member in _REQUIRED.items()}
    shown |= {
        "MinimumPasswordLength": rules.length_min,
        "AllowUsersToChangePassword": rules.users_may_change,
        "ExpirePasswords": rules.age_max_days > 0,
    }
    if rules.age_max_days:
        shown["MaxPasswordAge"] = rules.age_max_days
    if rules.reuse_prevented:
        shown["PasswordReusePrevention"] = rules.reuse_prevented
    if rules.hard_expiry:
        shown["HardExpiry"] = True
    return {"PasswordPolicy": shown}


@iam.operation()
def delete_account_password_policy(tx: Transaction, req: NoInput) -> None:  # noqa: ARG001
    """Then AWS's own rules hold again."""
    if password_rules(tx) is None:
        raise NoSuchEntity("The account policy with name PasswordPolicy cannot be found.")
    tx.keys.delete(_row(tx))


def _row(tx: Transaction) -> Key:
    return tx.home.prefix + _ROW
