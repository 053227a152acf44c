"""Taking a role: by somebody who is known here, or by a web identity.

Source: STS API reference, "AssumeRole"; IAM User Guide, "IAM and AWS STS condition context keys" and "Monitor and
control actions taken with assumed roles".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, QueryValidationError
from fogstead.kernel.identity import Principal, Session
from fogstead.services.sts import durations, mfa
from fogstead.services.sts.credentials import issue
from fogstead.services.sts.service import sts
from fogstead.services.sts.session_policies import policies_in, policy_arns_in
from fogstead.services.sts.session_tags import SessionTags, listed_in, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.sts import AssumeRoleRequest, AssumeRoleResponse

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
Keys = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What comes with the one who takes a role: tags, whom it acts for, who vouches for it, what conditions see."""

    tags: SessionTags
    source_identity: str = ""
    provider: str = ""
    keys: Keys | None = None


def account_of_role(arn: str) -> str:
    """The account in a role's ARN; empty when it is none."""
    match = _ROLE.fullmatch(arn)
    return match[1] if match is not None else ""


@sts.operation(decides_itself=True, read_only=True, records_answer=True, refuses=("ProvidedContexts",))
async def assume_role(call: Call, req: AssumeRoleRequest) -> AssumeRoleResponse:
    """Credentials of a role for whom its trust policy lets in."""
    caller, given = call.caller, cast("Mapping[str, Any]", req)
    assert caller is not None
    if caller.is_root and call.cloud.auth != "off":  # where no signature is looked at, everybody is a root
        raise AccessDenied("Roles may not be assumed by root accounts.")
    if not account_of_role(req["RoleArn"]):
        raise QueryValidationError(f"{req['RoleArn']} is invalid")
    durations.refuse_long_chains(caller, given)
    tags = tags_of(caller, listed_in(given), req.get("TransitiveTagKeys", ()))
    keys: dict[str, str | list[str]] = {}
    if mfa.named_in(given):
        await call.transact(mfa.check, given)
        keys = {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "0"}
    if "ExternalId" in req:
        keys["sts:externalid"] = req["ExternalId"]
    claim = Claim(tags, _source_identity(caller, given), keys=keys)
    answer = await take(call, caller, "sts:AssumeRole", given, claim)
    return cast("AssumeRoleResponse", answer)


def _source_identity(caller: Principal, req: Mapping[str, Any]) -> str:
    """The one that was set first counts for all sessions that follow from it."""
    known = caller.session.source_identity if caller.session is not None else ""
    wanted: str = req.get("SourceIdentity", known)
    if known and wanted != known:
        raise AccessDenied(
            f"User: {caller.arn} is not authorized to perform: sts:SetSourceIdentity on resource: {req['RoleArn']}"
        )
    return wanted


async def take(call: Call, caller: Principal, action: str, req: Mapping[str, Any], claim: Claim) -> dict[str, Any]:
    """Credentials of the role, if the caller may take it with all that it claims."""
    arn, name = req["RoleArn"], req["RoleSessionName"]
    account = account_of_role(arn)
    policies, policy_arns = policies_in(req), policy_arns_in(req, account)
    source = {"sts:sourceidentity": claim.source_identity} if claim.source_identity else {}
    actions = (
        action,
        *(("sts:TagSession",) if claim.tags.all else ()),
        *(("sts:SetSourceIdentity",) if claim.source_identity else ()),
    )
    keys = {"sts:rolesessionname": name, **source, **claim.tags.condition_keys, **(claim.keys or {})}
    role = await call.require_trust(caller, actions, arn, keys)
    now = call.cloud.clock.now()
    session = Session(
        issued_at=now,
        expires_at=now + durations.of_role(role, req) * 1000,
        name=name,
        issuer_arn=role.arn,
        policies=policies,
        policy_arns=policy_arns,
        source_identity=claim.source_identity,
        provider=claim.provider,
        transitive=claim.tags.transitive,
        chained=caller.kind == "role",
    )
    session_arn = f"arn:aws:sts::{account}:assumed-role/{role.name}/{name}"
    user_id = f"{role.role_id}:{name}"
    principal = Principal("role", account, session_arn, user_id, claim.tags.all, role.name, session)
    answer = issue(call.cloud.vault, principal, req, call.cloud.ids.take)
    answer["AssumedRoleUser"] = {"AssumedRoleId": user_id, "Arn": session_arn}
    return {**answer, "SourceIdentity": claim.source_identity} if claim.source_identity else answer
