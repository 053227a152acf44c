"""The policy simulator: the kernel's own decision, asked of made-up calls.

What is decided here is what would be decided of a call, by the same function. Source: IAM API reference,
SimulatePrincipalPolicy and SimulateCustomPolicy; the user guide, "How the IAM policy simulator works".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel.arns import Arn
from fogstead.kernel.authorization import Access, decide
from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.context_keys import iso, principal_keys
from fogstead.kernel.identity import Principal, is_account
from fogstead.kernel.pages import Page
from fogstead.kernel.policies import Policy, Question, compile_policy
from fogstead.kernel.standing import PolicySet, Standing
from fogstead.kernel.transaction import Transaction
from fogstead.model import iam_facts
from fogstead.services.iam.context_keys import keys_of_statement, statements_of
from fogstead.services.iam.pages import ITEMS_DEFAULT, ITEMS_MAX
from fogstead.services.iam.policy_documents import SYNTAX
from fogstead.services.iam.service import InvalidInput
from fogstead.services.iam.statement_positions import line_and_column, statement_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE_TYPE = "IAM Policy"
RESOURCE_POLICY = "ResourcePolicy"

Named = tuple[str, str]
"""A policy's text below the name the simulator knows it by."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who asks in what circumstances, and the policies that bear on it."""

    principal: Principal
    account: str
    identity: tuple[Named, ...]
    boundary: tuple[Named, ...]
    has_boundary: bool
    resource_policy: str
    context: Mapping[str, str | list[str]]
    standing: Standing
    access: Access


def scene(
    tx: Transaction,
    principal: Principal,
    identity: Sequence[Named],
    boundary: Sequence[Named] | None,
    tags: Mapping[str, str],
    req: Mapping[str, Any],
) -> Scene:
    """The scene of a request. InvalidInput for what cannot be simulated."""
    policy_text = req.get("ResourcePolicy", "")
    limits = None if boundary is None else PolicySet.of_texts(boundary)
    standing = Standing(PolicySet.of_texts(identity), boundary=limits, tags=tags)
    now = tx.now // 1000
    known = {"aws:currenttime": iso(now), "aws:epochtime": str(now)}
    if principal.kind != "anonymous":
        known.update(principal_keys(principal, standing))  # type: ignore[arg-type]
    return Scene(
        principal=principal,
        account=_owner(req) or tx.home.account,
        identity=tuple(identity),
        boundary=tuple(boundary or ()),
        has_boundary=boundary is not None,
        resource_policy=policy_text,
        context={**known, **_given(req.get("ContextEntries", []))},
        standing=standing,
        access=Access(_resource_policy(policy_text) if policy_text else None),
    )


def _owner(req: Mapping[str, Any]) -> str:
    """The account of the simulated resources, where the request says it: by its number or its ARN."""
    owner: str = req.get("ResourceOwner", "")
    account = owner.split(":")[4] if owner.count(":") >= 5 else owner
    if owner and not is_account(account):
        raise InvalidInput(f"Invalid ResourceOwner: {owner}")
    return account


def _resource_policy(text: str) -> Policy:
    try:
        return compile_policy(text, "resource")
    except PolicyFault:
        raise InvalidInput(SYNTAX) from None


def _given(entries: Sequence[Mapping[str, Any]]) -> dict[str, str | list[str]]:
    """Context keys by lower-case name; those of a list type stay lists."""
    given: dict[str, str | list[str]] = {}
    for entry in entries:
        values = list(entry.get("ContextKeyValues", []))
        name, as_list = entry.get("ContextKeyName"), entry.get("ContextKeyType", "").endswith("List")
        if not name or not values or (len(values) > 1 and not as_list):
            raise InvalidInput(f"Invalid context entry: {name}")
        given[name.lower()] = values if as_list else values[0]
    return given


def page_of_results(tx: Transaction, about: Scene, req: Mapping[str, Any]) -> Page:
    """One result for each action and resource, the resources of an action together."""
    actions, resources = req["ActionNames"], req.get("ResourceArns") or ["*"]
    for action in actions:
        if iam_facts.action(action) is None:
            raise InvalidInput(f"Invalid Entity Action: {action}")
    for resource in resources:
        _check_resource(resource)
    cut = tx.cut(size_default=ITEMS_DEFAULT, size_max=ITEMS_MAX)
    first = 0 if cut.after is None else int(cut.after) + 1
    total = len(actions) * len(resources)
    numbers = range(first, min(first + cut.size, total))
    results = [
        _result(about, actions[number // len(resources)], resources[number % len(resources)]) for number in numbers
    ]
    return Page(results, cut.token(str(numbers[-1]).encode()) if first + cut.size < total else None)


def _check_resource(resource: str) -> None:
    if resource != "*":
        try:
            Arn.parse(resource)
        except ValueError:
            raise InvalidInput(f"Invalid Entity Arn: {resource}") from None


def _result(about: Scene, action: str, resource: str) -> Any:
    account = resource.split(":")[4] if resource != "*" else ""
    question = Question(about.principal, action, resource, account or about.account, about.context)
    decision = decide(question, about.standing, about.access)
    shown: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": "allowed" if decision.allowed else ("explicitDeny" if decision.explicit else "implicitDeny"),
        "MatchedStatements": [],
        "MissingContextValues": sorted(_missing(about, action)),
    }
    if decision.allowed or decision.explicit:
        shown["MatchedStatements"] = list(_matched(about, question, "Allow" if decision.allowed else "Deny"))
    if about.has_boundary:
        own = dataclasses.replace(question, resource_account=about.principal.account)
        within = decide(own, Standing(about.standing.boundary or PolicySet(())))
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within.allowed}
    return shown


def _policies(about: Scene) -> Iterator[tuple[str, str, Policy]]:
    for name, text in (*about.identity, *about.boundary):
        yield name, text, compile_policy(text, "identity")
    if about.access.policy is not None:
        yield RESOURCE_POLICY, about.resource_policy, about.access.policy


def _matched(about: Scene, question: Question, effect: str) -> Iterator[Any]:
    """The statements that decided. What a boundary allows decides nothing; what it denies does."""
    limits = {name for name, _ in about.boundary}
    for name, text, policy in _policies(about):
        if effect == "Allow" and name in limits:
            continue
        spans = statement_spans(text)
        speaking = policy.of(question.action)
        for statement, span in zip(policy.statements, spans, strict=True):
            names = statement in speaking and statement.level(question.principal)
            if names and statement.effect == effect and statement.applies(question):
                yield {
                    "SourcePolicyId": name,
                    "SourcePolicyType": SOURCE_TYPE,
                    "StartPosition": line_and_column(text, span.start),
                    "EndPosition": line_and_column(text, span.end - 1),
                }


def _missing(about: Scene, action: str) -> set[str]:
    """Keys that the statements on an action look at, and nobody has given."""
    found: set[str] = set()
    for _name, text, policy in _policies(about):
        speaking: Callable[[Any], bool] = policy.of(action).__contains__
        for statement, written in zip(policy.statements, statements_of(text), strict=True):
            if speaking(statement):
                found.update(keys_of_statement(written))
    return {key for key in found if key.lower() not in about.context}
