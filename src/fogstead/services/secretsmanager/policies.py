"""The policy of a secret: put, shown, taken away, judged.

Source: API reference, PutResourcePolicy and ValidateResourcePolicy. There is one policy, named `default`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.policies import compile_policy
from fogstead.kernel.public_policies import is_public
from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager import replicas
from fogstead.services.secretsmanager.places import SecretPlace, place_of
from fogstead.services.secretsmanager.secrets import Secret, readable, writable
from fogstead.services.secretsmanager.service import (
    InvalidParameter,
    MalformedPolicyDocument,
    PublicPolicy,
    secretsmanager,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.kernel.resource import Located
    from fogstead.primitives.store import Home
    from fogstead.shapes.secretsmanager import (
        DeleteResourcePolicyRequest,
        DeleteResourcePolicyResponse,
        GetResourcePolicyRequest,
        GetResourcePolicyResponse,
        PutResourcePolicyRequest,
        PutResourcePolicyResponse,
        ValidateResourcePolicyRequest,
        ValidateResourcePolicyResponse,
        ValidationErrorsEntry,
    )

POLICY_NAME = "default"


@secretsmanager.operation(on=Secret, at="SecretId")
def put_resource_policy(tx: Transaction, req: PutResourcePolicyRequest) -> PutResourcePolicyResponse:
    """Takes the place of the one before."""
    secret = writable(tx.resource)
    _check_name(req)
    text = req["ResourcePolicy"]
    fault = _fault_of(text)
    if fault:
        raise MalformedPolicyDocument(fault)
    if req.get("BlockPublicPolicy") and is_public(text):
        raise PublicPolicy
    replicas.changed(tx, secret, policy=text)
    return {"ARN": secret.arn, "Name": secret.name, "PolicyName": POLICY_NAME}


@secretsmanager.operation(on=Secret, at="SecretId")
def get_resource_policy(tx: Transaction, req: GetResourcePolicyRequest) -> GetResourcePolicyResponse:
    """As it was written; the member is absent where there is none."""
    secret = readable(tx.resource)
    _check_name(req)
    made: GetResourcePolicyResponse = {"ARN": secret.arn, "Name": secret.name}
    if secret.policy:
        made["ResourcePolicy"] = secret.policy
        made["PolicyName"] = POLICY_NAME
    return made


@secretsmanager.operation(on=Secret, at="SecretId")
def delete_resource_policy(tx: Transaction, req: DeleteResourcePolicyRequest) -> DeleteResourcePolicyResponse:
    """Harmless where there is none."""
    secret = writable(tx.resource)
    _check_name(req)
    if secret.policy:
        replicas.changed(tx, secret, policy="")
    return {"ARN": secret.arn, "Name": secret.name, "PolicyName": POLICY_NAME}


class AnyPlace(SecretPlace):
    """For a policy that is meant for no secret in particular."""

    def read(self, tx: Transaction) -> Any:
        """A record of any secret."""
        return Secret(name="*", suffix="*", account=self.home.account, region=self.home.region)


def _place(given: Mapping[str, Any], home: Home) -> Located:
    secret_id = given.get("SecretId")
    return AnyPlace(Secret, home, ("*",), "*") if secret_id is None else place_of(Secret, secret_id, home)


@secretsmanager.operation(on=Secret, at="SecretId", locate=_place, read_only=True)
def validate_resource_policy(tx: Transaction, req: ValidateResourcePolicyRequest) -> ValidateResourcePolicyResponse:
    """Three judgements: the grammar, whether it lets in the public, whether it locks out who asks."""
    secret: Secret = tx.resource
    text = req["ResourcePolicy"]
    fault = _fault_of(text)
    if fault:
        raise MalformedPolicyDocument(fault)
    errors: list[ValidationErrorsEntry] = []
    if is_public(text):
        errors.append({"CheckName": "PublicPolicy", "ErrorMessage": "The policy lets in the public."})
    if secret.incarnation and _locks_out(tx, secret, text, req):
        errors.append({"CheckName": "CallerLockout", "ErrorMessage": "The policy locks out whoever asks for this."})
    return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def _locks_out(tx: Transaction, secret: Secret, text: str, req: Mapping[str, Any]) -> bool:
    """Whether who asks could not put another policy in the place of this one."""
    try:
        tx.authorise("secretsmanager:PutResourcePolicy", secret.altered(policy=text), "", req)
    except AccessDenied:
        return True
    return False


def _fault_of(text: str) -> str:
    """What is wrong with the grammar, or nothing."""
    try:
        compile_policy(text, "resource")
    except PolicyFault as fault:
        return f"{MalformedPolicyDocument.sentence} {fault}"
    return ""


def _check_name(req: Mapping[str, Any]) -> None:
    if req.get("PolicyName", POLICY_NAME) != POLICY_NAME:
        raise InvalidParameter(f"The only resource policy of a secret is named {POLICY_NAME}.")
