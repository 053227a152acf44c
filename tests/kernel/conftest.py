"""The kernel's tests run a cloud in process; an `async def` test that asks for `trial` gets it open."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trial import Trial


@pytest.fixture(params=["memory", "sqlite", "adversary"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Trial:
    """The same cloud on every store; a module or a test that needs only one says so with `stores`."""
    return Trial(request.param, tmp_path)


@pytest.fixture
def quick_trial(tmp_path: Path) -> Trial:
    """A cloud in memory, for what has nothing to do with the store."""
    return Trial("memory", tmp_path)


@pytest.fixture(params=["memory", "sqlite", "adversary"])
def blob_trial(request: pytest.FixtureRequest, tmp_path: Path) -> Trial:
    """A cloud that keeps blobs, on every store."""
    return Trial(request.param, tmp_path, zones=1)


@pytest.fixture
def quick_blob_trial(tmp_path: Path) -> Trial:
    """A cloud in memory that keeps blobs in two zones."""
    return Trial("memory", tmp_path, zones=2)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Failures that tests cause on purpose are not worth a traceback."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, with their cloud open around them."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(_run(pyfuncitem.obj, {name: pyfuncitem.funcargs[name] for name in names}))
    return True


async def _run(test: Any, given: dict[str, Any]) -> None:
    cloud = next((value for value in given.values() if isinstance(value, Trial)), None)
    if cloud is None:
        await test(**given)
        return
    async with cloud:
        await test(**given)
