"""Condition operators of policies, as AWS documents them, each a plain function of two strings.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

Values = Mapping[str, str | Sequence[str]]
Test = Callable[[str, str], bool]


class LazyContext(Mapping[str, str | Sequence[str]]):
    """Condition keys that are worked out when a condition first asks for one: most statements have none."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], dict[str, str | list[str]]]) -> None:
        self._make = make
        self._made: dict[str, str | list[str]] | None = None

    def _values(self) -> dict[str, str | list[str]]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, key: str) -> str | Sequence[str]:
        return self._values()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())


class PolicyFault(ValueError):
    """A policy that means nothing; the message says where."""


@lru_cache(maxsize=8192)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """`*` is any text, `?` any one sign; `${*}`, `${?}` and `${$}` are the signs themselves."""
    between_stars = [""]
    for part in re.split(r"(\$\{[*?$]\}|[*?])", pattern):
        if part == "*":
            between_stars.append("")
        elif part == "?":
            between_stars[-1] += "."
        else:
            between_stars[-1] += re.escape(part[2] if re.fullmatch(r"\$\{[*?$]\}", part) else part)
    first, *others = between_stars
    # A star takes as little as it can and is never tried again, or many stars would take for ever; the last takes all.
    middle = "".join(f"(?>.*?{text})" for text in others[:-1] if text)
    last = f".*{others[-1]}" if others else ""
    return re.compile(first + middle + last + r"\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _number(text: str) -> float:
    return float(text)


def _date(text: str) -> float:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _compared(read: Callable[[str], float], holds: Callable[[float, float], bool]) -> Test:
    def test(actual: str, wanted: str) -> bool:
        try:
            return holds(read(actual), read(wanted))
        except ValueError:
            return False

    return test


def _in_network(actual: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _arn_like(actual: str, wanted: str) -> bool:
    """Each of the six parts by itself, so a star does not reach over a colon."""
    parts, patterns = actual.split(":", 5), wanted.split(":", 5)
    if len(parts) != 6 or len(patterns) != 6:
        return glob(wanted).match(actual) is not None and wanted == "*"
    return all(glob(pattern).match(part) for part, pattern in zip(parts, patterns, strict=True))


_POSITIVE: dict[str, Test] = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.casefold() == wanted.casefold(),
    "StringLike": lambda actual, wanted: glob(wanted).match(actual) is not None,
    "NumericEquals": _compared(_number, lambda a, b: a == b),
    "NumericLessThan": _compared(_number, lambda a, b: a < b),
    "NumericLessThanEquals": _compared(_number, lambda a, b: a <= b),
    "NumericGreaterThan": _compared(_number, lambda a, b: a > b),
    "NumericGreaterThanEquals": _compared(_number, lambda a, b: a >= b),
    "DateEquals": _compared(_date, lambda a, b: a == b),
    "DateLessThan": _compared(_date, lambda a, b: a < b),
    "DateLessThanEquals": _compared(_date, lambda a, b: a <= b),
    "DateGreaterThan": _compared(_date, lambda a, b: a > b),
    "DateGreaterThanEquals": _compared(_date, lambda a, b: a >= b),
    "Bool": lambda actual, wanted: actual.lower() == wanted.lower(),
    "BinaryEquals": lambda actual, wanted: actual == wanted,
    "IpAddress": _in_network,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
}
_NEGATIVE: dict[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_OPERATORS = {name.lower(): name for name in (*_POSITIVE, *_NEGATIVE)}
_SETS = {"forallvalues": "all", "foranyvalue": "any"}

_GLOBBED = frozenset({"StringLike", "ArnEquals", "ArnLike"})
_ESCAPED = re.compile(r"\$\{([*?$])\}")

Holds = Callable[[Values, Callable[[str, Values], str | None]], bool]


def compile_condition(operator: str, key: str, wanted: Sequence[str]) -> Holds:
    """One operator on one key; PolicyFault when the operator is unknown."""
    prefix, colon, name = operator.rpartition(":")
    quantifier = _SETS.get(prefix.lower()) if colon else None
    if colon and quantifier is None:
        raise PolicyFault(f"Syntax errors in policy: unknown condition operator {operator}")
    if name.lower() == "null" and not quantifier:
        return _null(key, wanted)
    if_exists = name.lower().endswith("ifexists")
    known = _OPERATORS.get(name[: -len("IfExists")].lower() if if_exists else name.lower())
    if known is None:
        raise PolicyFault(f"Syntax errors in policy: unknown condition operator {operator}")
    negated = known in _NEGATIVE
    positive = _NEGATIVE.get(known, known)
    test = _POSITIVE[positive] if positive in _GLOBBED else _unescaped(_POSITIVE[positive])
    return _operator(key.lower(), wanted, test, negated=negated, if_exists=if_exists, quantifier=quantifier)


def _unescaped(test: Test) -> Test:
    """Where stars mean nothing, an escaped star is just a star."""
    return lambda actual, wanted: test(actual, _ESCAPED.sub(r"\1", wanted) if "${" in wanted else wanted)


def _null(key: str, wanted: Sequence[str]) -> Holds:
    choices = {text.lower() for text in wanted}
    if not choices <= {"true", "false"}:
        raise PolicyFault("Syntax errors in policy: Null takes true or false")
    lowered = key.lower()
    return lambda values, _fill: ("false" if values.get(lowered) else "true") in choices


def _operator(
    key: str, wanted: Sequence[str], test: Test, *, negated: bool, if_exists: bool, quantifier: str | None
) -> Holds:
    def matches(actual: str, texts: Sequence[str]) -> bool:
        return any(test(actual, text) for text in texts) != negated

    def holds(values: Values, fill: Callable[[str, Values], str | None]) -> bool:
        actual = values.get(key)
        texts = [filled for text in wanted if (filled := fill(text, values)) is not None]
        if actual is None or (not isinstance(actual, str) and not actual):
            # An absent key fails a positive test, passes a negated one, `IfExists` and `ForAllValues`.
            return if_exists or quantifier == "all" or (negated and quantifier is None)
        if quantifier is None:
            if isinstance(actual, str):
                return matches(actual, texts)
            return all(matches(one, texts) for one in actual) if negated else any(matches(o, texts) for o in actual)
        several = [actual] if isinstance(actual, str) else actual
        return (
            all(matches(one, texts) for one in several)
            if quantifier == "all"
            else any(matches(one, texts) for one in several)
        )

    return holds
