"""One-time codes of virtual MFA devices: RFC 6238 with SHA-1, six digits and steps of 30 seconds. Pure."""

from __future__ import annotations

import base64
import hmac
from typing import Final

SEED_BYTES: Final = 40
"""64 signs in base 32, as AWS's seeds have."""
STEP_MILLIS: Final = 30_000
CLOCK_STEPS_OFF_MAX: Final = 20
"""How far a device's clock may be off when it is enabled or brought in step again: ten minutes."""
_SLACK_STEPS: Final = 1
_DIGITS: Final = 6


def step_at(millis: int) -> int:
    """The number of the step that a true time lies in."""
    return millis // STEP_MILLIS


def code_of(seed: bytes, step: int) -> str:
    """What a device shows during a step."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def matching_step(seed: bytes, code: str, step: int, after: int) -> int | None:
    """The step whose code this is, one before to one behind the given one; None when none is, or it was used."""
    around = range(step - _SLACK_STEPS, step + _SLACK_STEPS + 1)
    matching = [one for one in around if hmac.compare_digest(code_of(seed, one), code)]
    return next((one for one in matching if one > after), None)


def second_of_two(seed: bytes, first: str, second: str, step: int, after: int) -> int | None:
    """The step of the second of two codes that follow one another, not far from the given step; None if they do not."""
    around = range(step - CLOCK_STEPS_OFF_MAX, step + CLOCK_STEPS_OFF_MAX + 1)
    matching = [
        one
        for one in around
        if hmac.compare_digest(code_of(seed, one - 1), first) & hmac.compare_digest(code_of(seed, one), second)
    ]
    return next((one for one in matching if one > after), None)


def as_base32(seed: bytes) -> str:
    """A seed as people and authenticators write it."""
    return base64.b32encode(seed).decode("ascii")
