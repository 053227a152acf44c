"""Policy documents: refused when written if they mean nothing, compiled once, matched as pure functions.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from fogstead.kernel.conditions import Holds, PolicyFault, Values, compile_condition, glob
from fogstead.kernel.identity import Principal
from fogstead.kernel.policy_principals import Level, LevelOf, compile_principals

Use = Literal["identity", "resource"]
Effect = Literal["Allow", "Deny"]

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_VERSIONS = frozenset({"2008-10-17", "2012-10-17"})
_VARIABLE = re.compile(r"\$\{([^}*?$,]+)(?:,\s*'([^']*)')?\}")
_DOCUMENT_BYTES_MAX = 256 * 1024
_ACTIONS_REMEMBERED = 512

Fill = Callable[[str, Values], str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """May this principal do this to that? Context keys are lower case."""

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Values
    shown: str = ""
    """What a denial calls the resource, where its own ARN would tell whether it is there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key, compiled; what was written is kept for those who ask why."""

    operator: str
    key: str
    wanted: tuple[str, ...]
    holds: Holds


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement; `level_of` is None in identity policies. `label` is its Sid, or its number from one."""

    label: str
    effect: Effect
    level_of: LevelOf | None
    action_matches: Callable[[str], bool]
    resources: Resources
    conditions: tuple[Condition, ...]
    variables: bool

    @property
    def fill(self) -> Fill:
        """What is done to texts that may hold policy variables."""
        return substitute if self.variables else _as_written

    def level(self, principal: Principal) -> Level:
        """How closely the statement names a principal; identity policies speak of whoever they are attached to."""
        return Level.EXACT if self.level_of is None else self.level_of(principal)

    def applies(self, question: Question) -> bool:
        """Whether it speaks of the question's resource, and its conditions hold.

        That it speaks of the action and of the principal is known already: see `Policy.of` and `level`.
        """
        resource, resources = question.resource, self.resources
        if not resource.startswith(resources.prefixes) or not resources.matches(resource, question.context):
            return False
        if not self.conditions:
            return True
        fill = self.fill
        return all(condition.holds(question.context, fill) for condition in self.conditions)


class Policy:
    """A compiled document, with its statements by action: most speak of few."""

    __slots__ = ("_by_action", "has_deny", "statements")

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self.statements = statements
        self.has_deny = any(statement.effect == "Deny" for statement in statements)
        self._by_action: dict[str, tuple[Statement, ...]] = {}

    def of(self, action: str) -> tuple[Statement, ...]:
        """The statements that speak of an action."""
        known = self._by_action.get(action)
        if known is None:
            known = tuple(statement for statement in self.statements if statement.action_matches(action))
            if len(self._by_action) < _ACTIONS_REMEMBERED:
                self._by_action[action] = known
        return known


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
    return Policy(
        tuple(_statement(entry, use, str(number), variables=variables) for number, entry in enumerate(listed, 1))
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise PolicyFault("Syntax errors in policy: an element appears twice")
    return out


def _refuse_unknown(element: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(element) - known)
    if unknown:
        raise PolicyFault(f"Syntax errors in policy: unknown element {unknown[0]} in {where}")


def _statement(entry: Any, use: Use, number: str, *, variables: bool) -> Statement:
    if not isinstance(entry, dict):
        raise PolicyFault("Syntax errors in policy: a statement is a JSON object")
    _refuse_unknown(entry, _STATEMENT, "statement")
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyFault("Syntax errors in policy: Effect must be Allow or Deny")
    return Statement(
        label=_text(entry.get("Sid", ""), "Sid") or number,
        effect=effect,
        level_of=_principal_element(entry, use),
        action_matches=_either(entry, "Action", "NotAction", _actions),
        resources=_resources(entry, use, variables=variables),
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


@dataclass(frozen=True, slots=True)
class Resources:
    """The Resource element, in the order in which it is cheap to ask.

    `prefixes` are how everything begins that it speaks of. Where it only names things in full, `exact` are their names.
    """

    prefixes: tuple[str, ...]
    exact: frozenset[str] | None
    matches: Callable[[str, Values], bool]


_EVERYTHING = Resources(("",), None, lambda _resource, _values: True)
_WILD = re.compile(r"[*?]|\$\{")


def _resources(entry: Mapping[str, Any], use: Use, *, variables: bool) -> Resources:
    if use == "resource" and "Resource" not in entry and "NotResource" not in entry:
        return _EVERYTHING
    matches = _either(entry, "Resource", "NotResource", lambda patterns: _any_of(patterns, variables=variables))
    if "NotResource" in entry:
        return Resources(("",), None, matches)
    patterns = _texts(entry["Resource"], "Resource")
    prefixes = tuple(dict.fromkeys(_WILD.split(pattern, maxsplit=1)[0] for pattern in patterns))
    exact = frozenset(patterns) if not any(_WILD.search(pattern) for pattern in patterns) else None
    return Resources(prefixes, exact, matches)


def _any_of(patterns: list[str], *, variables: bool) -> Callable[[str, Values], bool]:
    for pattern in patterns:
        if pattern != "*" and not pattern.startswith(("arn:", "*", "${")):
            raise PolicyFault(f'Resource {pattern} must be in ARN format or "*".')
    fixed = [glob(pattern) for pattern in patterns if not variables or "${" not in pattern]
    varying = [pattern for pattern in patterns if variables and "${" in pattern]

    def matches(resource: str, values: Values) -> bool:
        if any(one.match(resource) for one in fixed):
            return True
        filled = (substitute(pattern, values) for pattern in varying)
        return any(glob(one).match(resource) for one in filled if one is not None)

    return matches


def _conditions(block: Any) -> tuple[Condition, ...]:
    if not isinstance(block, dict):
        raise PolicyFault("Syntax errors in policy: Condition is a JSON object")
    made = []
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            raise PolicyFault("Syntax errors in policy: a condition names keys")
        for key, wanted in keys.items():
            texts = [_scalar_text(value) for value in _as_list(wanted)]
            made.append(Condition(operator, key, tuple(texts), compile_condition(operator, key, texts)))
    return tuple(made)


def _scalar_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyFault("Syntax errors in policy: a condition value is text, a number or a boolean")


def _principal_element(entry: Mapping[str, Any], use: Use) -> LevelOf | None:
    named = "Principal" in entry or "NotPrincipal" in entry
    if use == "identity":
        if named:
            raise PolicyFault("Policy document should not specify a principal.")
        return None
    if ("Principal" in entry) == ("NotPrincipal" in entry):
        raise PolicyFault("Syntax errors in policy: a statement has either Principal or NotPrincipal")
    if "NotPrincipal" in entry and entry["Effect"] != "Deny":
        raise PolicyFault("Syntax errors in policy: NotPrincipal must be used with Effect Deny")
    level = compile_principals(entry.get("Principal", entry.get("NotPrincipal")))
    return level if "Principal" in entry else lambda principal: Level.NOT if level(principal) else Level.EXACT


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
