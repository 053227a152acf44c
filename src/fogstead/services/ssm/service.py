"""Parameter Store: what it refuses and limits.

Limits are those of the AWS General Reference, "AWS Systems Manager endpoints and quotas", under Parameter Store.
"""

from __future__ import annotations

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.service import Service

ssm = Service("ssm")

ParameterNotFound = ssm.error("ParameterNotFound", "The parameter couldn't be found. Verify the name and try again.")
ParameterVersionNotFound = ssm.error(
    "ParameterVersionNotFound",
    "The specified parameter version wasn't found. Verify the parameter name and version, and try again.",
)
ParameterAlreadyExists = ssm.error(
    "ParameterAlreadyExists",
    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
)
ParameterLimitExceeded = ssm.error(
    "ParameterLimitExceeded",
    "You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.",
)
ParameterMaxVersionLimitExceeded = ssm.error(
    "ParameterMaxVersionLimitExceeded", "The oldest version can't be deleted because it has a label."
)
ParameterPatternMismatch = ssm.error(
    "ParameterPatternMismatchException", "Parameter value, cannot be validated against allowedPattern."
)
ParameterVersionLabelLimitExceeded = ssm.error(
    "ParameterVersionLabelLimitExceeded", "A parameter version can have a maximum of ten labels."
)
HierarchyLevelLimitExceeded = ssm.error(
    "HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of 15 levels."
)
InvalidAllowedPattern = ssm.error(
    "InvalidAllowedPatternException", "The request doesn't meet the regular expression requirement."
)
InvalidFilterKey = ssm.error("InvalidFilterKey", "The specified key isn't valid.")
InvalidFilterOption = ssm.error("InvalidFilterOption", "The specified filter option isn't valid.")
InvalidFilterValue = ssm.error("InvalidFilterValue", "The filter value isn't valid. Verify the value and try again.")
InvalidKeyId = ssm.error("InvalidKeyId", "The query key ID isn't valid.")
InvalidNextToken = ssm.error("InvalidNextToken", "The specified token isn't valid.")
InvalidPolicyType = ssm.error(
    "InvalidPolicyTypeException",
    "The policy type isn't supported. Parameter Store supports the following policy types: Expiration, "
    "ExpirationNotification, and NoChangeNotification.",
)
InvalidPolicyAttribute = ssm.error("InvalidPolicyAttributeException", "A policy attribute or its value is invalid.")
IncompatiblePolicy = ssm.error(
    "IncompatiblePolicyException", "There is a conflict in the policies specified for this parameter."
)
PoliciesLimitExceeded = ssm.error(
    "PoliciesLimitExceededException",
    "You specified more than the maximum number of allowed policies for the parameter. The maximum is 10.",
)
InvalidResourceId = ssm.error(
    "InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID and try again."
)
InvalidResourceType = ssm.error("InvalidResourceType", "The resource type isn't valid.")
TooManyTags = ssm.error("TooManyTagsError", "The request includes too many tags. Remove one or more and try again.")
ResourceNotFound = ssm.error("ResourceNotFoundException", "The specified parameter to be shared could not be found.")
MalformedResourcePolicyDocument = ssm.error(
    "MalformedResourcePolicyDocumentException", "The specified policy document is malformed or invalid."
)
ResourcePolicyConflict = ssm.error(
    "ResourcePolicyConflictException", "The hash provided in the call doesn't match the stored hash."
)
ResourcePolicyInvalidParameter = ssm.error(
    "ResourcePolicyInvalidParameterException", "One or more parameters specified for the call aren't valid."
)
ResourcePolicyLimitExceeded = ssm.error(
    "ResourcePolicyLimitExceededException", "A policy has at most 1024 bytes, and a parameter one policy."
)
ResourcePolicyNotFound = ssm.error(
    "ResourcePolicyNotFoundException", "No policies with the specified policy ID and hash could be found."
)

STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
parameters_max = {
    STANDARD: ssm.quota("Standard parameters", default=10_000),
    ADVANCED: ssm.quota("Advanced parameters", default=100_000),
}
VALUE_BYTES_MAX = {STANDARD: 4096, ADVANCED: 8192}
VERSIONS_MAX = 100
LABELS_MAX = 10
LEVELS_MAX = 15
POLICIES_MAX = 10
SHARING_BYTES_MAX = 1024

ssm.quota_error = ParameterLimitExceeded
ssm.page_token_error = InvalidNextToken

Invalid = ValidationError
"""What SSM calls most of what is wrong with an input; its model has no shape for it."""
