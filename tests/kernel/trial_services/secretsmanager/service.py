"""What the trial service declares."""

from __future__ import annotations

from fogstead.kernel.service import Service

secretsmanager = Service("secretsmanager")

ResourceNotFound = secretsmanager.error("ResourceNotFoundException", "Secrets Manager can't find the secret.")
ResourceExists = secretsmanager.error("ResourceExistsException", "A secret of this name exists.")
InvalidRequest = secretsmanager.error("InvalidRequestException", "The request is not valid here.")

secrets_max = secretsmanager.quota("Secrets", default=500_000)
