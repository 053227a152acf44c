"""Where a SecretId points: at a name, at an ARN, or at an ARN without its last six signs.

Source: Secrets Manager User Guide, "Finding a secret from a partial ARN". The ARN of a secret ends with signs that
nobody can tell from its name, so whoever may not learn what exists hears back what they asked for, as AWS says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel.arns import Arn
from fogstead.kernel.errors import ValidationError
from fogstead.kernel.resource import Located, home_of
from fogstead.primitives.store import Home

if TYPE_CHECKING:
    from fogstead.kernel.resource import Resource
    from fogstead.kernel.transaction import Transaction

SUFFIX_SIGNS = 6
_ANY_SUFFIX = "-" + "?" * SUFFIX_SIGNS
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")


@dataclass(frozen=True, slots=True)
class SecretPlace(Located):
    """A place by name; `given` is what the caller wrote, `suffix` the signs that a whole ARN ends with."""

    given: str = ""
    suffix: str = ""

    def read(self, tx: Transaction) -> Any:
        """The secret; what looks like a whole ARN may also be the partial one of a longer name."""
        found = _by_name(self, tx)
        if found is not None and self.suffix in {"", found.suffix}:
            return found
        if not self.suffix:
            return None
        return _by_name(self.cls.at(self.home, f"{self.key[0]}-{self.suffix}"), tx)

    @property
    def shown(self) -> str:
        """As the caller wrote it."""
        return self.given

    @property
    def arn(self) -> str:
        """The ARN that a secret here would have, with signs that patterns of ARNs speak of."""
        if self.suffix:
            return self.given
        of_first = Located(self.cls, self.home, self.key).arn
        return of_first.removesuffix("-") + _ANY_SUFFIX


def _by_name(place: Located, tx: Transaction) -> Any:
    raw = tx.keys.get(place.packed)
    return None if raw is None else place.cls.codec.decode(raw)


def place_of(cls: type[Resource], value: str, home: Home) -> SecretPlace:
    """Where a SecretId points; nothing is read."""
    if not value.startswith("arn:"):
        check_name(value)
        return SecretPlace(cls, home, (value,), value)
    try:
        arn = Arn.parse(value)
    except ValueError:
        raise cls.missing from None
    kind, _, rest = arn.resource.partition(":")
    if arn.service != cls.service.arn_service or kind != "secret" or not rest or arn.region != home.region:
        raise cls.missing
    name, dash, suffix = rest[: -SUFFIX_SIGNS - 1], rest[-SUFFIX_SIGNS - 1 : -SUFFIX_SIGNS], rest[-SUFFIX_SIGNS:]
    owner = home_of(arn.account, arn.region)
    if dash == "-" and name:
        return SecretPlace(cls, owner, (name,), value, suffix)
    return SecretPlace(cls, owner, (rest,), value)


def check_name(name: str) -> None:
    """Refuse what can be the name of no secret."""
    if _NAME.fullmatch(name) is None:
        raise ValidationError(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
