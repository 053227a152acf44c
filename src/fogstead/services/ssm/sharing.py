"""The policy that lets other accounts read a parameter.

Source: API reference, PutResourcePolicy; User Guide, "Working with shared parameters". A parameter that is shared is of
the advanced tier, and a SecureString is under a key that can be shared too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fogstead.kernel.arns import Arn
from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.policies import compile_policy
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.ssm import sealing
from fogstead.services.ssm.parameters import Parameter, ParameterPlace, Sharing, place_of
from fogstead.services.ssm.service import (
    ADVANCED,
    SHARING_BYTES_MAX,
    MalformedResourcePolicyDocument,
    ParameterNotFound,
    ResourceNotFound,
    ResourcePolicyConflict,
    ResourcePolicyInvalidParameter,
    ResourcePolicyLimitExceeded,
    ResourcePolicyNotFound,
    ssm,
)

if TYPE_CHECKING:
    from fogstead.shapes.ssm import (
        DeleteResourcePolicyRequest,
        DeleteResourcePolicyResponse,
        GetResourcePoliciesRequest,
        PutResourcePolicyRequest,
        PutResourcePolicyResponse,
    )


@dataclass(frozen=True, slots=True)
class SharedPlace(ParameterPlace):
    """A place whose sharing is asked about."""

    @property
    def refusal(self) -> ServiceError:
        """The words of these operations for what is not there."""
        return ResourceNotFound()


def _place(given: Mapping[str, Any], home: Home) -> Located:
    text = given["ResourceArn"]
    try:
        kind = Arn.parse(text).resource.partition("/")[0]
    except ValueError:
        raise ResourcePolicyInvalidParameter("ResourceArn is no ARN.", ParameterNames=["ResourceArn"]) from None
    if kind in {"opsitemgroup", "document"}:
        raise NotImplementedHere(f"Resource policies of {kind} are not implemented by this cloud.")
    try:
        place = place_of(text, home)
    except ParameterNotFound:
        raise ResourceNotFound from None
    return SharedPlace(place.cls, place.home, place.key, place.other)


@ssm.operation(on=Parameter, at="ResourceArn", locate=_place)
def put_resource_policy(tx: Transaction, req: PutResourcePolicyRequest) -> PutResourcePolicyResponse:
    """A first policy, or another one in its place for those who know its id and hash."""
    parameter: Parameter = tx.resource
    text, there = req["Policy"], parameter.sharing
    _check(parameter, text)
    if there.text:
        if not req.get("PolicyId"):
            raise ResourcePolicyLimitExceeded("A parameter has one policy.", Limit=1, LimitType="PolicyCount")
        _check_known(there, req)
    elif req.get("PolicyId"):
        raise ResourcePolicyNotFound
    policy_hash = hashlib.sha256(text.encode()).hexdigest()
    made = Sharing(text, there.policy_id or tx.new_id(), policy_hash)
    tx.replace(parameter, sharing=made)
    return {"PolicyId": made.policy_id, "PolicyHash": made.policy_hash}


def _check(parameter: Parameter, text: str) -> None:
    if len(text.encode()) > SHARING_BYTES_MAX:
        raise ResourcePolicyLimitExceeded(
            f"A policy has at most {SHARING_BYTES_MAX} bytes.", Limit=SHARING_BYTES_MAX, LimitType="PolicySize"
        )
    try:
        compile_policy(text, "resource")
    except PolicyFault as fault:
        raise MalformedResourcePolicyDocument(f"{MalformedResourcePolicyDocument.sentence} {fault}") from None
    if parameter.tier != ADVANCED:
        raise ResourcePolicyInvalidParameter(
            "To share a parameter, it must be in the advanced parameter tier.", ParameterNames=["ResourceArn"]
        )
    if parameter.key_id == sealing.DEFAULT_KEY:
        raise ResourcePolicyInvalidParameter(
            "To share a SecureString parameter, it must be encrypted with a customer managed key.",
            ParameterNames=["ResourceArn"],
        )


def _check_known(there: Sharing, req: Mapping[str, Any]) -> None:
    if req["PolicyId"] != there.policy_id:
        raise ResourcePolicyNotFound
    if req.get("PolicyHash") != there.policy_hash:
        raise ResourcePolicyConflict


@ssm.operation(on=Parameter, at="ResourceArn", locate=_place)
def get_resource_policies(tx: Transaction, req: GetResourcePoliciesRequest) -> Page:  # noqa: ARG001
    """The one there can be."""
    there: Sharing = tx.resource.sharing
    shown = {"PolicyId": there.policy_id, "PolicyHash": there.policy_hash, "Policy": there.text}
    return Page([shown] if there.text else [], None)


@ssm.operation(on=Parameter, at="ResourceArn", locate=_place, ignores=("DeletionMode",))
def delete_resource_policy(tx: Transaction, req: DeleteResourcePolicyRequest) -> DeleteResourcePolicyResponse:
    """By id and hash."""
    parameter: Parameter = tx.resource
    if not parameter.sharing.text:
        raise ResourcePolicyNotFound
    _check_known(parameter.sharing, req)
    tx.replace(parameter, sharing=Sharing())
    return {}
