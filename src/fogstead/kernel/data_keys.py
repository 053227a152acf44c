"""Data keys of KMS: new ones, and sealed ones opened, for the caller; and those that are used again for a while.

A service seals what it keeps under a data key, and keeps that key as KMS sealed it. So who may not use the KMS key
cannot read, and what is on the disk opens with neither the cloud's root key nor the data key alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from fogstead.primitives.clock import Millis
from fogstead.primitives.store import Home

if TYPE_CHECKING:
    from fogstead.kernel.calls import Call
    from fogstead.kernel.transaction import Transaction

KEPT_MAX: Final = 4096
"""Opened data keys that are remembered at once, the last used ones."""

Place = tuple[Hashable, ...]
"""Whose a data key is, what for, and for which requester."""


class SealedKey(NamedTuple):
    """A data key as it is kept: as KMS sealed it, under which key, about what."""

    sealed: bytes
    key_arn: str
    context: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DataKey:
    """32 bytes in the plain, the same as KMS sealed them, and the ARN of the key they are sealed under."""

    plain: bytes = field(repr=False)
    sealed: bytes
    key_arn: str


class DataKeys:
    """Opened data keys, by whom they are for and what for, each for a bounded time of the cloud's clock."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._kept: OrderedDict[Place, tuple[DataKey, Millis]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, place: Place, now: Millis) -> DataKey | None:
        """The data key of a place, if there is one that is still good."""
        with self._lock:
            known = self._kept.get(place)
            if known is None or known[1] <= now:
                return None
            self._kept.move_to_end(place)
            return known[0]

    def keep(self, place: Place, key: DataKey, until: Millis) -> None:
        """Remember the data key of a place until a time."""
        with self._lock:
            self._kept[place] = (key, until)
            self._kept.move_to_end(place)
            if len(self._kept) > self._kept_max:
                self._kept.popitem(last=False)

    def reused(self, place: Place, now: Millis, until: Millis, make: Callable[[], DataKey]) -> DataKey:
        """The data key of a place; made, and remembered until a time, when there is none."""
        known = self.find(place, now)
        if known is None:
            known = make()
            self.keep(place, known, until)
        return known

    def forget(self, owner: Hashable) -> None:
        """Drop all whose place begins with `owner`."""
        with self._lock:
            for place in [place for place in self._kept if place[0] == owner]:
                del self._kept[place]

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


def new(tx: Transaction, key_id: str, context: Mapping[str, str], home: Home, *, verified: bool = False) -> DataKey:
    """A new data key under a KMS key of `home`, or of the home that its ARN tells, for the caller.

    Its errors are those of KMS. `verified` has it opened once more, as services do that need both permissions.
    """
    said = dict(context)

    async def ask(call: Call) -> DataKey:
        made = await call.as_caller_in(home.region, home.account).kms.generate_data_key(
            KeyId=key_id, KeySpec="AES_256", EncryptionContext=said
        )
        if verified:
            return await _opened(call, SealedKey(made["CiphertextBlob"], made["KeyId"], said), home)
        return DataKey(made["Plaintext"], made["CiphertextBlob"], made["KeyId"])

    known: DataKey = tx.ask(("new data key", key_id, tuple(sorted(said.items())), home), ask)
    return known


def opened(tx: Transaction, wanted: Sequence[SealedKey], home: Home) -> list[DataKey]:
    """Data keys that KMS sealed, opened for the caller, all or none. Its errors are those of KMS."""

    async def ask(call: Call) -> list[DataKey]:
        return await asyncio.gather(*(_opened(call, one, home) for one in wanted))

    known: list[DataKey] = tx.ask(("opened data keys", tuple(one.sealed for one in wanted)), ask)
    return known


async def _opened(call: Call, key: SealedKey, home: Home) -> DataKey:
    answer = await call.as_caller_in(home.region, home.account).kms.decrypt(
        CiphertextBlob=key.sealed, KeyId=key.key_arn, EncryptionContext=dict(key.context)
    )
    return DataKey(answer["Plaintext"], key.sealed, key.key_arn)


def requester(tx: Transaction) -> Place:
    """Whom services take for one and the same when they use a data key again.

    All sessions of a role are, unless their policies differ; a service is as many as there are resources it acts for.
    Source: SQS Developer Guide, "Amazon SQS Key management"; S3 User Guide, "Reducing the cost of SSE-KMS with Amazon
    S3 Bucket Keys".
    """
    caller, session = tx.caller, tx.caller.session
    scope = (session.policies, session.policy_arns) if session is not None else ()
    return (caller.kind, caller.identity_arn, tx.origin.source_arn, scope)
