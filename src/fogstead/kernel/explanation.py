"""Why a question was decided as it was: every statement that could have spoken, and what kept it from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from fogstead.kernel.authorization import Access, Decision, decide
from fogstead.kernel.policies import Condition, Policy, Question, Statement
from fogstead.kernel.standing import Standing

STATEMENTS_MAX = 200
REMEMBERED_MAX = 1_000


class Weighed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement. `missed` says what of the question it does not speak of; empty when it applies."""

    policy: str
    statement: str
    effect: str
    missed: str = ""


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The evaluation tree: the question, each kind of policy with its statements, the decision."""

    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str
    kinds: dict[str, list[Weighed]]
    context: dict[str, str | list[str]] = {}
    granted: bool = False
    more: bool = False
    """Whether there were more statements than are shown."""


AS_ROOT = "the account's root"


def said_by(decision: Decision | None) -> str:
    """What let somebody through, in a few words; empty when nothing did. No decision was needed for a root."""
    if decision is None:
        return AS_ROOT
    if not decision.allowed:
        return ""
    return f"{decision.by.source}, statement {decision.by.statement.label}" if decision.by is not None else "a grant"


class Denials:
    """The last thousand, by request. What is older stands in the audit."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Explanation] = OrderedDict()

    def keep(self, request_id: str, explanation: Explanation) -> None:
        """Remember why a request was denied."""
        self._kept[request_id] = explanation
        if len(self._kept) > REMEMBERED_MAX:
            self._kept.popitem(last=False)

    def find(self, request_id: str) -> Explanation | None:
        """Why it was denied, if that is remembered."""
        return self._kept.get(request_id)


def explain(question: Question, standing: Standing, access: Access, decision: Decision | None = None) -> Explanation:
    """The tree of a decision. The condition keys are those that some statement looked for."""
    kinds: dict[str, list[Weighed]] = {}
    sought: set[str] = set()
    left = STATEMENTS_MAX
    for kind, source, policy in _policies(standing, access):
        weighed = kinds.setdefault(kind, [])
        for statement in policy.statements[:left]:
            weighed.append(_weigh(question, source, statement))
            sought.update(condition.key.lower() for condition in statement.conditions)
        left = max(0, left - len(policy.statements))
    found = decision or decide(question, standing, access)
    shown = {key: question.context[key] for key in sorted(sought) if key in question.context}
    return Explanation(
        principal=question.principal.arn,
        action=question.action,
        resource=question.resource,
        allowed=found.allowed,
        reason=found.reason,
        kinds=kinds,
        context={key: value if isinstance(value, str) else list(value) for key, value in shown.items()},
        granted=bool(access.granted),
        more=not left,
    )


def _policies(standing: Standing, access: Access) -> Iterator[tuple[str, str, Policy]]:
    for level in standing.organization:
        for source, policy in level.named:
            yield "service control policies", source, policy
    for source, policy in standing.identity.named:
        yield "identity-based policies", source, policy
    if access.policy is not None:
        yield "resource-based policy", "", access.policy
    for kind, policies in (("permissions boundary", standing.boundary), ("session policies", standing.session)):
        if policies is not None:
            for source, policy in policies.named:
                yield kind, source, policy


def _weigh(question: Question, source: str, statement: Statement) -> Weighed:
    return Weighed(source, statement.label, statement.effect, _missed(question, statement))


def _missed(question: Question, statement: Statement) -> str:
    if not statement.action_matches(question.action):
        return "action"
    if statement.level_of is not None and not statement.level_of(question.principal):
        return "principal"
    if not statement.resources.matches(question.resource, question.context):
        return "resource"
    failed = [one for one in statement.conditions if not one.holds(question.context, statement.fill)]
    return "; ".join(_said(question, one) for one in failed)


def _said(question: Question, condition: Condition) -> str:
    actual = question.context.get(condition.key.lower(), "absent")
    shown = actual if isinstance(actual, str) else ", ".join(actual)
    return f"condition {condition.operator} {condition.key}: {', '.join(condition.wanted)} (it is {shown})"
