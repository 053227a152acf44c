"""Limits on how much an account may have, declared by services in one table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """A named limit with its default; `code` is what Service Quotas calls it."""

    service: str
    name: str
    default: int
    code: str = ""


class QuotaTable:
    """The limits in force: the defaults, unless an account was given others."""

    def __init__(self) -> None:
        self._raised: dict[tuple[str, Quota], int] = {}

    def limit(self, account: str, quota: Quota) -> int:
        """What holds for an account."""
        return self._raised.get((account, quota), quota.default)

    def set(self, account: str, quota: Quota, value: int) -> None:
        """Give an account another limit."""
        self._raised[account, quota] = value
