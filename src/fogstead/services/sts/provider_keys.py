"""The keys of identity providers, fetched from where each says they are, and kept for an hour.

A provider says it at `/.well-known/openid-configuration` below its URL (OpenID Connect Discovery 1.0). When a token
names a key that is not among those kept, they are fetched again, but not more than once a minute.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fogstead.kernel.authority import ProviderFacts
from fogstead.primitives.clock import Millis
from fogstead.primitives.network.documents import NotThere, Unreachable, Untrusted, fetch
from fogstead.services.sts.json_web_tokens import Token, keys_for
from fogstead.services.sts.service import InvalidIdentityToken, ProviderUnreachable

Fetch = Callable[[str, Collection[str]], Awaitable[bytes]]
Key = Mapping[str, Any]
Source = tuple[str, tuple[str, ...]]
"""A provider's URL and the certificates it may show: another account may trust other ones."""

CONFIGURATION = "/.well-known/openid-configuration"
KEPT_FOR: Millis = 3_600_000
RETRIED_AFTER: Millis = 60_000
PROVIDERS_MAX = 256
_KEYS_MAX = 100


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: tuple[Key, ...]
    read_at: Millis


class ProviderKeys:
    """What providers' keys are, as far as tokens of theirs came lately. Times are true time."""

    def __init__(self, fetch: Fetch = fetch) -> None:
        self._fetch = fetch
        self._kept: dict[Source, _Kept] = {}
        self._underway: dict[Source, asyncio.Task[_Kept]] = {}

    async def find(self, provider: ProviderFacts, token: Token, now: Millis) -> list[Key]:
        """The keys that a token may be signed with; an error of STS when the provider gives none."""
        source = (provider.url, provider.thumbprints)
        kept = self._kept.get(source)
        if kept is None or now - kept.read_at >= KEPT_FOR:
            kept = await self._read(source, now)
        found = keys_for(token, kept.keys)
        if not found and now - kept.read_at >= RETRIED_AFTER:
            found = keys_for(token, (await self._read(source, now)).keys)
        if not found:
            raise no_key()
        return found

    async def _read(self, source: Source, now: Millis) -> _Kept:
        """All who ask for the same at one time are answered by one connection."""
        task = self._underway.get(source)
        if task is None:
            if len(self._underway) >= PROVIDERS_MAX:
                raise ProviderUnreachable
            task = self._underway[source] = asyncio.create_task(self._read_now(source, now))
            task.add_done_callback(lambda _done: self._underway.pop(source))
        return await asyncio.shield(task)

    async def _read_now(self, source: Source, now: Millis) -> _Kept:
        url, thumbprints = source
        try:
            told = json.loads(await self._fetch(f"https://{url.rstrip('/')}{CONFIGURATION}", thumbprints))
            if told["issuer"] != f"https://{url}":
                raise no_key()
            found = json.loads(await self._fetch(told["jwks_uri"], thumbprints))["keys"]
            keys = tuple(key for key in found[:_KEYS_MAX] if isinstance(key, dict))
        except Unreachable:
            raise ProviderUnreachable from None
        except Untrusted:
            raise InvalidIdentityToken(
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
            ) from None
        except (NotThere, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise no_key() from None
        if len(self._kept) >= PROVIDERS_MAX:
            self._kept.clear()
        kept = self._kept[source] = _Kept(keys, now)
        return kept


def no_key() -> InvalidIdentityToken:  # type: ignore[valid-type]
    """The error for a provider whose keys cannot be had, or that has none for a token."""
    return InvalidIdentityToken(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
        "documentation for requirements"
    )


PROVIDER_KEYS = ProviderKeys()
"""Those of this process; nothing of it is worth keeping."""
