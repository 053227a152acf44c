"""What the tests of IAM say again and again."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

PASSWORD = "Correct-Horse-9"
STEP_SECONDS = 30


@contextmanager
def refused(code: str, text: str = "", *, status: int | None = None) -> Iterator[None]:
    """The call inside is refused with this code, and a sentence that holds `text`."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert text in answer["Error"]["Message"], answer["Error"]
    assert status in (None, answer["ResponseMetadata"]["HTTPStatusCode"])


def all_pages(client: Any, operation: str, member: str, size: int = 2, **given: Any) -> list[Any]:
    """What all pages of a list hold."""
    pages = client.get_paginator(operation).paginate(**given, PaginationConfig={"PageSize": size})
    return [entry for page in pages for entry in page[member]]


def key_of(iam: Any, user: str | None = None) -> dict[str, Any]:
    """A new access key, as clients sign with it."""
    made = iam.create_access_key(**({"UserName": user} if user else {}))["AccessKey"]
    return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}


def shown_codes(seed: bytes, *, steps: int = 0) -> tuple[str, str]:
    """The last code that an authenticator showed and the one it shows now, its clock some steps ahead."""
    totp = TOTP(base64.b32decode(seed), 6, SHA1(), STEP_SECONDS, enforce_key_length=False)
    now = int(time.time()) + steps * STEP_SECONDS
    return totp.generate(now - STEP_SECONDS).decode(), totp.generate(now).decode()
