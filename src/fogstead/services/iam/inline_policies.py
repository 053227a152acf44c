"""Policies embedded in a user, group or role, which go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fogstead.kernel.pages import Page
from fogstead.kernel.service import snake
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.groups import Group
from fogstead.services.iam.names import Named
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.policy_documents import check_identity_policy, size_of
from fogstead.services.iam.roles import Role, refuse_linked
from fogstead.services.iam.service import LimitExceeded, NoSuchEntity, iam
from fogstead.services.iam.users import User

SIZE_MAX = {"User": 2_048, "Group": 5_120, "Role": 10_240}
"""Characters of all inline policies of one together, without white space. Source: IAM User Guide, quotas."""


def _put(tx: Transaction, noun: str, name: str, document: str) -> None:
    entity: Any = tx.resource
    if isinstance(entity, Role):
        refuse_linked(entity)
    check_identity_policy(document)
    inline = {**entity.inline, name: document}
    if sum(map(size_of, inline.values())) > SIZE_MAX[noun]:
        raise LimitExceeded(f"Maximum policy size of {SIZE_MAX[noun]} bytes exceeded for {noun.lower()} {entity.name}")
    tx.replace(entity, inline=inline)


def _declare(noun: str, cls: type[Named]) -> None:
    def put(tx: Transaction, req: Any) -> None:
        _put(tx, noun, req["PolicyName"], req["PolicyDocument"])

    def get(tx: Transaction, req: Any) -> Any:
        document = _found(tx, noun, req["PolicyName"])
        shown = {"PolicyName": req["PolicyName"], "PolicyDocument": quote(document, safe="")}
        return {f"{noun}Name": tx.resource.name, **shown}

    def delete(tx: Transaction, req: Any) -> None:
        if noun == "Role":
            refuse_linked(tx.resource)
        _found(tx, noun, req["PolicyName"])
        left = {name: document for name, document in tx.resource.inline.items() if name != req["PolicyName"]}
        tx.replace(tx.resource, inline=left)

    def listing(tx: Transaction, req: Any) -> Page:  # noqa: ARG001 - operations take both
        return page_of(tx, tx.resource.inline, key=str, show=str)

    answers = {get: f"Get{noun}PolicyResponse", listing: "Page"}
    for name, run in (
        (f"Put{noun}Policy", put),
        (f"Get{noun}Policy", get),
        (f"Delete{noun}Policy", delete),
        (f"List{noun}Policies", listing),
    ):
        run.__name__ = snake(name)
        run.__annotations__ = {"req": f"{name}Request", "return": answers.get(run, "None")}
        iam.operation(on=cls, at=f"{noun}Name", conditions=_conditions)(run)


def _found(tx: Transaction, noun: str, name: str) -> str:
    document: str | None = tx.resource.inline.get(name)
    if document is None:
        raise NoSuchEntity(f"The {noun.lower()} policy with name {name} cannot be found.")
    return document


def _conditions(tx: Transaction, given: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG001 - conditions take both
    boundary = getattr(tx.resource, "boundary", "")
    return {"iam:permissionsboundary": boundary} if boundary else {}


for _noun, _cls in (("User", User), ("Group", Group), ("Role", Role)):
    _declare(_noun, _cls)
