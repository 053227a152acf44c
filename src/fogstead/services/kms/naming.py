"""The names of keys: every way to point at one, and the operations on aliases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import ServiceError, ValidationError
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located, home_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.kms import aliases, ciphertexts
from fogstead.services.kms.aliases import PREFIX, RESERVED, Alias
from fogstead.services.kms.ciphertexts import NotACiphertext
from fogstead.services.kms.conditions import alias_names
from fogstead.services.kms.keys import Key
from fogstead.services.kms.managed_keys import is_predefined, make_managed
from fogstead.services.kms.pointers import CiphertextPointer, Pointer
from fogstead.services.kms.service import (
    ALIASES_PER_KEY_MAX,
    AlreadyExists,
    InvalidAliasName,
    InvalidCiphertext,
    LimitExceeded,
    NotAuthorized,
    NotFound,
    kms,
)
from fogstead.services.kms.usable import require_not_pending_deletion, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import CreateAliasRequest, DeleteAliasRequest, ListAliasesRequest, UpdateAliasRequest

_NAME = re.compile(r"alias/[A-Za-z0-9/_-]+\Z")


@dataclass(frozen=True, slots=True)
class AliasPointer(Pointer):
    """The key that an alias points at. A predefined one gets its key when a service first asks for it."""

    name: str = ""
    makes_managed: bool = False

    @property
    def arn(self) -> str:
        return Alias.at(self.home, self.name).arn

    def read(self, tx: Transaction) -> Any:
        alias: Alias | None = tx.at(Alias.at(self.home, self.name))
        if alias is not None:
            return tx.at(Key.at(self.home, alias.key_id))
        if is_predefined(self.name) and (tx.origin.via or self.makes_managed):
            name, home = self.name, self.home
            tx.ask(("managed key", name), lambda call: call.transact(make_managed, name, home=home))
        return None

    def error(self) -> ServiceError:
        return NotFound(f"Alias {self.arn} is not found.")


def pointed_at(value: str, home: Home, *, makes_managed: bool = False) -> Located:
    """The place of a key by its id, its ARN, an alias or an alias ARN."""
    name, at = value, home
    if value.startswith("arn:") and ":alias/" in value:
        parts = value.split(":", 5)
        if parts[3] != home.region:
            raise NotFound(f"Invalid arn {parts[3][:64]}")
        name, at = parts[-1], home_of(parts[4], parts[3])
    if not name.startswith(PREFIX):
        return Key.locate(value, home)
    short = name.removeprefix(PREFIX)
    return AliasPointer(Key, at, (name,), name=short, makes_managed=makes_managed)


def named(given: Mapping[str, Any], home: Home) -> Located:
    """Where `KeyId` points, for operations that take aliases."""
    return pointed_at(given["KeyId"], home)


def described(given: Mapping[str, Any], home: Home) -> Located:
    """The same for DescribeKey, which gives a predefined alias its key."""
    return pointed_at(given["KeyId"], home, makes_managed=True)


def in_ciphertext(given: Mapping[str, Any], home: Home) -> Located:
    """Where `KeyId` points, or else what the ciphertext says of itself."""
    wanted, blob = given.get("KeyId"), given.get("CiphertextBlob")
    if not wanted:
        return labelled(blob, home)
    place = named(given, home)
    # A bare id is good for another account's key too, if the ciphertext names it. Source: API reference, Decrypt.
    if wanted == place.key[0] and blob is not None and ciphertexts.names(blob, wanted):
        return labelled(blob, home)
    return place


def labelled(blob: bytes | None, home: Home) -> Located:
    """The key that a symmetric ciphertext names, in the Region of the call."""
    if blob is None:
        raise ValidationError(
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not "
            "be null"
        )
    try:
        label = ciphertexts.label_of(blob)
    except NotACiphertext:
        raise InvalidCiphertext from None
    return CiphertextPointer(Key, home_of(label.account, home.region), (label.key_id,))


# ------------------------------------------------------------- operations
def _check_name(name: str) -> None:
    """Source: API reference, CreateAlias, AliasName."""
    if not name.startswith(PREFIX):
        raise ValidationError(
            'Alias must start with the prefix "alias/". Please see '
            "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        )
    if name.startswith(RESERVED):
        raise NotAuthorized
    if _NAME.match(name) is None:
        raise InvalidAliasName(f"{name} contains invalid characters for an alias")


@kms.operation(on=Key, at="TargetKeyId")
def create_alias(tx: Transaction, req: CreateAliasRequest) -> None:
    """A name points at one key; it is allowed for the name and for the key."""
    key, name = require_owner(tx), req["AliasName"]
    _check_name(name)
    alias = Alias(
        name=name.removeprefix(PREFIX),
        key_id=key.key_id,
        updated_at=tx.now,
        account=tx.home.account,
        region=tx.home.region,
    )
    tx.authorise("kms:CreateAlias", alias, "", req)
    require_not_pending_deletion(key)
    if tx.find(Alias, alias.name) is not None:
        raise AlreadyExists(f"An alias with the name {alias.arn} already exists")
    _check_room(tx, key)
    aliases.point(tx, alias, key)


def _check_room(tx: Transaction, key: Key) -> None:
    if len(alias_names(tx, key)) >= ALIASES_PER_KEY_MAX:
        raise LimitExceeded(f"{key.arn} has {ALIASES_PER_KEY_MAX} aliases, its quota.")


@kms.operation(on=Alias, at="AliasName")
def update_alias(tx: Transaction, req: UpdateAliasRequest) -> None:
    """Points the name at another key of the same kind and usage."""
    alias: Alias = tx.resource
    _check_name(req["AliasName"])
    located = Key.locate(req["TargetKeyId"], tx.home)
    target: Key | None = tx.at(located) if located.home == tx.home else None
    old = tx.get(Key, alias.key_id)
    tx.authorise("kms:UpdateAlias", old, "", req)
    if target is None:
        raise Key.not_found(located)
    tx.authorise("kms:UpdateAlias", target, "", req)
    require_not_pending_deletion(target)
    if (old.spec.is_pair, old.spec.kind == "hmac", old.usage) != (
        target.spec.is_pair,
        target.spec.kind == "hmac",
        target.usage,
    ):
        raise ValidationError("The current and the new key of an alias must be of the same type and usage.")
    if target.key_id != old.key_id:
        _check_room(tx, target)
    aliases.point(tx, alias, target)


@kms.operation(on=Alias, at="AliasName")
def delete_alias(tx: Transaction, req: DeleteAliasRequest) -> None:
    """The key stays."""
    alias: Alias = tx.resource
    _check_name(req["AliasName"])
    tx.authorise("kms:DeleteAlias", tx.get(Key, alias.key_id), "", req)
    aliases.remove(tx, alias)


@kms.operation(lists=Alias)
def list_aliases(tx: Transaction, req: ListAliasesRequest) -> Page:
    """By name; those of one key where it is named."""
    key_id = ""
    if "KeyId" in req:
        located = Key.locate(req["KeyId"], tx.home)
        key = tx.at(located) if located.home == tx.home else None
        if key is None:
            raise Key.not_found(located)
        key_id = key.key_id
    return tx.page(
        Alias, show=_shown, keep=lambda alias: not key_id or alias.key_id == key_id, size_default=50, size_max=100
    )


def _shown(alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.full_name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.key_id,
        "CreationDate": alias.created_at,
        "LastUpdatedDate": alias.updated_at,
    }
