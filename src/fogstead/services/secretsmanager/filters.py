"""Which secrets a list is of.

Source: API reference, Filter: prefixes, of which one has to fit; those with `!` must not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fogstead.services.secretsmanager.secrets import Secret

Fits = Callable[[Secret, str], bool]


def matcher(filters: Sequence[Mapping[str, Any]]) -> Callable[[Secret], bool]:
    """Whether a secret passes all of the filters."""
    tests = [_one(_FITS[one.get("Key", "all")], one.get("Values", ())) for one in filters]
    return lambda secret: all(test(secret) for test in tests)


def _one(fits: Fits, values: Sequence[str]) -> Callable[[Secret], bool]:
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]

    def test(secret: Secret) -> bool:
        if any(fits(secret, value) for value in unwanted):
            return False
        return not wanted or any(fits(secret, value) for value in wanted)

    return test


def _everywhere(secret: Secret, value: str) -> bool:
    """Each word of the value begins some word of the secret."""
    texts = (secret.name, secret.description, secret.primary_region, *secret.tags, *secret.tags.values())
    known = [word for text in texts for word in _words(text)]
    return all(any(have.startswith(word) for have in known) for word in _words(value))


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()


def _any_begins(texts: Iterable[str], value: str) -> bool:
    return any(text.startswith(value) for text in texts)


_FITS: dict[str, Fits] = {
    "name": lambda secret, value: secret.name.startswith(value),
    "description": lambda secret, value: secret.description.lower().startswith(value.lower()),
    "tag-key": lambda secret, value: _any_begins(secret.tags, value),
    "tag-value": lambda secret, value: _any_begins(secret.tags.values(), value),
    "primary-region": lambda secret, value: bool(secret.primary_region) and secret.primary_region.startswith(value),
    "owning-service": lambda _secret, _value: False,  # no service of this cloud makes secrets of its own
    "all": _everywhere,
}
