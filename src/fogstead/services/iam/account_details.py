"""Everything about an account's users, groups, roles and policies, in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from fogstead.kernel.transaction import Transaction
from fogstead.services.iam import aws_managed
from fogstead.services.iam.attachments import shown_attached
from fogstead.services.iam.boundaries import shown_boundary
from fogstead.services.iam.groups import Group, groups_of
from fogstead.services.iam.instance_profiles import profiles_of, shown_profiles
from fogstead.services.iam.managed_policies import ManagedPolicy, as_policy
from fogstead.services.iam.names import Named
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.policies import shown_policy
from fogstead.services.iam.policy_uses import is_used
from fogstead.services.iam.policy_versions import shown_with_text
from fogstead.services.iam.roles import Role, shown_last_use, shown_role, shown_trusts
from fogstead.services.iam.service import iam
from fogstead.services.iam.tagging import shown_tags
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.shapes.iam import GetAccountAuthorizationDetailsRequest, GetAccountAuthorizationDetailsResponse

_LISTS: Final = {"User": "UserDetailList", "Group": "GroupDetailList", "Role": "RoleDetailList"}
_POLICIES: Final = "Policies"


@iam.operation()
def get_account_authorization_details(
    tx: Transaction, req: GetAccountAuthorizationDetailsRequest
) -> GetAccountAuthorizationDetailsResponse:
    """Users, groups, roles, then policies; of AWS's own those that are used."""
    wanted = req.get("Filter") or [*_SOURCES]
    found = chain.from_iterable(source(tx) for kind, source in _SOURCES.items() if kind in wanted)
    page = page_of(tx, found, key=_order, show=lambda entity: entity)
    trusts = shown_trusts(tx, [entity for entity in page.items if isinstance(entity, Role)])
    answer: dict[str, Any] = {member: [] for member in (*_LISTS.values(), _POLICIES)}
    for entity in page.items:
        member = _LISTS.get(type(entity).__name__, _POLICIES)
        answer[member].append(_shown(tx, entity, trusts))
    answer["IsTruncated"] = page.token is not None
    if page.token is not None:
        answer["Marker"] = page.token
    return cast("GetAccountAuthorizationDetailsResponse", answer)


def _aws_in_use(tx: Transaction) -> Iterator[ManagedPolicy]:
    for policy in aws_managed.every().values():
        if is_used(tx, policy.arn, "attached") or is_used(tx, policy.arn, "boundary"):
            yield as_policy(policy)


_SOURCES: Final[dict[str, Callable[[Transaction], Iterator[Named]]]] = {
    "User": lambda tx: tx.all(User),
    "Group": lambda tx: tx.all(Group),
    "Role": lambda tx: tx.all(Role),
    "LocalManagedPolicy": lambda tx: tx.all(ManagedPolicy),
    "AWSManagedPolicy": _aws_in_use,
}


def _order(entity: Named) -> str:
    kind = ("User", "Group", "Role").index(type(entity).__name__) if not isinstance(entity, ManagedPolicy) else 3
    return f"{kind + (entity.account == 'aws')}{entity.folded}"


def _shown(tx: Transaction, entity: Any, trusts: dict[str, str]) -> Any:
    if isinstance(entity, User):
        return _shown_user(tx, entity)
    if isinstance(entity, Group):
        return {
            "Path": entity.path,
            "GroupName": entity.name,
            "GroupId": entity.unique_id,
            "Arn": entity.arn,
            "CreateDate": entity.created_at,
            "GroupPolicyList": _inline(entity),
            "AttachedManagedPolicies": _attached(entity),
        }
    if isinstance(entity, Role):
        return _shown_role(tx, entity, trusts[entity.unique_id])
    versions = [shown_with_text(entity, version) for version in reversed(entity.versions)]
    shown = {**shown_policy(tx, entity), "PolicyVersionList": versions}
    return {**shown, "Description": entity.description} if entity.description else shown


def _shown_user(tx: Transaction, user: User) -> Any:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.unique_id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
        "GroupList": [group.name for group in groups_of(tx, user)],
        "AttachedManagedPolicies": _attached(user),
        "Tags": shown_tags(user.tags),
        **({"UserPolicyList": _inline(user)} if user.inline else {}),
        **shown_boundary(user.boundary),
    }


def _shown_role(tx: Transaction, role: Role, trust: str) -> Any:
    common = shown_role(role, trust)
    common.pop("Description", None)
    return {
        **common,
        "InstanceProfileList": shown_profiles(tx, profiles_of(tx, role)),
        "RolePolicyList": _inline(role),
        "AttachedManagedPolicies": _attached(role),
        "Tags": shown_tags(role.tags),
        "RoleLastUsed": shown_last_use(tx, role),
        **shown_boundary(role.boundary),
    }


def _inline(entity: User | Group | Role) -> list[Any]:
    documents = sorted(entity.inline.items())
    return [{"PolicyName": name, "PolicyDocument": quote(document, safe="")} for name, document in documents]


def _attached(entity: User | Group | Role) -> list[Any]:
    return [shown_attached(arn) for arn in entity.attached]
