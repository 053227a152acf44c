"""The policy of a browser's upload: what its form may say, how large its file may be, and until when.

Source: S3 API reference, "POST Policy" and "Creating an HTML form". The signature over the policy is checked elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fogstead.services.s3.service import AccessDenied, EntityTooLarge, EntityTooSmall, InvalidPolicyDocument

# Fields that no condition has to name; small letters, as all names of fields are compared.
_UNCOVERED = frozenset({"awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"})
_UNCOVERED_PREFIX = "x-ignore-"
# Fields that the reference lets a condition match exactly only.
_EXACT_ONLY = frozenset(
    {
        "bucket",
        "success_action_status",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_EXPIRATION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# Escapes that the reference has and JSON has not.
_OWN_ESCAPES = {"$": "$", "v": "\\u000b"}


class SizeRange(NamedTuple):
    """How many bytes the file may have, both ends included."""

    least: int
    most: int


class Condition(NamedTuple):
    """One condition as the policy spells it: `eq` or `starts-with`, the field with its `$`, the value."""

    operator: str
    field: str
    value: str

    @property
    def name(self) -> str:
        """The field's name as it is compared."""
        return self.field[1:].lower()


class PostPolicy(NamedTuple):
    """A policy that could be read. `expires_at` is in milliseconds; `size` is None where it says none."""

    expires_at: int
    conditions: tuple[Condition, ...]
    size: SizeRange | None


def read(text: str) -> PostPolicy:
    """The policy in a form's `policy` field; InvalidPolicyDocument for what is no policy.

    A condition that is none of S3's is AccessDenied, as one that does not hold.
    """
    try:
        found = json.loads(_plain_json(base64.b64decode(text, validate=True).decode()))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.") from None
    if not isinstance(found, dict):
        raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.")
    for element in ("expiration", "conditions"):
        if element not in found:
            raise InvalidPolicyDocument(f"Invalid Policy: Policy missing {element}.")
    if not isinstance(found["conditions"], list):
        raise InvalidPolicyDocument("Invalid Policy: Invalid 'conditions' value: must be a List.")
    conditions, size = [], None
    for one in found["conditions"]:
        read_one = _read_condition(one)
        if isinstance(read_one, Condition):
            conditions.append(read_one)
        else:
            size = read_one if size is None else SizeRange(max(size[0], read_one[0]), min(size[1], read_one[1]))
    return PostPolicy(_read_expiration(found["expiration"]), tuple(conditions), size)


def _plain_json(text: str) -> str:
    return _ESCAPE.sub(lambda match: _OWN_ESCAPES.get(match[1], match[0]), text)


def _read_expiration(value: Any) -> int:
    try:
        if not isinstance(value, str) or not _EXPIRATION.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(f"{value[:19]}+00:00")
    except ValueError:
        said = value if isinstance(value, str) else ""
        raise InvalidPolicyDocument(f"Invalid Policy: Invalid 'expiration' value: '{said}'") from None
    fraction = value[19:-1].lstrip(".")[:3].ljust(3, "0")
    return int(moment.timestamp()) * 1000 + int(fraction)


def _read_condition(condition: Any) -> Condition | SizeRange:
    match condition:
        case {**properties}:
            return _read_simple(properties)
        case [*parts] if any(isinstance(part, list | dict) for part in parts):
            raise InvalidPolicyDocument("Invalid Policy: Invalid JSON.")
        case ["content-length-range", int(least), int(most)] if not isinstance(least, bool) and not isinstance(
            most, bool
        ):
            return SizeRange(least, most)
        case [str(operator), str(field), str(value)] if field.startswith("$"):
            found = Condition(operator.lower(), field, value)
            if found.operator == "eq" or (found.operator == "starts-with" and found.name not in _EXACT_ONLY):
                return found
    raise _failed(condition)


def _read_simple(properties: Mapping[Any, Any]) -> Condition:
    if len(properties) != 1:
        raise InvalidPolicyDocument(
            "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    ((name, value),) = properties.items()
    if not isinstance(value, str):
        raise InvalidPolicyDocument("Invalid Policy: Invalid Simple-Condition: value must be a string.")
    return Condition("eq", f"${name}", value)


def _failed(condition: Any) -> Exception:
    return AccessDenied(
        f"Invalid according to Policy: Policy Condition failed: {json.dumps(condition, ensure_ascii=False)}"
    )


def check(policy: PostPolicy, fields: Mapping[str, str], *, bucket: str, now: int) -> None:
    """AccessDenied when the policy has expired, a condition does not hold, or a field is under no condition.

    `fields` are those of the form before its file, the key with `${filename}` filled in; `bucket` is the one that was
    posted to; `now` is in milliseconds.
    """
    if now >= policy.expires_at:
        raise AccessDenied("Invalid according to Policy: Policy expired.")
    given = {name.lower(): value for name, value in fields.items()} | {"bucket": bucket}
    for condition in policy.conditions:
        if not _holds(condition, given.get(condition.name)):
            raise _failed(list(condition))
    covered = {condition.name for condition in policy.conditions} | _UNCOVERED
    for name in given:
        if name not in covered and not name.startswith(_UNCOVERED_PREFIX):
            raise AccessDenied(f"Invalid according to Policy: Extra input fields: {name}")


def _holds(condition: Condition, value: str | None) -> bool:
    """A field that is not there meets no condition, not even an empty prefix. Types of content may come as a list."""
    if value is None:
        return False
    if condition.operator == "eq":
        return value == condition.value
    values = [one.strip() for one in value.split(",")] if condition.name == "content-type" else [value]
    return all(one.startswith(condition.value) for one in values)


def check_size(policy: PostPolicy, size: int) -> None:
    """EntityTooSmall or EntityTooLarge for a file, of `size` bytes, that the policy does not allow."""
    if policy.size is None:
        return
    if size < policy.size.least:
        raise EntityTooSmall(ProposedSize=size, MinSizeAllowed=policy.size.least)
    if size > policy.size.most:
        raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=policy.size.most)
