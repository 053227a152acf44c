"""What items are told apart by, and expressions that choose some of them.

Source: Billing and Cost Management API reference, Expression, DimensionValues, TagValues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.bills import Item
from fogstead.kernel.errors import NotImplementedHere, ValidationError

if TYPE_CHECKING:
    from fogstead.kernel.prices import PriceBook

Choose = Callable[[Item], bool]
Told = Callable[[Item], str]

NO_REGION: Final = "global"
_OPERATORS: Final = ("Or", "And", "Not", "Dimensions", "Tags", "CostCategories", "ProductAttributes")
_DIMENSION_MATCHES: Final = frozenset({"EQUALS", "CASE_SENSITIVE"})
_TAG_MATCHES: Final = _DIMENSION_MATCHES | {"ABSENT"}


class Reader:
    """Reads dimensions of one account's items, named as a price book names them."""

    def __init__(self, account: str, book: PriceBook) -> None:
        self._dimensions: dict[str, Told] = {
            "LINKED_ACCOUNT": lambda _item: account,
            "OPERATION": lambda item: item.operation or "NoOperation",
            "RECORD_TYPE": lambda _item: "Usage",
            "REGION": lambda item: item.region or NO_REGION,
            "SERVICE": lambda item: book.service_name(item.service),
            "SERVICE_CODE": lambda item: book.service_code(item.service),
            "USAGE_TYPE": lambda item: item.usage_type,
        }

    def dimension(self, name: str) -> Told:
        """A dimension of items; NotImplemented for one that nothing here has."""
        told = self._dimensions.get(name)
        if told is None:
            raise NotImplementedHere(f"The dimension {name} is not implemented by this cloud.")
        return told

    def choose(self, expression: Mapping[str, Any] | None) -> Choose:
        """The items that an expression is true of; all of them without one."""
        if expression is None:
            return lambda _item: True
        given = [operator for operator in _OPERATORS if expression.get(operator) is not None]
        if len(given) != 1:
            raise ValidationError("An expression has exactly one of Or, And, Not, Dimensions, Tags and CostCategories.")
        operator = given[0]
        operand = expression[operator]
        if operator in {"CostCategories", "ProductAttributes"}:
            raise NotImplementedHere(f"{operator} is not implemented by this cloud.")
        if operator == "Dimensions":
            return self._by_dimension(operand)
        if operator == "Tags":
            return _by_tag(operand)
        if operator == "Not":
            chosen = self.choose(operand)
            return lambda item: not chosen(item)
        return self._joined(operator, operand)

    def _joined(self, operator: str, operands: list[Mapping[str, Any]]) -> Choose:
        if len(operands) < 2:
            raise ValidationError(f"{operator} joins at least two expressions.")
        parts = [self.choose(operand) for operand in operands]
        join = any if operator == "Or" else all
        return lambda item: join(part(item) for part in parts)

    def _by_dimension(self, given: Mapping[str, Any]) -> Choose:
        _check_matches(given, _DIMENSION_MATCHES)
        if not given.get("Key") or not given.get("Values"):
            raise ValidationError("Dimensions need a Key and Values.")
        told, values = self.dimension(given["Key"]), frozenset(given["Values"])
        return lambda item: told(item) in values


def _by_tag(given: Mapping[str, Any]) -> Choose:
    _check_matches(given, _TAG_MATCHES)
    key, values = given.get("Key"), frozenset(given.get("Values") or ())
    if key is None:
        raise ValidationError("Tags need a Key.")
    if "ABSENT" in given.get("MatchOptions", ()):
        if values:
            raise ValidationError("Tags that are absent have no Values.")
        return lambda item: key not in dict(item.tags)
    if not values:
        raise ValidationError("Tags need Values.")
    told = tag(key)
    return lambda item: told(item) in values


def tag(key: str) -> Told:
    """A tag of items; empty where they have none of this key."""
    return lambda item: dict(item.tags).get(key, "")


def _check_matches(given: Mapping[str, Any], known: frozenset[str]) -> None:
    for option in given.get("MatchOptions") or ():
        if option not in known:
            raise ValidationError(f"The match option {option} is not valid here.")
