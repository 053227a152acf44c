"""Passwords: what an account asks of them, and the form in which they are kept. Pure.

They are kept as Argon2id with the parameters that OWASP names as the least (19 MiB, two passes), in the PHC form.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

SYMBOLS: Final = frozenset("!@#$%^&*()_+-=[]{}|'")
SALT_BYTES: Final = 16
_KINDS_WITHOUT_POLICY: Final = 3
_LENGTH_WITHOUT_POLICY: Final = 8
_ITERATIONS: Final = 2
_MEMORY_KIB: Final = 19_456
_KEY_BYTES: Final = 32

_KINDS = {
    "uppercase": ("uppercase letter", lambda char: "A" <= char <= "Z"),
    "lowercase": ("lowercase letter", lambda char: "a" <= char <= "z"),
    "numbers": ("number", lambda char: "0" <= char <= "9"),
    "symbols": ("symbol", SYMBOLS.__contains__),
}


class PasswordRules(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What an account asks. Without a policy of its own it is AWS's: eight characters of three kinds."""

    length_min: int = 6
    required: tuple[str, ...] = ()
    """Kinds of characters: uppercase, lowercase, numbers, symbols."""
    users_may_change: bool = False
    age_max_days: int = 0
    reuse_prevented: int = 0
    hard_expiry: bool = False

    def fault(self, password: str) -> str:
        """What is wrong with a password, in AWS's words; empty when nothing is."""
        faults = _too_short(password, self.length_min)
        lacking = _lacking(password)
        return ", ".join([*faults, *(_should_have(kind) for kind in lacking if kind in self.required)])


def fault_without_rules(password: str, account: str) -> str:
    """The same, where the account has no policy of its own."""
    if password == account:
        return "Password should not be the same as the account name"
    lacking = _lacking(password)
    missing = _KINDS_WITHOUT_POLICY - (len(_KINDS) - len(lacking))
    faults = _too_short(password, _LENGTH_WITHOUT_POLICY)
    if missing > 0:
        wanted = ", ".join(_should_have(kind) for kind in lacking)
        faults.append(f"Password should meet {missing} more of the following requirements: {wanted}")
    return ", ".join(faults)


def hashed(password: str, salt: bytes) -> str:
    """The form in which it is kept; takes some 40 ms of one core."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - slow, and seldom needed

    made = Argon2id(salt=salt, length=_KEY_BYTES, iterations=_ITERATIONS, lanes=1, memory_cost=_MEMORY_KIB)
    return made.derive_phc_encoded(password.encode("utf-8"))


def is_any_of(password: str, kept: Iterable[str]) -> bool:
    """Whether one of these was made of the password; takes as long for each as making it."""
    return any(_matches(password, one) for one in kept)


def _matches(password: str, kept: str) -> bool:
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - as above

    try:
        Argon2id.verify_phc_encoded(password.encode("utf-8"), kept)
    except InvalidKey:
        return False
    return True


def _too_short(password: str, length: int) -> list[str]:
    return [f"Password should have a minimum length of {length}"] if len(password) < length else []


def _lacking(password: str) -> list[str]:
    return [kind for kind, (_, is_one) in _KINDS.items() if not any(map(is_one, password))]


def _should_have(kind: str) -> str:
    return f"Password should have at least one {_KINDS[kind][0]}"
