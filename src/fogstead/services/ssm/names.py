"""What parameters may be called, and how one version of one is named.

Source: API reference, PutParameter, `Name`; User Guide, "Creating Parameter Store parameters". The words of the errors
are those that the service is seen to answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fogstead.kernel.errors import AccessDenied
from fogstead.services.ssm.service import LEVELS_MAX, HierarchyLevelLimitExceeded, Invalid

ARN_SIGNS_MAX = 1011
_SIGNS = re.compile(r"[A-Za-z0-9_./-]+")
_SPACED = re.compile(r"\s")
_RESERVED = ("/aws/", "aws/")


class Named(NamedTuple):
    """A name, or an ARN, and which version of it: a number, a label, or empty for the newest."""

    name: str
    selector: str


def named(text: str) -> Named:
    """`name:3` or `name:prod`, of ARNs too; spaces around do not count."""
    stripped = text.strip()
    if _SPACED.search(stripped):
        raise Invalid("Parameter name: spaces between characters are not allowed.")
    head, whole = "", stripped
    if stripped.startswith("arn:"):
        parts = stripped.split(":", 5)
        head, whole = ":".join(parts[:-1]) + ":", parts[-1]
    name, _, selector = whole.partition(":")
    return Named(head + name, selector)


def check_new(name: str, arn: str) -> None:
    """Refuse what no parameter may be called."""
    lowered = name.lower()
    if lowered.startswith(_RESERVED):
        raise AccessDenied(f"No access to reserved parameter name: {name}.")
    if lowered.lstrip("/").startswith(("aws", "ssm")) or _SIGNS.fullmatch(name) is None:
        prefix = "ssm" if lowered.lstrip("/").startswith("ssm") else "aws"
        raise Invalid(
            f'Parameter name: can\'t be prefixed with "{prefix}" (case-insensitive). If formed as a path, it can '
            "consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers "
            "and the following 3 symbols .-_"
        )
    if "/" in name and not name.startswith("/"):
        raise Invalid("Parameter name must be a fully qualified name.")
    levels = name.strip("/").split("/")
    if name.endswith("/") or "" in levels:
        raise Invalid("Parameter name must not end with a slash or hold two of them together.")
    if len(levels) > LEVELS_MAX:
        raise HierarchyLevelLimitExceeded
    if len(arn) > ARN_SIGNS_MAX:
        raise Invalid(f"Parameter name: its ARN has at most {ARN_SIGNS_MAX} characters.")


def check_path(path: str) -> str:
    """The path of a hierarchy, without its last slash."""
    if not path.startswith("/") or _SIGNS.fullmatch(path) is None or "//" in path:
        raise Invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
            'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, '
            "numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not "
            "allowed. All sub-paths, if specified, must use the forward slash symbol /."
        )
    if len(path.strip("/").split("/")) > LEVELS_MAX:
        raise HierarchyLevelLimitExceeded
    return path.rstrip("/")


def is_public(name: str) -> bool:
    """Whether AWS itself keeps a parameter of this name for everybody."""
    return name.startswith("/aws/service/")
