"""Tags of keys, in the form that KMS alone gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.kms.keys import Key
from fogstead.services.kms.making import checked_tags, shown_tags
from fogstead.services.kms.service import kms
from fogstead.services.kms.usable import require_not_pending_deletion, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import ListResourceTagsRequest, TagResourceRequest, UntagResourceRequest


@kms.operation(on=Key, at="KeyId")
def tag_resource(tx: Transaction, req: TagResourceRequest) -> None:
    """Adds tags, or gives those that are there another value."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    tx.replace(key, tags=checked_tags(req["Tags"], key.tags))


@kms.operation(on=Key, at="KeyId")
def untag_resource(tx: Transaction, req: UntagResourceRequest) -> None:
    """Removes tags by their keys; one that is not there is no fault."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    doomed = set(req["TagKeys"])
    tx.replace(key, tags={name: value for name, value in key.tags.items() if name not in doomed})


@kms.operation(on=Key, at="KeyId")
def list_resource_tags(tx: Transaction, req: ListResourceTagsRequest) -> Page:  # noqa: ARG001
    """By name."""
    key: Key = tx.resource
    cut = tx.cut(size_default=50, size_max=50)
    after = str(unpack(cut.after)[0]) if cut.after is not None else ""
    names = [name for name in sorted(key.tags) if name > after]
    page = names[: cut.size]
    token = cut.token(pack(page[-1])) if len(names) > len(page) else None
    return Page(shown_tags({name: key.tags[name] for name in page}), token)
