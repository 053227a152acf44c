"""Deletion: a window of days in which it can be taken back, then for good.

Source: KMS Developer Guide, "Delete a KMS key". A primary key with replicas waits for them; its window begins when the
last of them is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ValidationError
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import aliases, grants, materials
from fogstead.services.kms.billing import hold, let_go
from fogstead.services.kms.keys import PENDING_DELETION, PENDING_REPLICA_DELETION, Key
from fogstead.services.kms.rotations import JOB as ROTATION
from fogstead.services.kms.service import DAY_MILLIS, InvalidState, kms
from fogstead.services.kms.usable import require_not_pending_deletion, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        CancelKeyDeletionRequest,
        CancelKeyDeletionResponse,
        ScheduleKeyDeletionRequest,
        ScheduleKeyDeletionResponse,
    )

DAYS_MIN, DAYS_MAX = 7, 30
_GRANTS_EACH_TIME = 500


@kms.operation(on=Key, at="KeyId")
def schedule_key_deletion(tx: Transaction, req: ScheduleKeyDeletionRequest) -> ScheduleKeyDeletionResponse:
    """From now on nobody uses it; what it encrypted is lost once it is gone."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    days = req.get("PendingWindowInDays", DAYS_MAX)
    if not DAYS_MIN <= days <= DAYS_MAX:
        raise ValidationError(f"PendingWindowInDays must be between {DAYS_MIN} and {DAYS_MAX} (inclusive).")
    let_go(tx, key)
    shown: ScheduleKeyDeletionResponse = {"KeyId": key.arn, "PendingWindowInDays": days}
    materials.forget_opened(tx, key)
    if key.is_primary and key.replica_regions:
        shown["KeyState"] = tx.replace(key, replica_window_days=days).state
    else:
        going = _begin_window(tx, key, days)
        shown["KeyState"], shown["DeletionDate"] = going.state, going.deletion_at
    return shown


def _begin_window(tx: Transaction, key: Key, days: int) -> Key:
    going = tx.replace(key, deletion_at=tx.now + days * DAY_MILLIS, replica_window_days=0)
    tx.schedule("kms.delete", {"key_id": key.key_id}, at=going.deletion_at, name=key.key_id)
    return going


@kms.operation(on=Key, at="KeyId")
def cancel_key_deletion(tx: Transaction, req: CancelKeyDeletionRequest) -> CancelKeyDeletionResponse:  # noqa: ARG001
    """It stays, disabled."""
    key = require_owner(tx)
    if key.state not in (PENDING_DELETION, PENDING_REPLICA_DELETION):
        raise InvalidState(f"{key.arn} is not pending deletion.")
    hold(tx, tx.replace(key, deletion_at=0, replica_window_days=0, enabled=not key.ready))
    tx.unschedule("kms.delete", key.key_id)
    return {"KeyId": key.arn}


@job("kms.delete")
def delete(tx: Transaction, arguments: dict[str, Any]) -> None:
    """The end of the window: what refers to the key goes first, some at a time."""
    key = tx.find(Key, arguments["key_id"])
    if key is None or not key.deletion_at or key.deletion_at > tx.now:
        return
    some = grants.some_of(tx, key, _GRANTS_EACH_TIME)
    for grant in some:
        key = grants.remove(tx, key, grant)
    if len(some) == _GRANTS_EACH_TIME:
        tx.schedule("kms.delete", arguments, at=tx.now, name=key.key_id)
        return
    aliases.remove_all(tx, key)
    tx.unschedule(ROTATION, key.key_id)
    tx.delete(key)
    materials.forget_opened(tx, key)
    if key.related_regions:
        left = {"key_id": key.key_id, "gone": key.region, "regions": list(key.related_regions)}
        tx.schedule("kms.part", left, at=tx.now)


@job("kms.part")
async def part(call: Call, arguments: dict[str, Any]) -> None:
    """Tell the related keys that one of them is gone."""
    for region in arguments["regions"]:
        home = home_of(call.home.account, region)
        await call.transact(part_with, arguments["key_id"], arguments["gone"], home=home)


def part_with(tx: Transaction, key_id: str, gone: str) -> None:
    """Forget a replica; a primary key that waited for the last of them begins its window."""
    key = tx.find(Key, key_id)
    if key is None:
        return
    left = tx.replace(key, replica_regions=tuple(region for region in key.replica_regions if region != gone))
    if left.is_primary and left.replica_window_days and not left.replica_regions:
        _begin_window(tx, left, left.replica_window_days)
