"""KMS: what it refuses and limits.

Limits are those of the KMS Developer Guide, "Quotas". Errors whose sentence AWS builds from the key's ARN get it where
they are raised.
"""

from __future__ import annotations

from fogstead.kernel.service import Service

kms = Service("kms")

AlreadyExists = kms.error("AlreadyExistsException", "A resource of this name already exists.")
Conflict = kms.error(
    "ConflictException",
    "An automatic rotation of this key is currently in progress or scheduled to begin within the next 20 minutes.",
)
Disabled = kms.error("DisabledException", "The specified KMS key is not enabled.")
DryRunOperation = kms.error(
    "DryRunOperationException", "The request would have succeeded, but the DryRun option is set."
)
ExpiredImportToken = kms.error("ExpiredImportTokenException", "The import token has expired.")
IncorrectKey = kms.error(
    "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."
)
IncorrectKeyMaterial = kms.error("IncorrectKeyMaterialException", "The key material is not what was expected.")
InvalidAliasName = kms.error("InvalidAliasNameException", "The specified alias name is not valid.")
InvalidArn = kms.error("InvalidArnException", "The specified ARN is not valid.")
InvalidCiphertext = kms.error("InvalidCiphertextException", "The ciphertext or its encryption context is not valid.")
InvalidGrantId = kms.error("InvalidGrantIdException", "The specified grant ID is not valid.")
InvalidGrantToken = kms.error("InvalidGrantTokenException", "The specified grant token is not valid.")
InvalidImportToken = kms.error("InvalidImportTokenException", "The import token is not valid for this KMS key.")
InvalidKeyUsage = kms.error("InvalidKeyUsageException", "The key usage is not valid for this operation.")
InvalidMarker = kms.error("InvalidMarkerException", "The marker is not valid.")
InvalidMac = kms.error("KMSInvalidMacException", "The MAC was not made of this message with this key.")
InvalidSignature = kms.error("KMSInvalidSignatureException", "The signature was not made of this message by this key.")
InvalidState = kms.error("KMSInvalidStateException", "The state of the KMS key is not valid for this request.")
LimitExceeded = kms.error("LimitExceededException", "A length constraint or quota was exceeded.")
MalformedPolicyDocument = kms.error("MalformedPolicyDocumentException", "The policy is not valid.")
NotAuthorized = kms.error(
    "NotAuthorizedException", "Names that begin with alias/aws/ belong to AWS managed keys.", status=400
)
NotFound = kms.error("NotFoundException", "The specified entity or resource could not be found.")
TagFault = kms.error("TagException", "One or more tags are not valid.")
UnsupportedOperation = kms.error("UnsupportedOperationException", "The operation is not supported for this resource.")

keys_max = kms.quota("KMS keys", default=100_000)
ALIASES_PER_KEY_MAX = 50
GRANTS_PER_KEY_MAX = 50_000
ON_DEMAND_ROTATIONS_MAX = 25
POLICY_BYTES_MAX = 32 * 1024

DAY_MILLIS = 24 * 3600 * 1000

kms.page_token_error = InvalidMarker
kms.quota_error = LimitExceeded
