"""Secrets Manager: what it refuses and limits.

Limits are those of the Secrets Manager User Guide, "AWS Secrets Manager quotas". Where the API reference has no
sentence for an error, ours says what is wrong.
"""

from __future__ import annotations

from fogstead.kernel.meter import each
from fogstead.kernel.service import Service

secretsmanager = Service("secretsmanager")

secretsmanager.bill(each(secretsmanager.price_line("AWSSecretsManagerAPIRequest", per="request")))
secrets_held = secretsmanager.price_line("AWSSecretsManager-Secrets", per="month")
"""Copies in other Regions are secrets of their own; those about to be deleted cost nothing."""

ResourceNotFound = secretsmanager.error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
ResourceExists = secretsmanager.error("ResourceExistsException", "A resource with the ID you requested already exists.")
InvalidParameter = secretsmanager.error("InvalidParameterException", "The parameter name or value is invalid.")
InvalidRequest = secretsmanager.error(
    "InvalidRequestException", "A parameter value is not valid for the current state of the resource."
)
LimitExceeded = secretsmanager.error(
    "LimitExceededException", "The request failed because it would exceed one of the Secrets Manager quotas."
)
EncryptionFailure = secretsmanager.error(
    "EncryptionFailure",
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is "
    "available, enabled, and not in an invalid state.",
)
DecryptionFailure = secretsmanager.error(
    "DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
)
MalformedPolicyDocument = secretsmanager.error(
    "MalformedPolicyDocumentException", "This resource policy contains a syntax error."
)
PublicPolicy = secretsmanager.error(
    "PublicPolicyException",
    "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the "
    "secret.",
)
InvalidNextToken = secretsmanager.error("InvalidNextTokenException", "The NextToken value is invalid.")

secrets_max = secretsmanager.quota("Secrets", default=500_000)
VERSIONS_MAX = 100
STAGES_MAX = 20
VALUE_BYTES_MAX = 65_536

DAY_MILLIS = 24 * 3600 * 1000
RECOVERY_DAYS_MIN, RECOVERY_DAYS_MAX = 7, 30

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"

secretsmanager.quota_error = LimitExceeded
secretsmanager.page_token_error = InvalidNextToken
