"""The keys of providers: fetched when wanted, not more often, and not for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import pytest

from fogstead.kernel.authority import ProviderFacts
from fogstead.kernel.errors import ServiceError
from fogstead.primitives.network.documents import Unreachable
from fogstead.services.sts import provider_keys
from fogstead.services.sts.json_web_tokens import Token, read
from fogstead.services.sts.provider_keys import KEPT_FOR, RETRIED_AFTER, ProviderKeys

from .identity_provider import SigningKey

ONE, TWO = SigningKey("ES256", "one"), SigningKey("ES256", "two")
HOST = "id.example.com/tenant/"
START = 1_800_000_000_000


class Documents:
    """What a provider serves, and how often it was asked for its keys."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.gone = False

    async def fetch(self, url: str, thumbprints: Collection[str]) -> bytes:
        assert thumbprints == ("ab",)
        if self.gone:
            raise Unreachable(url)
        if url == f"https://{HOST}.well-known/openid-configuration":
            return json.dumps({"issuer": f"https://{HOST}", "jwks_uri": "https://keys.example.com/all"}).encode()
        assert url == "https://keys.example.com/all"
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        return json.dumps({"keys": [key.public for key in self.keys]}).encode()


def token_of(key: SigningKey) -> Token:
    return read(key.token({"iss": f"https://{HOST}"}))


def facts(url: str = HOST) -> ProviderFacts:
    return ProviderFacts(f"arn:aws:iam::111111111111:oidc-provider/{url}", url, ("app",), ("ab",))


def inside(work: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        return await work()

    return asyncio.run(run())


def test_keys_are_kept_for_an_hour() -> None:
    documents = Documents(ONE)
    keys = ProviderKeys(documents.fetch)

    async def work() -> None:
        for after in (0, 1, KEPT_FOR - 1):
            assert await keys.find(facts(), token_of(ONE), START + after) == [ONE.public]
        assert documents.asked == 1
        await keys.find(facts(), token_of(ONE), START + KEPT_FOR)
        assert documents.asked == 2

    inside(work)


def test_a_new_key_is_looked_for_at_most_once_a_minute() -> None:
    documents = Documents(ONE)
    keys = ProviderKeys(documents.fetch)

    async def work() -> None:
        await keys.find(facts(), token_of(ONE), START)
        documents.keys = [ONE, TWO]
        with pytest.raises(ServiceError, match="verification key"):
            await keys.find(facts(), token_of(TWO), START + RETRIED_AFTER - 1)
        assert documents.asked == 1
        assert await keys.find(facts(), token_of(TWO), START + RETRIED_AFTER) == [TWO.public]

    inside(work)


def test_many_who_ask_at_once_are_answered_by_one_fetch() -> None:
    documents = Documents(ONE)
    keys = ProviderKeys(documents.fetch)

    async def work() -> None:
        documents.gate = asyncio.Event()
        asking = [asyncio.create_task(keys.find(facts(), token_of(ONE), START)) for _ in range(5)]
        await asyncio.sleep(0)
        asking[0].cancel()
        await asyncio.sleep(0)
        documents.gate.set()
        assert await asyncio.gather(*asking[1:]) == [[ONE.public]] * 4
        assert documents.asked == 1

    inside(work)


def test_a_provider_that_was_gone_is_asked_again() -> None:
    documents = Documents(ONE)
    keys = ProviderKeys(documents.fetch)

    async def work() -> None:
        documents.gone = True
        with pytest.raises(ServiceError) as refused:
            await keys.find(facts(), token_of(ONE), START)
        assert refused.value.code == "IDPCommunicationErrorException"
        documents.gone = False
        assert await keys.find(facts(), token_of(ONE), START) == [ONE.public]

    inside(work)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_keys, "PROVIDERS_MAX", 3)

    async def fetch(url: str, _thumbprints: Collection[str]) -> bytes:
        host = url.removeprefix("https://").partition("/")[0]
        told = {"issuer": f"https://{host}", "jwks_uri": f"https://{host}/keys"}
        return json.dumps(told if "well-known" in url else {"keys": [ONE.public] * 500}).encode()

    keys = ProviderKeys(fetch)

    async def work() -> None:
        for number in range(10):
            found = await keys.find(facts(f"id{number}.example.com"), token_of(ONE), START)
            assert len(found) <= 100
        assert len(keys._kept) <= 3
        assert not keys._underway

    inside(work)
