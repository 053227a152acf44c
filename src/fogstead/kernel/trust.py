"""Whether a role may be taken: its trust policy and the caller's own policies, together.

A role lives in its account's home, which may be another's than the caller's. One that is not there is refused in the
same words as one that does not trust the caller, so nobody learns which roles there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fogstead.kernel.authority import RoleFacts
from fogstead.kernel.authorization import Access, decide
from fogstead.kernel.conditions import LazyContext
from fogstead.kernel.context_keys import keys_of
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.explanation import explain
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.resource import home_of

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud


async def require_trust(
    cloud: Cloud,
    invocation: Invocation,
    caller: Principal,
    actions: tuple[str, ...],
    role_arn: str,
    keys: Mapping[str, str | list[str]],
) -> RoleFacts:
    """The role, if `caller` may do all of `actions` to it; AccessDenied otherwise. `keys` are the call's own."""
    account = role_arn.split(":")[4]
    role = await _read(cloud, account, role_arn)
    standing = await cloud.identities.standing_of(caller)
    policy = compile_policy(role.trust, "resource") if role is not None else None
    access = Access(policy, must_allow=True)
    for action in actions:
        context = LazyContext(
            lambda: {**keys_of(cloud, invocation, caller, account, standing), **_tags_of(role), **keys}
        )
        question = Question(caller, action, role_arn, account, context)
        decision = decide(question, standing, access)
        invocation.asked.append((action, role_arn, decision))
        if not decision.allowed:
            cloud.denied(invocation, explain(question, standing, access, decision), {})
    if role is None:  # where nothing is enforced, what is not there still cannot be taken
        raise AccessDenied(f"{role_arn} cannot be assumed.")
    return role


def _tags_of(role: RoleFacts | None) -> dict[str, str | list[str]]:
    """A role's tags, under both names that AWS documents for them."""
    tags = role.tags if role is not None else {}
    return {f"{prefix}:resourcetag/{name.lower()}": value for name, value in tags.items() for prefix in ("aws", "iam")}


async def _read(cloud: Cloud, account: str, role_arn: str) -> RoleFacts | None:
    name = role_arn.rpartition("/")[2]
    found = await cloud.transact(home_of(account, ""), lambda tx: cloud.authority.role(tx, name), read_only=True)
    return found if found is not None and found.arn == role_arn else None
