"""Parameter Store of the test's own account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ssm(client: Callable[..., Any]) -> Any:
    """As the root of the test's own account."""
    return client("ssm")
