"""What several tests of KMS need."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

WAIT_SECONDS = 10


def refused(code: str, call: Callable[..., Any], **given: Any) -> str:
    """The sentence of a refusal that has to have this code."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    assert error["Code"] == code, f"{error['Code']}: {error['Message']}"
    return str(error["Message"])


def eventually(look: Callable[[], bool]) -> None:
    """What a job brings about within moments."""
    end = time.monotonic() + WAIT_SECONDS
    while not look():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def pair_of(kms: Any, spec: str, usage: str = "SIGN_VERIFY", **more: Any) -> dict[str, Any]:
    """The metadata of a new key of this spec."""
    made: dict[str, Any] = kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]
    return made
