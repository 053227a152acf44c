"""S3: what it refuses, limits and measures.

The codes and their statuses are those of the API reference, "Error responses"; the sentences are those the service
answers with. A fault that is told in several ways has its usual sentence here and the others where they are raised.
"""

from __future__ import annotations

from functools import cache

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.service import Service
from fogstead.model.validation import Fault

s3 = Service("s3")

# Buckets
NoSuchBucket = s3.error("NoSuchBucket", "The specified bucket does not exist")
BucketNotEmpty = s3.error("BucketNotEmpty", "The bucket you tried to delete is not empty", status=409)
BucketAlreadyExists = s3.error(
    "BucketAlreadyExists",
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
    "Please select a different name and try again.",
)
BucketAlreadyOwnedByYou = s3.error(
    "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."
)
InvalidBucketName = s3.error("InvalidBucketName", "The specified bucket is not valid.", status=400)
TooManyBuckets = s3.error("TooManyBuckets", "You have attempted to create more buckets than allowed", status=400)
IllegalLocationConstraintException = s3.error(
    "IllegalLocationConstraintException",
    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
    status=400,
)
InvalidLocationConstraint = s3.error(
    "InvalidLocationConstraint", "The specified location-constraint is not valid", status=400
)
InvalidBucketOwnerAWSAccountID = s3.error(
    "InvalidBucketOwnerAWSAccountID",
    "The value of the expected bucket owner parameter must be an AWS account ID",
    status=400,
)
IllegalVersioningConfigurationException = s3.error(
    "IllegalVersioningConfigurationException", "The Versioning element must be specified", status=400
)

# Configurations that are not there
MetadataConfigurationNotFound = s3.error(
    "MetadataConfigurationNotFound", "The metadata configuration was not found", status=404
)
NoSuchBucketPolicy = s3.error("NoSuchBucketPolicy", "The bucket policy does not exist", status=404)
NoSuchConfiguration = s3.error("NoSuchConfiguration", "The specified configuration does not exist.", status=404)
NoSuchCORSConfiguration = s3.error("NoSuchCORSConfiguration", "The CORS configuration does not exist", status=404)
NoSuchLifecycleConfiguration = s3.error(
    "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", status=404
)
NoSuchPublicAccessBlockConfiguration = s3.error(
    "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", status=404
)
NoSuchTagSet = s3.error("NoSuchTagSet", "The TagSet does not exist", status=404)
NoSuchWebsiteConfiguration = s3.error(
    "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", status=404
)
ObjectLockConfigurationNotFoundError = s3.error(
    "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", status=404
)
OwnershipControlsNotFoundError = s3.error(
    "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", status=404
)
ReplicationConfigurationNotFoundError = s3.error(
    "ReplicationConfigurationNotFoundError", "The replication configuration was not found", status=404
)

# Objects
NoSuchKey = s3.error("NoSuchKey", "The specified key does not exist.")
NoSuchVersion = s3.error("NoSuchVersion", "The specified version does not exist.", status=404)
KeyTooLongError = s3.error("KeyTooLongError", "Your key is too long", status=400)
InvalidURI = s3.error("InvalidURI", "Couldn't parse the specified URI.", status=400)
InvalidStorageClass = s3.error("InvalidStorageClass", "The storage class you specified is not valid", status=400)
InvalidTag = s3.error("InvalidTag", "The tag provided was not a valid tag.", status=400)
MetadataTooLarge = s3.error(
    "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", status=400
)

# Bytes on their way in and out
BadDigest = s3.error("BadDigest", "The Content-MD5 you specified did not match what we received.", status=400)
InvalidDigest = s3.error("InvalidDigest", "The Content-MD5 you specified was invalid.", status=400)
MissingRequestBodyError = s3.error("MissingRequestBodyError", "Request Body is empty", status=400)
UnexpectedContent = s3.error("UnexpectedContent", "This request does not support content", status=400)
EntityTooLarge = s3.error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", status=400)
EntityTooSmall = s3.error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", status=400)
InvalidRange = s3.error("InvalidRange", "The requested range is not satisfiable", status=416)

# Conditions
PreconditionFailed = s3.error(
    "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", status=412
)
NotModified = s3.error("NotModified", "Not Modified", status=304)

