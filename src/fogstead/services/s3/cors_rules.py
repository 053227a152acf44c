"""CORS: which origins may do what, by the rules of a bucket, and the headers that tell a browser so.

Sources: S3 User Guide, "Using cross-origin resource sharing" and "Elements of a CORS configuration"; API reference,
PutBucketCors and "OPTIONS object".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fogstead.services.s3.service import AccessForbidden, BadRequest, InvalidArgument, InvalidRequest, MalformedXML

RULES_MAX = 100
ID_LENGTH_MAX = 255
METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


class CorsRule(msgspec.Struct, frozen=True, array_like=True):
    """One rule; `max_age` in seconds."""

    methods: tuple[str, ...]
    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    id: str | None = None


# ------------------------------------------------------------- configurations
def checked(configuration: Mapping[str, Any]) -> tuple[CorsRule, ...]:
    """The rules of a CORSConfiguration: MalformedXML, InvalidRequest or InvalidArgument for what S3 would not take."""
    rules = configuration.get("CORSRules")
    if not rules:
        raise MalformedXML
    if len(rules) > RULES_MAX:
        raise InvalidRequest(f"The number of CORS rules should not exceed allowed limit of {RULES_MAX} rules.")
    return tuple(_checked_rule(rule) for rule in rules)


def _checked_rule(rule: Mapping[str, Any]) -> CorsRule:
    methods, origins = rule.get("AllowedMethods"), rule.get("AllowedOrigins")
    headers, exposed = rule.get("AllowedHeaders") or (), rule.get("ExposeHeaders") or ()
    rule_id, max_age = rule.get("ID"), rule.get("MaxAgeSeconds")
    if not methods or not origins or not all(origins):
        raise MalformedXML
    if rule_id is not None and len(rule_id) > ID_LENGTH_MAX:
        raise InvalidArgument(
            f"The ID length should not exceed allowed limit of {ID_LENGTH_MAX}",
            ArgumentName="ID",
            ArgumentValue=rule_id,
        )
    for method in methods:
        if method not in METHODS:
            raise InvalidRequest(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for element, values in (("AllowedOrigin", origins), ("AllowedHeader", headers)):
        for value in values:
            if value.count("*") > 1:
                raise InvalidRequest(f'{element} "{value}" can not have more than one wildcard.')
    for name in exposed:
        _check_exposed(name)
    return CorsRule(tuple(methods), tuple(origins), tuple(headers), tuple(exposed), max_age, rule_id)


def _check_exposed(name: str) -> None:
    if "*" in name:
        raise InvalidRequest(
            f'ExposeHeader "{name}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
        )
    if not _HEADER_NAME.fullmatch(name):
        # S3 names the other element here.
        raise InvalidRequest(f'AllowedHeader "{name}" contains invalid character.')


def shown(rules: Sequence[CorsRule]) -> list[dict[str, Any]]:
    """As GetBucketCors answers; what a rule does not say is left out."""
    return [_shown(rule) for rule in rules]


def _shown(rule: CorsRule) -> dict[str, Any]:
    said = {
        "ID": rule.id,
        "AllowedHeaders": list(rule.headers) or None,
        "AllowedMethods": list(rule.methods),
        "AllowedOrigins": list(rule.origins),
        "ExposeHeaders": list(rule.exposed) or None,
        "MaxAgeSeconds": rule.max_age,
    }
    return {name: value for name, value in said.items() if value is not None}


# ------------------------------------------------------------- requests
def match(rules: Sequence[CorsRule], origin: str, method: str, headers: Sequence[str] = ()) -> dict[str, str] | None:
    """The headers to answer with, by the first rule that allows the origin the method and all headers, or None.

    `headers` are the names in a preflight's Access-Control-Request-Headers; an actual request has none.
    """
    for rule in rules:
        allowed = next((one for one in rule.origins if _fits(one, origin)), None)
        if allowed is not None and method in rule.methods and all(_allows(rule, name) for name in headers):
            return _answer(rule, "*" if allowed == "*" else origin, headers)
    return None


def _allows(rule: CorsRule, header: str) -> bool:
    return any(_fits(one.lower(), header.lower()) for one in rule.headers)


def _fits(pattern: str, value: str) -> bool:
    """Whether a value is the pattern, which may have one `*` for any signs."""
    head, wildcard, tail = pattern.partition("*")
    if not wildcard:
        return value == pattern
    return len(value) >= len(head) + len(tail) and value.startswith(head) and value.endswith(tail)


def _answer(rule: CorsRule, origin: str, headers: Sequence[str]) -> dict[str, str]:
    """Credentials are for origins that were named: browsers refuse them together with `*`."""
    answer = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": ", ".join(rule.methods)}
    if headers:
        answer["Access-Control-Allow-Headers"] = ", ".join(name.lower() for name in headers)
    if rule.exposed:
        answer["Access-Control-Expose-Headers"] = ", ".join(rule.exposed)
    if rule.max_age is not None:
        answer["Access-Control-Max-Age"] = str(rule.max_age)
    if origin != "*":
        answer["Access-Control-Allow-Credentials"] = "true"
    answer["Vary"] = VARY
    return answer


def preflight(rules: Sequence[CorsRule] | None, headers: Mapping[str, str], resource_type: str) -> dict[str, str]:
    """The answer to an OPTIONS request with these headers, named in small letters.

    `rules` is None where the bucket has no configuration; `resource_type` is BUCKET or OBJECT.
    BadRequest when the request says too little, AccessForbidden when it is not allowed.
    """
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin:
        raise BadRequest("Insufficient information. Origin request header needed.")
    if method not in METHODS:
        raise BadRequest(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    about = {"Method": method, "ResourceType": resource_type}
    if rules is None:
        raise AccessForbidden("CORSResponse: CORS is not enabled for this bucket.", **about)
    asked = [name.strip() for name in headers.get("access-control-request-headers", "").split(",")]
    found = match(rules, origin, str(method), [name for name in asked if name])
    if found is None:
        raise AccessForbidden(**about)
    return found


def for_answer(rules: Sequence[CorsRule] | None, headers: Mapping[str, str], method: str) -> dict[str, str]:
    """What to add to the answer to an actual request with these headers, named in small letters; often nothing."""
    origin = headers.get("origin")
    if not rules or not origin:
        return {}
    return match(rules, origin, method) or {}
