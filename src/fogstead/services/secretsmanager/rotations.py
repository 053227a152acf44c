"""Rotation: refused by name until there are functions to rotate with, and nothing to cancel.

Source: API reference, RotateSecret and CancelRotateSecret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager.secrets import Secret, writable
from fogstead.services.secretsmanager.service import InvalidRequest, secretsmanager

if TYPE_CHECKING:
    from fogstead.shapes.secretsmanager import (
        CancelRotateSecretRequest,
        CancelRotateSecretResponse,
        RotateSecretRequest,
        RotateSecretResponse,
    )


@secretsmanager.operation(
    on=Secret,
    at="SecretId",
    keeps_tokens=True,
    refuses=("RotationLambdaARN", "ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn"),
    ignores=("RotationRules", "RotateImmediately"),
)
def rotate_secret(tx: Transaction, req: RotateSecretRequest) -> RotateSecretResponse:  # noqa: ARG001
    """No secret has a function yet, so AWS's refusal of one without is always the answer."""
    writable(tx.resource)
    raise InvalidRequest("No Lambda rotation function ARN is associated with this secret.")


@secretsmanager.operation(on=Secret, at="SecretId")
def cancel_rotate_secret(tx: Transaction, req: CancelRotateSecretRequest) -> CancelRotateSecretResponse:  # noqa: ARG001
    """Rotation is off afterwards, as it was before."""
    secret = writable(tx.resource)
    return {"ARN": secret.arn, "Name": secret.name}
