"""The cloud's own endpoints under `/_fogstead/`, and the health page that older tools wait for."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from fogstead.gateway import admin_iam
from fogstead.gateway.exchanges import Exchange
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.sweeping import ORPHAN_SECONDS

log = logging.getLogger(__name__)

_JSON = [("content-type", "application/json")]
_ADVANCE_MAX_SECONDS = 100 * 366 * 24 * 3600


class AdminError(Exception):
    """A request that cannot be done; the message says what to send instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Admin:
    """Health for everyone; reset and clock for trusted callers."""

    def __init__(self, cloud: Cloud, version: str) -> None:
        self._cloud = cloud
        self._version = version

    async def serve(self, exchange: Exchange, *, trusted: bool) -> None:
        """Answer one of the cloud's own paths."""
        head = exchange.head
        name = f"{head.method} {head.path.rstrip('/')}"
        handler = {
            "GET /_localstack/health": self._health,
            "GET /_fogstead/health": self._health,
            "GET /_fogstead/live": self._live,
            "GET /_fogstead/ready": self._live,
            "GET /_localstack/info": self._info,
            "GET /_fogstead/info": self._info,
            "GET /_fogstead/clock": self._clock,
            "POST /_fogstead/clock": self._advance,
            "GET /_fogstead/counts": self._counts,
            "GET /_fogstead/audit": self._audit,
            "GET /_fogstead/unread": self._unread,
            "GET /_fogstead/iam/explain": self._explain,
            "GET /_fogstead/iam/suggest": self._suggest,
            "POST /_fogstead/reset": self._reset,
            "POST /_fogstead/sweep": self._sweep,
        }.get(name)
        try:
            if handler is None:
                raise AdminError(404, f"there is no {name}")
            if name.startswith("POST") or name.endswith(("/audit", "/counts", "/unread", "/explain", "/suggest")):
                _require(trusted)
            status, answer = 200, await handler(exchange)
        except AdminError as error:
            status, answer = error.status, {"message": str(error)}
        except Exception:
            log.exception("%s failed", name)
            status, answer = 500, {"message": "internal failure; see the log"}
        exchange.answer(status, _JSON, msgspec.json.encode(answer) + b"\n")

    async def _health(self, _exchange: Exchange) -> Any:
        services = dict.fromkeys(self._cloud.catalog.names, "available")
        return {"services": services, "edition": "fogstead", "version": self._version}

    async def _live(self, _exchange: Exchange) -> Any:
        return {"status": "ok"}

    async def _info(self, _exchange: Exchange) -> Any:
        return {"version": self._version, "edition": "fogstead", "auth": self._cloud.auth}

    async def _clock(self, _exchange: Exchange) -> Any:
        clock = self._cloud.clock
        return {"true_millis": clock.true_now(), "cloud_millis": clock.now(), "offset_millis": clock.offset}

    async def _advance(self, exchange: Exchange) -> Any:
        asked = _object(exchange.body)
        clock = self._cloud.clock
        seconds, until = asked.get("advance_seconds"), asked.get("set_millis")
        furthest = clock.now() + _ADVANCE_MAX_SECONDS * 1000
        if isinstance(seconds, int | float) and seconds is not True and 0 <= seconds <= _ADVANCE_MAX_SECONDS:
            target = clock.now() + int(seconds * 1000)
        elif isinstance(until, int) and until is not True and until <= furthest:
            target = until
        else:
            raise AdminError(400, 'send {"advance_seconds": N} or {"set_millis": N}')
        if target < clock.now():
            raise AdminError(400, "cloud time moves forward only")
        steps = await self._cloud.advance(target)
        return {**await self._clock(exchange), "steps": steps}

    async def _counts(self, _exchange: Exchange) -> Any:
        return [{**series._asdict(), "count": count} for series, count in self._cloud.counts]

    async def _audit(self, _exchange: Exchange) -> Any:
        return [msgspec.structs.asdict(record) for record in getattr(self._cloud.audit, "records", ())]

    async def _explain(self, exchange: Exchange) -> Any:
        found = await admin_iam.explain(self._cloud, exchange.head.query)
        if found is None:
            raise AdminError(404, "nothing is known of that request: send ?request=ID of a recorded call")
        return found

    async def _suggest(self, exchange: Exchange) -> Any:
        return await admin_iam.suggest(self._cloud, exchange.head.query)

    async def _unread(self, _exchange: Exchange) -> Any:
        return {
            f"{operation.service.name}.{operation.name}": names
            for operation, names in self._cloud.observations.unread()
        }

    async def _reset(self, _exchange: Exchange) -> Any:
        await self._cloud.reset()
        return {"status": "reset"}

    async def _sweep(self, exchange: Exchange) -> Any:
        seconds = _object(exchange.body).get("older_than_seconds", ORPHAN_SECONDS)
        if not isinstance(seconds, int | float) or seconds is True or not 0 <= seconds <= _ADVANCE_MAX_SECONDS:
            raise AdminError(400, 'send {"older_than_seconds": N}')
        return {"removed": await self._cloud.sweeper.sweep(seconds)}


def _require(trusted: bool) -> None:
    if not trusted:
        raise AdminError(403, "sign with a root key, or call from a program on this machine")


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        raise AdminError(400, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise AdminError(400, "the body is not a JSON object")
    return value
