"""Policy documents: refused when written if they mean nothing, compiled once, matched as pure functions.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from fogstead.kernel.conditions import Holds, PolicyFault, Values, compile_condition, glob
from fogstead.kernel.identity import Principal, canonical_id, is_account

Use = Literal["identity", "resource"]
Effect = Literal["Allow", "Deny"]

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_VERSIONS = frozenset({"2008-10-17", "2012-10-17"})
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)(?:,\s*'([^']*)')?\}")
_PRINCIPALS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_DOCUMENT_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """May this principal do this to that? Context keys are lower case."""

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Values


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement; `principal_matches` is None in identity policies."""

    sid: str
    effect: Effect
    principal_matches: Callable[[Principal], bool] | None
    action_matches: Callable[[str], bool]
    resource_matches: Callable[[str, Values], bool]
    conditions: tuple[Holds, ...]
    variables: bool

    def applies(self, question: Question) -> bool:
        """Whether the statement speaks of this question."""
        if self.principal_matches is not None and not self.principal_matches(question.principal):
            return False
        if not self.action_matches(question.action) or not self.resource_matches(question.resource, question.context):
            return False
        fill = substitute if self.variables else _as_written
        return all(holds(question.context, fill) for holds in self.conditions)


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled document."""

    statements: tuple[Statement, ...]
    has_deny: bool


@lru_cache(maxsize=4096)
def compile_policy(text: str, use: Use) -> Policy:
    """The policy of a document; PolicyFault when it is not one. Compiled once per text."""
    if len(text) > _DOCUMENT_BYTES_MAX:
        raise PolicyFault("The policy is too long.")
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        if isinstance(error, PolicyFault):
            raise
        raise PolicyFault("This policy contains invalid Json") from None
    if not isinstance(document, dict):
        raise PolicyFault("Syntax errors in policy: a policy is a JSON object")
    _refuse_unknown(document, _DOCUMENT, "policy")
    version = document.get("Version", "2008-10-17")
    if not isinstance(version, str) or version not in _VERSIONS:
        raise PolicyFault("The policy must contain a valid version string")
    listed = _as_list(document.get("Statement"))
    if not listed:
        raise PolicyFault("Syntax errors in policy: Statement is missing")
    variables = version == "2012-10-17"
    statements = tuple(_statement(entry, use, variables=variables) for entry in listed)
    return Policy(statements, any(statement.effect == "Deny" for statement in statements))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise PolicyFault("Syntax errors in policy: an element appears twice")
    return out


def _refuse_unknown(element: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(element) - known)
    if unknown:
        raise PolicyFault(f"Syntax errors in policy: unknown element {unknown[0]} in {where}")


def _statement(entry: Any, use: Use, *, variables: bool) -> Statement:
    if not isinstance(entry, dict):
        raise PolicyFault("Syntax errors in policy: a statement is a JSON object")
    _refuse_unknown(entry, _STATEMENT, "statement")
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyFault("Syntax errors in policy: Effect must be Allow or Deny")
    return Statement(
        sid=_text(entry.get("Sid", ""), "Sid"),
        effect=effect,
        principal_matches=_principal_element(entry, use),
        action_matches=_either(entry, "Action", "NotAction", _actions),
        resource_matches=_resources(entry, use, variables=variables),
        conditions=_conditions(entry.get("Condition", {})),
        variables=variables,
    )


def _either(entry: Mapping[str, Any], plain: str, negated: str, make: Callable[[list[str]], Any]) -> Any:
    if (plain in entry) == (negated in entry):
        raise PolicyFault(f"Syntax errors in policy: a statement has either {plain} or {negated}")
    patterns = _texts(entry.get(plain, entry.get(negated)), plain)
    if not patterns:
        raise PolicyFault(f"Policy statement must contain {plain.lower()}s.")
    matches = make(patterns)
    return matches if plain in entry else lambda *question: not matches(*question)


def _actions(patterns: list[str]) -> Callable[[str], bool]:
    for pattern in patterns:
        if pattern != "*" and not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", pattern):
            raise PolicyFault("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    compiled = [glob(pattern, ignore_case=True) for pattern in patterns]
    return lambda action: any(one.match(action) for one in compiled)


def _resources(entry: Mapping[str, Any], use: Use, *, variables: bool) -> Callable[[str, Values], bool]:
    if use == "resource" and "Resource" not in entry and "NotResource" not in entry:
        return lambda _resource, _values: True

    def make(patterns: list[str]) -> Callable[[str, Values], bool]:
        for pattern in patterns:
            if pattern != "*" and not pattern.startswith(("arn:", "*", "${")):
                raise PolicyFault(f'Resource {pattern} must be in ARN format or "*".')

        def matches(resource: str, values: Values) -> bool:
            for pattern in patterns:
                filled = substitute(pattern, values) if variables else pattern
                if filled is not None and glob(filled).match(resource):
                    return True
            return False

        return matches

    return _either(entry, "Resource", "NotResource", make)  # type: ignore[no-any-return]


def _conditions(block: Any) -> tuple[Holds, ...]:
    if not isinstance(block, dict):
        raise PolicyFault("Syntax errors in policy: Condition is a JSON object")
    made = []
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            raise PolicyFault("Syntax errors in policy: a condition names keys")
        for key, wanted in keys.items():
            texts = [_scalar_text(value) for value in _as_list(wanted)]
            made.append(compile_condition(operator, key, texts))
    return tuple(made)


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyFault("Syntax errors in policy: a condition value is text, a number or a boolean")


def _principal_element(entry: Mapping[str, Any], use: Use) -> Callable[[Principal], bool] | None:
    named = "Principal" in entry or "NotPrincipal" in entry
    if use == "identity":
        if named:
            raise PolicyFault("Policy document should not specify a principal.")
        return None
    if ("Principal" in entry) == ("NotPrincipal" in entry):
        raise PolicyFault("Syntax errors in policy: a statement has either Principal or NotPrincipal")
    if "NotPrincipal" in entry and entry["Effect"] != "Deny":
        raise PolicyFault("Syntax errors in policy: NotPrincipal must be used with Effect Deny")
    matches = _principals(entry.get("Principal", entry.get("NotPrincipal")))
    return matches if "Principal" in entry else lambda principal: not matches(principal)


def _principals(element: Any) -> Callable[[Principal], bool]:
    if element == "*":
        return lambda _principal: True
    if not isinstance(element, dict) or not element:
        raise PolicyFault("Invalid principal in policy")
    _refuse_unknown(element, _PRINCIPALS, "principal")
    services = frozenset(_texts(element.get("Service", []), "Principal"))
    arns, accounts, everyone = _aws_principals(_texts(element.get("AWS", []), "Principal"))
    federated = frozenset(_texts(element.get("Federated", []), "Principal"))
    canonical = frozenset(_texts(element.get("CanonicalUser", []), "Principal"))

    def matches(principal: Principal) -> bool:
        if principal.kind == "service":
            return principal.arn in services or "*" in services
        if everyone or principal.kind == "anonymous":
            return everyone
        if canonical and canonical_id(principal.account) in canonical:
            return True
        return principal.arn in arns or principal.account in accounts or principal.arn in federated

    return matches


def _aws_principals(texts: list[str]) -> tuple[frozenset[str], frozenset[str], bool]:
    """An account means all of its principals; the account's root ARN means the same."""
    arns, accounts = set(), set()
    for text in texts:
        if is_account(text):
            accounts.add(text)
        elif match := re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}):root", text):
            accounts.add(match[1])
        elif text == "*" or re.fullmatch(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+", text):
            arns.add(text)
        else:
            raise PolicyFault("Invalid principal in policy")
    return frozenset(arns), frozenset(accounts), "*" in arns


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(value: Any, element: str) -> list[str]:
    return [_text(one, element) for one in _as_list(value)]


def _text(value: Any, element: str) -> str:
    if not isinstance(value, str):
        raise PolicyFault(f"Syntax errors in policy: {element} must be text")
    return value


def substitute(text: str, values: Values) -> str | None:
    """The text with its policy variables filled in; None when one has no single value, so nothing can match."""
    if "${" not in text:
        return text
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        value = values.get(match[1].strip().lower(), match[2])
        if not isinstance(value, str):
            missing = True
            return ""
        return re.sub(r"[*?$]", lambda sign: "${" + sign[0] + "}", value)

    filled = _VARIABLE.sub(fill, text)
    return None if missing else filled


def _as_written(text: str, _values: Values) -> str:
    return text


def statements_of(policies: Sequence[Policy]) -> list[Statement]:
    """All statements of several policies."""
    return [statement for policy in policies for statement in policy.statements]
