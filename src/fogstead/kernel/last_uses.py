"""When access keys and roles were last used: noted in memory, written down now and then.

A kill -9 may take the last minute of it. AWS says of its own that it lags behind.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fogstead.kernel.authority import LastUse
from fogstead.kernel.identity import Principal
from fogstead.kernel.resource import home_of
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import StorageError

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

KEPT_EVERY_SECONDS = 60
NOTED_MAX = 4_096


class LastUses:
    """The uses since the last time they were written down."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._noted: dict[str, tuple[Millis, str, str, str]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def note(self, principal: Principal, service: str, region: str, now: Millis) -> None:
        """A key or role is used; who has neither leaves no trace."""
        used = principal.identity_arn if principal.kind == "role" else principal.access_key
        if not used or (used not in self._noted and len(self._noted) >= NOTED_MAX):
            return
        self._noted[used] = (now, service, region, principal.account)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEPT_EVERY_SECONDS, self._fire)

    def find(self, used: str) -> LastUse | None:
        """A use that is not written down yet, by access key or role ARN."""
        noted = self._noted.get(used)
        return LastUse(*noted) if noted is not None else None

    def _fire(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self.keep())

    async def keep(self) -> None:
        """Write down what was noted, by account."""
        uses = {used: LastUse(*noted) for used, noted in self._noted.items()}
        self._noted = {}
        for account in sorted({use.account for use in uses.values()}):
            mine = {used: use for used, use in uses.items() if use.account == account}
            try:
                await self._cloud.transact(home_of(account, ""), self._cloud.authority.note_use, mine)
            except StorageError as error:
                log.warning("last uses of keys are not kept: %s", error)

    async def close(self) -> None:
        """Write for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task
        await self.keep()
