"""Whether a call is allowed: one pure function of a question and the policies that bear on it.

Source: IAM User Guide, "Policy evaluation logic". Boundaries, session policies and service control policies join here
when their services land; until then no principal has any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fogstead.kernel.policies import Policy, Question, Statement, statements_of


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and the sentence that says why not."""

    allowed: bool
    reason: str = ""


ALLOWED = Decision(True)


@dataclass(frozen=True, slots=True)
class Access:
    """What a resource itself says of a question: its policy, and whether lists of its own let the caller in."""

    policy: Policy | None = None
    granted: bool = False


def decide(
    question: Question,
    *,
    identity_policies: Sequence[Policy] = (),
    resource_policy: Policy | None = None,
    granted: bool = False,
) -> Decision:
    """A deny anywhere wins. In the resource's own account either side may allow; from another account both must.

    What a resource's own lists grant counts as if its policy allowed it.
    """
    principal = question.principal
    resource_statements = resource_policy.statements if resource_policy is not None else ()
    by_identity = _verdict(question, statements_of(identity_policies))
    by_resource = _verdict(question, resource_statements)
    if by_identity == "Deny":
        return _denied(question, "with an explicit deny in an identity-based policy")
    if by_resource == "Deny":
        return _denied(question, "with an explicit deny in a resource-based policy")
    identity_allows = principal.is_root or by_identity == "Allow"
    resource_allows = granted or by_resource == "Allow"
    if principal.account and principal.account == question.resource_account:
        if identity_allows or resource_allows:
            return ALLOWED
        return _denied(question, f"because no identity-based policy allows the {question.action} action")
    if not resource_allows:
        return _denied(question, f"because no resource-based policy allows the {question.action} action")
    if identity_allows or not principal.account:
        return ALLOWED
    return _denied(question, f"because no identity-based policy allows the {question.action} action")


def _verdict(question: Question, statements: Sequence[Statement]) -> str:
    """Deny, Allow, or nothing said."""
    verdict = ""
    for statement in statements:
        if statement.applies(question):
            if statement.effect == "Deny":
                return "Deny"
            verdict = "Allow"
    return verdict


def _denied(question: Question, why: str) -> Decision:
    who = "Anonymous" if question.principal.kind == "anonymous" else question.principal.arn
    sentence = f"User: {who} is not authorized to perform: {question.action} on resource: {question.resource} {why}"
    return Decision(False, sentence)
