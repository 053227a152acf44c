"""One call on its way: where its transaction runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trial import ACCOUNT, HOME, ROOT

from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Resource
from fogstead.kernel.service import Service
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import SYSTEM, Home

if TYPE_CHECKING:
    from fogstead.shapes.iam import ListRolesRequest, ListUsersRequest

iam = Service("iam")
NoSuchEntity = iam.error("NoSuchEntityException", "The request referenced an entity that does not exist.")


class Role(Resource, service=iam, arn="role/{name}", missing=NoSuchEntity, scope="account"):
    name: str


class User(Resource, service=iam, arn="user/{name}", missing=NoSuchEntity, scope="cloud"):
    name: str


@iam.operation(lists=Role)
def list_roles(tx: Transaction, req: ListRolesRequest) -> Page: ...


@iam.operation(lists=User)
def list_users(tx: Transaction, req: ListUsersRequest) -> Page: ...


def invocation(operation: str, **given: Any) -> Invocation:
    declared = iam.operations[operation]
    return Invocation(declared, given, ROOT, HOME, Origin("r"), lambda _result, _error: None, 0)


def test_a_call_runs_where_the_resource_is() -> None:
    made = invocation("ListRoles")
    made.located = Role.at(Home("222222222222", ""), "r")
    assert made.target_home == Home("222222222222", "")


def test_a_list_runs_in_the_home_of_its_kind_of_resource() -> None:
    assert invocation("ListRoles").target_home == Home(ACCOUNT, "")
    assert invocation("ListUsers").target_home == SYSTEM