# Multipart uploads
NoSuchUpload = s3.error(
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed.",
)
InvalidPart = s3.error(
    "InvalidPart",
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag.",
    status=400,
)
InvalidPartOrder = s3.error(
    "InvalidPartOrder",
    "The list of parts was not in ascending order. Parts must be ordered by part number.",
    status=400,
)
InvalidPartNumber = s3.error("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416)

# Keys that are not the cloud's own
InvalidEncryptionAlgorithmError = s3.error(
    "InvalidEncryptionAlgorithmError",
    "The encryption request you specified is not valid. The valid value is AES256.",
    status=400,
)
# What KMS refuses is handed on under its own name. Source: github.com/aws/aws-cli/issues/4507, and S3 User Guide,
# "Troubleshooting server-side encryption with AWS KMS keys".
KMS_ERRORS = {
    code: s3.error(f"KMS.{code}", "The KMS key cannot be used.", status=400)
    for code in (
        "DisabledException",
        "InvalidArnException",
        "InvalidCiphertextException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
    )
}

# Requests
BadRequest = s3.error("BadRequest", "Bad Request", status=400)
InvalidArgument = s3.error("InvalidArgument", "Invalid Argument", status=400)
InvalidRequest = s3.error("InvalidRequest", "Invalid Request")
MalformedXML = s3.error(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    status=400,
)
MissingSecurityHeader = s3.error("MissingSecurityHeader", "Your request was missing a required header", status=400)
MethodNotAllowed = s3.error(
    "MethodNotAllowed", "The specified method is not allowed against this resource.", status=405
)

# Who may do what
AccessDenied = s3.error("AccessDenied", "Access Denied")
AccessForbidden = s3.error(
    "AccessForbidden",
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
    "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
    "resource's CORS spec.",
    status=403,
)
MalformedPolicy = s3.error("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", status=400)
MalformedACLError = s3.error(
    "MalformedACLError",
    "The XML you provided was not well-formed or did not validate against our published schema",
    status=400,
)
AccessControlListNotSupported = s3.error("AccessControlListNotSupported", "The bucket does not allow ACLs", status=400)
InvalidBucketAclWithObjectOwnership = s3.error(
    "InvalidBucketAclWithObjectOwnership",
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    status=400,
)
InvalidBucketAclWithBlockPublicAccessError = s3.error(
    "InvalidBucketAclWithBlockPublicAccessError",
    "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
    status=400,
)

# Browser uploads
InvalidPolicyDocument = s3.error(
    "InvalidPolicyDocument",
    "The content of the form does not meet the conditions specified in the policy document.",
    status=400,
)
UserKeyMustBeSpecified = s3.error(
    "UserKeyMustBeSpecified",
    "The bucket POST must contain the specified field name. If it is specified, check the order of the fields.",
    status=400,
)

buckets_max = s3.quota("General purpose buckets", default=10_000)

s3.quota_error = TooManyBuckets


def _validation_error(faults: list[Fault]) -> ServiceError:
    """S3 has a word of its own for some members; what else breaks the model breaks its schema or is an argument."""
    fault = faults[0]
    path, inside = fault.path, "." in fault.path
    if path.rpartition(".")[2].lower() == "storageclass":
        return InvalidStorageClass()
    if path.endswith("locationConstraint"):
        return InvalidLocationConstraint(LocationConstraint=fault.shown.strip("'"))
    if path == "checksumAlgorithm":
        return InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types."
        )
    if ".events." in path:
        return InvalidArgument(
            "The event is not supported for notifications",
            ArgumentName="Event",
            ArgumentValue=fault.shown.strip("'"),
        )
    if path.startswith("objectAttributes"):
        return InvalidArgument(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
            if fault.missing
            else "Invalid attribute name specified.",
            ArgumentName="x-amz-object-attributes",
        )
    if inside:
        return MalformedACLError() if path.startswith("accessControlPolicy.") else MalformedXML()
    if fault.missing:
        document = path[:1].upper() + path[1:] in _documents()
        return MissingRequestBodyError() if document else InvalidRequest(f"Missing required member: {path}")
    return InvalidArgument(ArgumentName=path, ArgumentValue=fault.shown.strip("'"))


@cache
def _documents() -> frozenset[str]:
    """The members that are whole bodies."""
    inputs = (s3.model.operation(name).input for name in s3.model.operation_names)
    return frozenset(shape.payload for shape in inputs if shape is not None)


s3.validation_error = _validation_error


class WrongToken(ServiceError):
    """A token that no listing with these parameters has given."""

    code, status = InvalidArgument.code, InvalidArgument.status
    sentence = "The continuation token provided is incorrect"


s3.page_token_error = WrongToken
