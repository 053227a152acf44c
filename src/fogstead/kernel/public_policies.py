"""Whether a resource's policy is public.

A policy is public unless each of its statements that allow grants only to fixed values: without wildcards and without
policy variables. Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public";
other services judge by the same engine and publish no list of their own.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

# Broader networks than these do not limit access to anybody in particular.
_IPV4_PREFIX_MIN = 8
_IPV6_PREFIX_MIN = 32

# Operators that ask for a value and fail without one; those with IfExists, ForAllValues or a Not do not limit.
_EQUAL = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_IN_NETWORK = "ipaddress"
_ANY_OF_SEVERAL = "foranyvalue:"

IsFixed = Callable[[Any], bool]


def is_public(policy_text: str, own_keys: Mapping[str, IsFixed] = MappingProxyType({})) -> bool:
    """Whether the policy grants anything to the public; a text that is no policy is taken for public.

    `own_keys` are the service's condition keys that limit access, each with what a fixed value of it is.
    """
    try:
        policy = json.loads(policy_text)
    except (ValueError, RecursionError):
        return True
    if not isinstance(policy, dict):
        return True
    statements = policy.get("Statement", [])
    keys = {**_FIXED, **own_keys}
    listed = statements if isinstance(statements, list) else [statements]
    return any(_grants_to_public(one, keys) for one in listed)


def _grants_to_public(statement: Any, keys: Mapping[str, IsFixed]) -> bool:
    if not isinstance(statement, dict):
        return True
    if statement.get("Effect") == "Deny":
        return False
    return not _has_fixed_principals(statement.get("Principal")) and not _is_limited(statement.get("Condition"), keys)


def _has_fixed_principals(element: Any) -> bool:
    """Accounts, users, roles and services may be fixed; who comes from an identity provider may be anyone."""
    if not isinstance(element, dict) or not element:
        return False
    return all(
        kind in {"AWS", "Service", "CanonicalUser"} and all(is_fixed(one) for one in _listed(values))
        for kind, values in element.items()
    )


def _is_limited(block: Any, keys: Mapping[str, IsFixed]) -> bool:
    return any(_limits(operator, key.lower(), values, keys) for operator, key, values in _conditions(block))


def _conditions(block: Any) -> Iterator[tuple[str, str, list[Any]]]:
    if isinstance(block, dict):
        for operator, keys in block.items():
            if isinstance(keys, dict):
                for key, values in keys.items():
                    yield operator.lower().removeprefix(_ANY_OF_SEVERAL), key, _listed(values)


def _limits(operator: str, key: str, values: list[Any], keys: Mapping[str, IsFixed]) -> bool:
    """Any one condition with nothing but fixed values is enough: all conditions of a statement must hold."""
    if key == "aws:sourceip":
        return operator == _IN_NETWORK and bool(values) and all(_is_narrow(one) for one in values)
    fixed = keys.get(key)
    return fixed is not None and operator in _EQUAL and bool(values) and all(fixed(one) for one in values)


def is_fixed(value: Any) -> bool:
    """Whether a value says exactly what it means: no wildcard, no policy variable."""
    return isinstance(value, str) and not any(mark in value for mark in ("*", "?", "${"))


def _is_narrow(value: Any) -> bool:
    try:
        network = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (_IPV4_PREFIX_MIN if network.version == 4 else _IPV6_PREFIX_MIN)


# The keys of the guide. It says "an AWS principal" and names one key for it; the others that name principals follow it.
_FIXED: Mapping[str, IsFixed] = dict.fromkeys(
    (
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalservicename",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
    ),
    is_fixed,
)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
