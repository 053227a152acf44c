"""The simulator's two operations: with the policies somebody has, or with those of the request alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fogstead.kernel.identity import Principal, Session
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.context_keys import checked_inputs, locate_source, source_of
from fogstead.services.iam.groups import Group, groups_of
from fogstead.services.iam.managed_policies import find_policy
from fogstead.services.iam.principals import at_arn
from fogstead.services.iam.roles import Role
from fogstead.services.iam.service import InvalidInput, iam
from fogstead.services.iam.simulations import Named, page_of_results, scene
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import SimulateCustomPolicyRequest, SimulatePrincipalPolicyRequest

_USERS: Mapping[str, type[User]] = {"user": User}


@iam.operation(
    on=User,
    at="PolicySourceArn",
    locate=locate_source,
    refuses=("PolicyExclusionList", "ResourceHandlingOption"),
)
def simulate_principal_policy(tx: Transaction, req: SimulatePrincipalPolicyRequest) -> Page:
    """With the policies of a user and its groups, of a role, or of a group, and those of the request."""
    source = source_of(tx, req["PolicySourceArn"])
    caller = _as_principal(source)
    if "CallerArn" in req:
        caller = _as_principal(_caller(tx, req["CallerArn"]))
    elif "ResourcePolicy" in req and not isinstance(source, User):
        raise InvalidInput("CallerArn is required with ResourcePolicy when PolicySourceArn is not a user.")
    identity = [*_held(tx, source), *_inputs("PolicyInputList", req.get("PolicyInputList", []))]
    boundary = _boundary(tx, source, req)
    about = scene(tx, caller, identity, boundary, getattr(source, "tags", {}), req)
    return page_of_results(tx, about, req)


@iam.operation(refuses=("OrderedOrganizationPolicyInputList", "ResourceHandlingOption"))
def simulate_custom_policy(tx: Transaction, req: SimulateCustomPolicyRequest) -> Page:
    """With the policies of the request alone."""
    caller = Principal("user", tx.home.account, f"arn:aws:iam::{tx.home.account}:user/simulated", "SIMULATED")
    if "CallerArn" in req:
        caller = _as_principal(_caller(tx, req["CallerArn"]))
    elif "ResourcePolicy" in req:
        raise InvalidInput("CallerArn is required with ResourcePolicy.")
    given = req.get("PermissionsBoundaryPolicyInputList")
    boundary = _inputs("PermissionsBoundaryPolicyInputList", given) if given else None
    about = scene(tx, caller, _inputs("PolicyInputList", req["PolicyInputList"]), boundary, {}, req)
    return page_of_results(tx, about, req)


def _caller(tx: Transaction, arn: str) -> User:
    found = at_arn(tx, arn, _USERS)
    if not isinstance(found, User):
        raise InvalidInput(f"Invalid CallerArn: {arn}")
    return found


def _as_principal(source: User | Role | Group) -> Principal:
    """Who would call: a group's policies are those of somebody in it."""
    if isinstance(source, Role):
        session = Session(0, 0, name="simulated", issuer_arn=source.arn)
        arn = f"arn:aws:sts::{source.account}:assumed-role/{source.name}/simulated"
        return Principal(
            "role", source.account, arn, f"{source.unique_id}:simulated", name=source.name, session=session
        )
    return Principal("user", source.account, source.arn, source.unique_id, name=source.name)


def _held(tx: Transaction, source: User | Role | Group) -> list[Named]:
    groups = groups_of(tx, source) if isinstance(source, User) else []
    return [named for entity in (source, *groups) for named in _own(tx, entity)]


def _own(tx: Transaction, entity: User | Role | Group) -> list[Named]:
    """By the simulator's names: an inline policy's says whose it is."""
    kind = type(entity).__name__.lower()
    inline = [(f"{kind}_{entity.name}_{name}", text) for name, text in entity.inline.items()]
    managed = [policy for arn in entity.attached if (policy := find_policy(tx, arn)) is not None]
    return [*inline, *((policy.name, policy.document) for policy in managed)]


def _inputs(member: str, texts: Sequence[str]) -> list[Named]:
    return [(f"{member}.{number}", text) for number, text in enumerate(checked_inputs(texts), 1)]


def _boundary(tx: Transaction, source: Any, req: Mapping[str, Any]) -> list[Named] | None:
    """The request's, or else the one there is. Source: API reference, PermissionsBoundaryPolicyInputList."""
    given = req.get("PermissionsBoundaryPolicyInputList")
    if given:
        return _inputs("PermissionsBoundaryPolicyInputList", given)
    arn = getattr(source, "boundary", "")
    policy = find_policy(tx, arn) if arn else None
    return None if policy is None else [(policy.name, policy.document)]
