"""Law 13: every operation asks for an action that AWS documents, of a thing that this action is for."""

from __future__ import annotations

from fogstead.kernel.resource import Located
from fogstead.kernel.service import DeclaredOperation
from fogstead.model import iam_facts
from fogstead.primitives.store import Home
from laws.law import cases, law

DOCUMENTED = law(13, "its action is one that AWS documents", lambda one: not one.decides_itself)
FITTING = law(13, "its action is for such a thing", lambda one: not one.decides_itself and bool(one.on or one.creates))
_HOME = Home("111111111111", "us-east-1")


@cases(DOCUMENTED)
def test_its_action_is_one_that_aws_documents(operation: DeclaredOperation) -> None:
    assert iam_facts.action(operation.action) is not None, f"AWS knows no {operation.action}"


@cases(FITTING)
def test_its_action_is_for_such_a_thing(operation: DeclaredOperation) -> None:
    """An operation on a thing asks for it by an ARN of a kind that the action is documented for; else of everything."""
    facts, cls = iam_facts.action(operation.action), operation.on or operation.creates
    assert facts is not None
    assert cls is not None
    if not operation.at:
        return
    arn = Located(cls, cls.home_for(_HOME), tuple("/" if name == "path" else "x" for name in cls.key_fields)).arn
    whole = [arn, f"{arn}/x"] if operation.part is not None else [arn]
    kinds = facts.resource_types
    assert any(kind.matches(one) for kind in kinds for one in whole), (
        f"{operation.action} is for {[kind.arn for kind in kinds]}, and not for {arn}"
    )
