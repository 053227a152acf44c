"""Access keys of users and of the root: made, listed, switched on and off, deleted; two for each.

The secret is sealed at rest and told once, when the key is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from fogstead.kernel.access_keys import new_access_key, new_secret
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.belongings import Belonging, belongings, page_of_belongings, refuse_expiry
from fogstead.services.iam.last_uses import forget_uses, last_use
from fogstead.services.iam.names import by_id
from fogstead.services.iam.service import NoSuchEntity, access_keys_max, iam, room_for_one_more
from fogstead.services.iam.users import User, subject, subject_id

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreateAccessKeyRequest,
        CreateAccessKeyResponse,
        DeleteAccessKeyRequest,
        GetAccessKeyLastUsedRequest,
        GetAccessKeyLastUsedResponse,
        ListAccessKeysRequest,
        UpdateAccessKeyRequest,
    )

_PURPOSE = "access key"
_OWNERS = pack("iam-key-owner")


class AccessKey(Belonging, service=iam, arn="access-key/{owner}/{id}", missing=NoSuchEntity):
    """A key's id, and its secret under seal."""

    noun = "Access Key"
    changes_authority: ClassVar[bool] = True

    sealed: bytes = b""

    def secret(self, tx: Transaction) -> str:
        """The secret itself."""
        return tx.cloud.vault.open(_PURPOSE, self.sealed, self.id.encode()).decode("ascii")


@iam.operation(on=User, at="UserName")
def create_access_key(tx: Transaction, req: CreateAccessKeyRequest) -> CreateAccessKeyResponse:  # noqa: ARG001
    """A key of the user or root that is meant; the only answer with its secret."""
    user, owner = subject(tx), subject_id(tx)
    room_for_one_more(tx, access_keys_max, len(belongings(tx, AccessKey, owner)))
    key, secret = new_access_key("AKIA", tx.home.account, tx.random), new_secret(tx.random)
    sealed = tx.cloud.vault.seal(_PURPOSE, secret.encode("ascii"), key.encode())
    made = tx.create(AccessKey(owner=owner, id=key, sealed=sealed))
    tx.keys.put(_owner_row(tx, key), owner.encode())
    shown = _shown(made, user)
    shown["SecretAccessKey"] = secret
    return {"AccessKey": shown}


@iam.operation(on=User, at="UserName")
def list_access_keys(tx: Transaction, req: ListAccessKeysRequest) -> Page:  # noqa: ARG001
    """Without their secrets."""
    user = subject(tx)
    return page_of_belongings(tx, AccessKey, subject_id(tx), lambda key: _shown(key, user))


@iam.operation(on=User, at="UserName")
def update_access_key(tx: Transaction, req: UpdateAccessKeyRequest) -> None:
    """What is signed with an inactive key is refused from the next call on."""
    key = tx.get(AccessKey, subject_id(tx), req["AccessKeyId"])
    tx.replace(key, status=refuse_expiry(req["Status"]))


@iam.operation(on=User, at="UserName")
def delete_access_key(tx: Transaction, req: DeleteAccessKeyRequest) -> None:
    """Gone for good; ids are not used again."""
    key = tx.get(AccessKey, subject_id(tx), req["AccessKeyId"])
    tx.keys.delete(_owner_row(tx, key.id))
    forget_uses(tx, key.id)
    tx.delete(key)


@iam.operation(decides_itself=True)
def get_access_key_last_used(tx: Transaction, req: GetAccessKeyLastUsedRequest) -> GetAccessKeyLastUsedResponse:
    """When, for which service and in which Region; N/A for a key that was never used."""
    key = find_access_key(tx, req["AccessKeyId"])
    user = cast("User | None", by_id(tx, key.owner)) if key is not None else None
    if user is not None:
        tx.authorise("iam:GetAccessKeyLastUsed", user, "", req)
    elif key is None or not tx.caller.is_root:
        # Keys of other accounts and keys that are none are not told apart.
        raise AccessDenied(
            f"User: {tx.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed "
            f"on resource: access key {req['AccessKeyId']}"
        )
    use = last_use(tx, req["AccessKeyId"])
    shown: Any = {"UserName": user.name} if user is not None else {}
    shown["AccessKeyLastUsed"] = (
        {"ServiceName": "N/A", "Region": "N/A"}
        if use is None
        else {"LastUsedDate": use.at, "ServiceName": use.service, "Region": use.region}
    )
    return cast("GetAccessKeyLastUsedResponse", shown)


def find_access_key(tx: Transaction, key: str) -> AccessKey | None:
    """The key with this id, whosever it is in the account."""
    owner = tx.keys.get(_owner_row(tx, key))
    return None if owner is None else tx.find(AccessKey, owner.decode(), key)


def _owner_row(tx: Transaction, key: str) -> Key:
    return tx.home.prefix + _OWNERS + pack(key)


def _shown(key: AccessKey, user: User | None) -> Any:
    shown = {"AccessKeyId": key.id, "Status": key.status, "CreateDate": key.created_at}
    return shown if user is None else {"UserName": user.name, **shown}
