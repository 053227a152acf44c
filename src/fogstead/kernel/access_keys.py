"""Identifiers of IAM: access keys, and the ids that outlive names.

An access key's id holds the number of its account, as AWS's do: so a key is looked up in its account's home, and
`GetAccessKeyInfo` needs to look nothing up. Ten bytes in base 32: a one, 40 bits of account, 39 random bits.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache

from fogstead.kernel.identity import is_account

Random = Callable[[int], bytes]

_RANDOM_BITS = 39
_KEY = re.compile(r"A[KS]IA[A-Z2-7]{16}")


def new_access_key(prefix: str, account: str, random: Random) -> str:
    """A key's id: `AKIA` for keys that stay, `ASIA` for those of sessions."""
    value = (1 << 79) | (int(account) << _RANDOM_BITS) | (int.from_bytes(random(5), "big") >> 1)
    return prefix + base64.b32encode(value.to_bytes(10, "big")).decode("ascii")


def new_secret(random: Random) -> str:
    """A secret access key: 40 signs."""
    return base64.b64encode(random(30)).decode("ascii")


@lru_cache(maxsize=4096)
def account_of(access_key: str) -> str:
    """The account that an access key's id names; empty when it names none."""
    if _KEY.fullmatch(access_key) is None:
        return ""
    try:
        value = int.from_bytes(base64.b32decode(access_key[4:]), "big")
    except binascii.Error:
        return ""
    account = f"{(value >> _RANDOM_BITS) & ((1 << 40) - 1):012}"
    return account if value >> 79 and is_account(account) else ""


def unique_id(prefix: str, random: Random) -> str:
    """An id for a user (AIDA), role (AROA), group (AGPA), policy (ANPA), ...: 21 signs, never given twice."""
    return prefix + base64.b32encode(random(11)).decode("ascii")[:17]
