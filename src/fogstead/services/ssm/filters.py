"""Which parameters a list is of.

Source: API reference, ParameterStringFilter; User Guide, "Searching for Systems Manager parameters".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import InvalidFilterKey, InvalidFilterOption, InvalidFilterValue

Test = Callable[[Parameter], bool]
Filter = Mapping[str, Any]

EQUALS, BEGINS, CONTAINS = "Equals", "BeginsWith", "Contains"
ONE_LEVEL, RECURSIVE = "OneLevel", "Recursive"

_TEXTS: dict[str, Callable[[Parameter], str]] = {
    "Name": lambda parameter: parameter.name,
    "Type": lambda parameter: parameter.kind,
    "KeyId": lambda parameter: parameter.key_id,
    "Tier": lambda parameter: parameter.tier,
    "DataType": lambda parameter: parameter.data_type,
}
_COMPARED: dict[str, Callable[[str, str], bool]] = {
    EQUALS: lambda actual, wanted: actual == wanted,
    BEGINS: str.startswith,
    CONTAINS: lambda actual, wanted: wanted in actual,
}


def described(filters: Sequence[Filter]) -> Test:
    """Whether a parameter passes all filters of DescribeParameters."""
    tests = [_described(one) for one in filters]
    return lambda parameter: all(test(parameter) for test in tests)


def older(filters: Sequence[Filter]) -> Test:
    """The same by the deprecated member `Filters`, where names are beginnings."""
    renamed = [{**one, "Option": BEGINS if one["Key"] == "Name" else EQUALS} for one in filters]
    return described(renamed)


def by_path(filters: Sequence[Filter]) -> Test:
    """Whether a parameter passes the filters of GetParametersByPath, but for labels."""
    tests = []
    for one in filters:
        if one["Key"] == "Label":
            continue
        if one["Key"] not in {"Type", "KeyId"}:
            raise InvalidFilterKey(
                f"The following filter key is not valid: {one['Key']}. Valid filter keys include: [Type, KeyId, Label]."
            )
        tests.append(_described(one))
    return lambda parameter: all(test(parameter) for test in tests)


def label_in(filters: Sequence[Filter]) -> str:
    """The label whose versions GetParametersByPath is asked for, or empty."""
    labels = [one for one in filters if one["Key"] == "Label"]
    if not labels:
        return ""
    _option(labels[0], EQUALS)
    values = _values(labels[0])
    if len(labels) > 1 or len(values) > 1:
        raise InvalidFilterValue("A filter by label names one label.")
    return values[0]


def _described(one: Filter) -> Test:
    key = one["Key"]
    if key.startswith("tag:"):
        return _tagged(one, key.removeprefix("tag:"))
    if key == "Path":
        return _path(one)
    if key not in _TEXTS:
        raise InvalidFilterKey(
            f"The following filter key is not valid: {key}. Valid filter keys include: [Path, Name, Type, KeyId, Tier, "
            "DataType, tag:]."
        )
    options = (EQUALS, BEGINS, CONTAINS) if key == "Name" else (EQUALS, BEGINS)
    compare, text, values = _COMPARED[_option(one, *options)], _TEXTS[key], _values(one)
    return lambda parameter: any(compare(text(parameter), wanted) for wanted in values)


def _tagged(one: Filter, name: str) -> Test:
    compare = _COMPARED[_option(one, EQUALS, BEGINS)]
    values = one.get("Values")
    if not values:
        return lambda parameter: name in parameter.tags
    return lambda parameter: name in parameter.tags and any(compare(parameter.tags[name], wanted) for wanted in values)


def _path(one: Filter) -> Test:
    recursive = _option(one, ONE_LEVEL, RECURSIVE) == RECURSIVE
    paths = [value.rstrip("/") + "/" for value in _values(one)]
    if not all(path.startswith("/") for path in paths):
        raise InvalidFilterValue("The parameter path must begin with a forward slash.")

    def below(name: str, path: str) -> bool:
        whole = name if name.startswith("/") else f"/{name}"
        return whole.startswith(path) and (recursive or "/" not in whole[len(path) :])

    return lambda parameter: any(below(parameter.name, path) for path in paths)


def _option(one: Filter, *allowed: str) -> str:
    """The option of a filter, the first one where none is said."""
    option = str(one.get("Option", allowed[0]))
    if option not in allowed:
        raise InvalidFilterOption(
            f"The following filter option is not valid: {option}. Valid options include: [{', '.join(allowed)}]."
        )
    return option


def _values(one: Filter) -> list[str]:
    values = list(one.get("Values") or ())
    if not values:
        raise InvalidFilterValue(f"The following filter values are missing : null for filter key {one['Key']}.")
    return values
