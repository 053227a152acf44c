"""Signs drawn at random, each as likely as the others."""

from __future__ import annotations

from collections.abc import Callable

DRAWN_AT_ONCE = 256

Random = Callable[[int], bytes]


def number_below(random: Random, bound: int) -> int:
    """A number from zero to under `bound`, which is at most 65,536."""
    fair = 65_536 - 65_536 % bound
    while True:
        drawn = int.from_bytes(random(2), "big")
        if drawn < fair:
            return drawn % bound


def signs(random: Random, alphabet: str, count: int) -> str:
    """`count` signs of an alphabet of at most 256."""
    size = len(alphabet)
    fair = 256 - 256 % size
    drawn: list[str] = []
    while len(drawn) < count:
        drawn += [alphabet[byte % size] for byte in random(DRAWN_AT_ONCE) if byte < fair]
    return "".join(drawn[:count])
