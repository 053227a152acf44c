"""Account aliases: one for an account, and no two accounts share one. They are kept in the home of the whole cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fogstead.kernel.calls import Call
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.service import EntityAlreadyExists, NoSuchEntity, iam

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreateAccountAliasRequest,
        DeleteAccountAliasRequest,
        ListAccountAliasesRequest,
        ListAccountAliasesResponse,
    )

_CLOUD: Final = home_of("", "")
_ACCOUNTS: Final = _CLOUD.prefix + pack("iam-alias")
_ALIASES: Final = _CLOUD.prefix + pack("iam-account-alias")


@iam.operation()
async def create_account_alias(call: Call, req: CreateAccountAliasRequest) -> None:
    """In the place of the one that the account had."""
    await call.transact(_take, call.home.account, req["AccountAlias"], home=_CLOUD)


@iam.operation()
async def delete_account_alias(call: Call, req: DeleteAccountAliasRequest) -> None:
    """By its name, so that nobody removes another than he means."""
    await call.transact(_release, call.home.account, req["AccountAlias"], home=_CLOUD)


@iam.operation(ignores=("Marker", "MaxItems"))
async def list_account_aliases(
    call: Call,
    req: ListAccountAliasesRequest,  # noqa: ARG001 - a list of at most one has no pages
) -> ListAccountAliasesResponse:
    """The account's alias, or none."""
    alias = await call.transact(_alias_of, call.home.account, home=_CLOUD)
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


def _take(tx: Transaction, account: str, alias: str) -> None:
    if tx.keys.get(_ACCOUNTS + pack(alias)) is not None:
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    old = _alias_of(tx, account)
    if old:
        tx.keys.delete(_ACCOUNTS + pack(old))
    tx.keys.put(_ACCOUNTS + pack(alias), account.encode())
    tx.keys.put(_ALIASES + pack(account), alias.encode())


def _release(tx: Transaction, account: str, alias: str) -> None:
    if _alias_of(tx, account) != alias:
        raise NoSuchEntity(f"The account alias with name {alias} cannot be found.")
    tx.keys.delete(_ACCOUNTS + pack(alias))
    tx.keys.delete(_ALIASES + pack(account))


def _alias_of(tx: Transaction, account: str) -> str:
    row = tx.keys.get(_ALIASES + pack(account))
    return "" if row is None else row.decode()
