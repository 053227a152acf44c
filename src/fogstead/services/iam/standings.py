"""What binds users, roles and federated sessions, and what the kernel wants to know of roles and providers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fogstead.kernel.authority import ProviderFacts, RoleFacts
from fogstead.kernel.identity import Principal
from fogstead.kernel.standing import EVERYTHING, NO_POLICIES, PolicySet, Standing
from fogstead.services.iam.groups import Group, groups_of
from fogstead.services.iam.managed_policies import find_policy
from fogstead.services.iam.names import named
from fogstead.services.iam.oidc_providers import OIDCProvider
from fogstead.services.iam.principals import at_arn
from fogstead.services.iam.roles import PEOPLE, Role
from fogstead.services.iam.service import NoSuchEntity
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

Named = tuple[str, str]
"""A policy's name, or its ARN where it has one, and its text."""


def standing_of(tx: Transaction, principal: Principal) -> Standing | None:
    """The policies of whoever a principal stands for, and those of its session; None when that one is gone."""
    if principal.kind == "federated" and _issuer(principal).endswith(":root"):
        return Standing(EVERYTHING.identity, session=_of_session(tx, principal) or NO_POLICIES)
    entity = _entity(tx, principal)
    if entity is None:
        return None
    session = _of_session(tx, principal)
    if principal.kind == "federated" and session is None:
        session = NO_POLICIES  # what a federated user may has to be said by both
    return Standing(
        PolicySet.of_texts(texts_of(tx, entity)), boundary=boundary_of(tx, entity), session=session, tags=entity.tags
    )


def _issuer(principal: Principal) -> str:
    return principal.session.issuer_arn if principal.session is not None else ""


def _entity(tx: Transaction, principal: Principal) -> User | Role | None:
    """The user or role behind it, unless another one has taken its name."""
    found = (
        at_arn(tx, _issuer(principal), PEOPLE)
        if principal.kind in {"role", "federated"}
        else named(tx, User, principal.name)
    )
    if not isinstance(found, User | Role):
        return None
    same = principal.kind == "federated" or found.unique_id == principal.user_id.partition(":")[0]
    return found if same else None


def texts_of(tx: Transaction, entity: User | Role | Group) -> list[Named]:
    """All policies of a user, with those of its groups, or of a role, or a group."""
    groups = groups_of(tx, entity) if isinstance(entity, User) else []
    return [text for one in (entity, *groups) for text in own_texts(tx, one)]


def own_texts(tx: Transaction, entity: User | Role | Group) -> list[Named]:
    """The policies of one alone."""
    return [*entity.inline.items(), *_managed(tx, entity.attached)]


def _managed(tx: Transaction, arns: Iterable[str]) -> list[Named]:
    found = [(arn, find_policy(tx, arn)) for arn in arns]
    return [(arn, policy.document) for arn, policy in found if policy is not None]


def boundary_of(tx: Transaction, entity: User | Role) -> PolicySet | None:
    """What its boundary allows at most, if it has one."""
    return PolicySet.of_texts(_managed(tx, [entity.boundary])) if entity.boundary else None


def _of_session(tx: Transaction, principal: Principal) -> PolicySet | None:
    session = principal.session
    if session is None or not (session.policies or session.policy_arns):
        return None
    inline = [("session policy", text) for text in session.policies]
    return PolicySet.of_texts([*inline, *_managed(tx, session.policy_arns)])


def role_facts(tx: Transaction, name: str) -> RoleFacts | None:
    """A role, for those who would assume it."""
    role = named(tx, Role, name)
    if role is None:
        return None
    return RoleFacts(
        arn=role.arn,
        name=role.name,
        role_id=role.unique_id,
        trust=role.trust,
        session_seconds_max=role.session_seconds_max,
        tags=role.tags,
        service_linked=bool(role.linked_to),
    )


def provider_facts(tx: Transaction, arn: str) -> ProviderFacts | None:
    """A provider, for those who bring a token of it."""
    try:
        provider = tx.at(OIDCProvider.locate_arn(arn))
    except NoSuchEntity:
        return None
    if provider is None:
        return None
    return ProviderFacts(provider.arn, provider.url, tuple(provider.client_ids), tuple(provider.thumbprints))
