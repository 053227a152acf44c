"""Sessions of users: their own, and those of people whom they federate."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, cast

from fogstead.kernel.calls import Call
from fogstead.kernel.identity import Principal, Session
from fogstead.kernel.resource import Resource
from fogstead.kernel.transaction import Transaction
from fogstead.services.sts import durations, mfa
from fogstead.services.sts.credentials import issue
from fogstead.services.sts.service import InvalidParameterValue, sts
from fogstead.services.sts.session_policies import policies_in, policy_arns_in
from fogstead.services.sts.session_tags import listed_in, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.sts import (
        GetFederationTokenRequest,
        GetFederationTokenResponse,
        GetSessionTokenRequest,
        GetSessionTokenResponse,
    )


class FederatedUser(Resource, service=sts, arn="federated-user/{name}", missing=InvalidParameterValue, scope="account"):
    """What the permission to federate somebody is about. Nothing is kept of them."""

    name: str


@sts.operation(decides_itself=True, records_answer=True)
async def get_session_token(call: Call, req: GetSessionTokenRequest) -> GetSessionTokenResponse:
    """The caller again, for a while; no permission is needed, and none can be taken away."""
    caller, now = call.caller, call.cloud.clock.now()
    assert caller is not None
    if mfa.named_in(req):
        await call.transact(mfa.check, req)
    ends = now + durations.of_user(caller, req) * 1000
    session = Session(now, ends, mfa_at=now if mfa.named_in(req) else 0)
    again, cloud = dataclasses.replace(caller, session=session), call.cloud
    return cast("GetSessionTokenResponse", issue(cloud.vault, again, req, cloud.ids.take))


@sts.operation(decides_itself=True, records_answer=True)
def get_federation_token(tx: Transaction, req: GetFederationTokenRequest) -> GetFederationTokenResponse:
    """Somebody whom the caller vouches for: may what both the caller and the session's policies allow."""
    caller, account, name = tx.caller, tx.caller.account, req["Name"]
    policies, arns = policies_in(req), policy_arns_in(req, account)
    tags = tags_of(caller, listed_in(req)).all
    federated = FederatedUser(account=account, name=name)
    tx.authorise("sts:GetFederationToken", federated, "", req)
    if tags:
        tx.authorise("sts:TagSession", federated, "", req)
    session = Session(
        issued_at=tx.now,
        expires_at=tx.now + durations.of_user(caller, req) * 1000,
        name=name,
        issuer_arn=caller.arn,
        policies=policies,
        policy_arns=arns,
    )
    user_id = f"{account}:{name}"
    principal = Principal("federated", account, federated.arn, user_id, tags, caller.name, session)
    answer = issue(tx.cloud.vault, principal, req, tx.random)
    answer["FederatedUser"] = {"FederatedUserId": user_id, "Arn": federated.arn}
    return cast("GetFederationTokenResponse", answer)
