"""Trust policies of roles: refused with IAM's own reasons, and whom they name, by ARN or by id.

A user or role that a trust policy names is kept by its unique id, so that another one of the same name is not trusted.
It is shown by its ARN, and by the bare id once it is gone. Source: IAM User Guide, "AWS JSON policy elements:
Principal", the notes on role and user principals. The reasons are those that IAM gives in the reports of its users.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.identity import is_account
from fogstead.kernel.policies import compile_policy
from fogstead.services.iam.policy_documents import SYNTAX, check_sids, listed, parsed
from fogstead.services.iam.service import MalformedPolicyDocument

_DOCUMENT = ("Version", "Id", "Statement")
_STATEMENT = ("Sid", "Effect", "Principal", "Action", "Condition")
_PROHIBITED = ("Resource", "NotResource", "NotPrincipal", "NotAction")
_KINDS = {"AWS": "AWS", "Service": "SERVICE", "Federated": "FEDERATED"}
_ACTIONS = (
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:setcontext",
    "sts:setsourceidentity",
    "sts:tagsession",
)
_PERSONAL = re.compile(r"arn:aws:iam::(\d{12}):(?:user|role)/[\w+=,.@/-]+")
_SESSION = re.compile(r"arn:aws:sts::\d{12}:(?:assumed-role/[\w+=,.@-]+|federated-user)/[\w+=,.@-]+")
_ROOT = re.compile(r"arn:aws:iam::\d{12}:root")
_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,60}")
_SERVICE = re.compile(
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)|edgelambda\.amazonaws\.com"
)
_PROVIDER = re.compile(r"arn:aws:iam::\d{12}:(?:oidc|saml)-provider/.+")
_WEB_PROVIDERS = frozenset(
    {"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}
)

Rename = Callable[[str], str]


def checked_trust_policy(text: str) -> dict[str, Any]:
    """The document, or MalformedPolicyDocument with IAM's reason."""
    document = parsed(text, "This policy contains invalid Json")
    if not isinstance(document, dict):
        raise MalformedPolicyDocument(SYNTAX)
    _check_fields(document, _DOCUMENT, ("Statement",))
    statements = listed(document["Statement"])
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        raise MalformedPolicyDocument(SYNTAX)
    for statement in statements:
        _check_statement(statement)
    check_sids(statements)
    try:
        compile_policy(text, "resource")
    except PolicyFault:
        raise MalformedPolicyDocument(SYNTAX) from None
    return document


def people_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The users and roles it names by ARN, each with its account."""
    for text in _aws_principals(document):
        match = _PERSONAL.fullmatch(text)
        if match is not None:
            yield text, match[1]


def ids_in(document: Mapping[str, Any]) -> Iterator[str]:
    """The users and roles it names by unique id."""
    return (text for text in _aws_principals(document) if _ID.fullmatch(text))


def renamed(document: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Its text with principals under other names; accounts are written as ARNs of their roots."""
    statements = [_renamed_in(statement, names) for statement in listed(document["Statement"])]
    whole = statements if isinstance(document["Statement"], list) else statements[0]
    return json.dumps({**document, "Statement": whole}, separators=(",", ":"), ensure_ascii=False)


def unknown_principal(kind: str, text: str) -> MalformedPolicyDocument:  # type: ignore[valid-type]
    """The error for a principal that is nobody."""
    return MalformedPolicyDocument(f'Invalid principal in policy: "{kind}":"{text}"')


def _renamed_in(statement: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    principal = statement["Principal"]
    if principal == "*" or "AWS" not in principal:
        return dict(statement)
    written = [_canonical(names.get(text, text)) for text in listed(principal["AWS"])]
    changed = written if isinstance(principal["AWS"], list) else written[0]
    return {**statement, "Principal": {**principal, "AWS": changed}}


def _canonical(text: str) -> str:
    return f"arn:aws:iam::{text}:root" if is_account(text) else text


def _aws_principals(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in listed(document["Statement"]):
        if statement["Principal"] != "*":
            yield from listed(statement["Principal"].get("AWS", []))


def _check_fields(element: Mapping[str, Any], known: tuple[str, ...], required: tuple[str, ...]) -> None:
    for name in element:
        if name in _PROHIBITED:
            raise MalformedPolicyDocument(f"Has prohibited field {name}")
        if name not in known:
            raise MalformedPolicyDocument(f"Unknown field {name}")
    for name in required:
        if name not in element:
            raise MalformedPolicyDocument(f"Missing required field {name}")


def _check_statement(statement: Mapping[str, Any]) -> None:
    _check_fields(statement, _STATEMENT, ("Effect", "Principal", "Action"))
    if not isinstance(statement.get("Sid", ""), str) or statement["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicyDocument(SYNTAX)
    actions = listed(statement["Action"])
    if not actions or not all(isinstance(action, str) for action in actions):
        raise MalformedPolicyDocument(SYNTAX)
    if not all(_is_action(action) for action in actions):
        raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
    _check_principal(statement["Principal"])


def _is_action(action: str) -> bool:
    lowered = action.lower()
    if not lowered.endswith("*"):
        return lowered in _ACTIONS
    return lowered.startswith("sts:") and any(one.startswith(lowered[:-1]) for one in _ACTIONS)


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or not set(_KINDS).issuperset(principal):
        raise MalformedPolicyDocument(SYNTAX)
    for kind, value in principal.items():
        texts = listed(value)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise MalformedPolicyDocument(SYNTAX)
        for text in texts:
            if not _is_principal(kind, text):
                raise unknown_principal(_KINDS[kind], text)


def _is_principal(kind: str, text: str) -> bool:
    if kind == "Service":
        return _SERVICE.fullmatch(text) is not None
    if kind == "Federated":
        return text in _WEB_PROVIDERS or _PROVIDER.fullmatch(text) is not None
    patterns = (_PERSONAL, _SESSION, _ROOT, _ID)
    return text == "*" or is_account(text) or any(pattern.fullmatch(text) for pattern in patterns)
