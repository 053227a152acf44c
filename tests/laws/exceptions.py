"""What the laws do not ask, and what is known to break them. Both lists are short, and each line says why."""

from __future__ import annotations

# (law, service, operation) -> the source that says AWS itself does otherwise, or why the law has no meaning here.
EXEMPT: dict[tuple[str, str, str], str] = {
    ("a page token is good for its own list only", "s3", "ListObjects"): "a marker is a key, and any key will do",
    ("a page token is good for its own list only", "s3", "ListParts"): "a marker is a part's number, and any will do",
    ("an anonymous request is denied", "s3", "DeleteObjects"): "each key has its own answer, as below",
    ("a stranger is denied and learns nothing", "s3", "DeleteObjects"): (
        "S3 API reference, DeleteObjects: the result for each key, success or failure, stands in the response"
    ),
    (
        "a user without a policy is denied and learns nothing",
        "s3",
        "DeleteObjects",
    ): "as above: each key has its answer",
    ("its action is for such a thing", "iam", "GetMFADevice"): (
        "the action is for a user, and the call names a device: whose it is, is known once it is found"
    ),
    ("a page token is good for its own list only", "kms", "ListKeyPolicies"): "a key has one policy",
    **{
        ("a stranger is denied and learns nothing", "kms", name): "an alias is named in the caller's own account only"
        for name in ("DeleteAlias", "UpdateAlias")
    },
    (
        "an answer has modelled members only",
        "sts",
        "AssumeRole",
    ): "roots take no roles: tests/services/sts asks as users",
    ("an answer has modelled members only", "sts", "AssumeRoleWithWebIdentity"): (
        "it takes a token of a provider: tests/services/sts runs one"
    ),
    ("an answer has modelled members only", "sts", "DecodeAuthorizationMessage"): (
        "only EC2 hands out what it decodes: tests/services/sts makes it below the wire"
    ),
    ("a restart changes nothing", "secretsmanager", "ReplicateSecretToRegions"): "the copies are made after the answer",
    ("a token repeated gives the same answer", "secretsmanager", "RotateSecret"): "there is nothing to rotate with yet",
    **{
        ("a stranger is denied and learns nothing", "ssm", name): "it is named in the caller's own account only"
        for name in (
            "AddTagsToResource",
            "DeleteParameter",
            "LabelParameterVersion",
            "ListTagsForResource",
            "RemoveTagsFromResource",
            "UnlabelParameterVersion",
        )
    },
    ("each value outside its bounds is refused", "ssm", "GetParametersByPath"): "a path begins with a slash",
    ("each value outside its bounds is refused", "ssm", "PutParameter"): (
        "API reference, PutParameter, Name: 1,011 characters in its ARN, not the 2,048 of the model"
    ),
    ("pages joined are the list", "ssm", "GetResourcePolicies"): "a parameter has one policy",
    ("a page token is good for its own list only", "ssm", "GetResourcePolicies"): "a parameter has one policy",
    **{
        ("what was deleted is not found", "cloudtrail", operation): (
            "CloudTrail API reference, DeleteEventDataStore: it is PENDING_DELETION for seven days"
        )
        for operation in (
            *("DeleteEventDataStore", "GetEventDataStore", "ListQueries", "RestoreEventDataStore", "StartQuery"),
            *("StartEventDataStoreIngestion", "StopEventDataStoreIngestion", "UpdateEventDataStore"),
        )
    },
    **{
        ("what was deleted is not found", "cloudtrail", operation): "nothing deletes a query but time"
        for operation in ("CancelQuery", "DescribeQuery", "GetQueryResults")
    },
    **{
        (law, "cloudtrail", operation): "the list is as long as what was asked for, or as the Region's keys are many"
        for law in ("pages joined are the list", "a page token is good for its own list only")
        for operation in ("ListPublicKeys", "ListTags")
    },
    **{
        ("a stranger is denied and learns nothing", "cloudtrail", operation): (
            "the id names no account, so it is looked for in the stranger's own"
        )
        for operation in ("CancelQuery", "DescribeQuery", "GetQueryResults", "StartQuery")
    },
    **{
        ("a restart changes nothing", "cloudtrail", operation): "CloudTrail API reference: it can be done once"
        for operation in ("CancelQuery", "StartEventDataStoreIngestion")
    },
    (
        "pages joined are the list",
        "cloudtrail",
        "ListTrails",
    ): "it takes no limit, and its page is longer than the list",
    **{
        ("an error has a known code and modelled members only", "cloudtrail", operation): (
            "CloudTrail API reference, DeleteEventDataStore: it is PENDING_DELETION for seven days"
        )
        for operation in ("GetEventDataStore", "RestoreEventDataStore")
    },
    ("another Region and another account list nothing of it", "cloudtrail", "ListTrails"): (
        "CloudTrail API reference, ListTrails: the trails of the account, each with its home Region"
    ),
    ("a restart changes nothing", "sqs", "StartMessageMoveTask"): "the task goes on moving by the clock",
    ("a restart changes nothing", "sqs", "CancelMessageMoveTask"): "the task goes on moving by the clock",
    **{
        ("tags set are tags listed", "iam", f"Tag{noun}"): (
            "IAM API reference, Tag: values are of letters, digits, spaces and _.:/=+-@, so not what the law sets"
        )
        for noun in (
            *("User", "Role", "Policy", "MFADevice", "InstanceProfile", "OpenIDConnectProvider", "ServerCertificate"),
        )
    },
    **{
        ("what was sent on creation is read afterwards", "iam", name): (
            "IAM API reference, GetRole and GetPolicyVersion: documents are shown percent-encoded"
        )
        for name in ("CreateRole", "CreatePolicy")
    },
    ("what was sent on creation is read afterwards", "iam", "CreateOpenIDConnectProvider"): (
        "IAM API reference, GetOpenIDConnectProvider: the URL is shown without its scheme"
    ),
    **{
        ("each value outside its bounds is refused", "iam", name): (
            "ValidationError is also IAM's word for a boundary that is no policy's ARN, and for a URL that is none"
        )
        for name in (
            *("CreateOpenIDConnectProvider", "CreateRole", "CreateUser"),
            *("PutRolePermissionsBoundary", "PutUserPermissionsBoundary"),
        )
    },
    ("what was sent on creation is read afterwards", "iam", "CreateServiceLinkedRole"): (
        "the service and the suffix are shown as parts of the role's path and name"
    ),
    ("what was sent on creation is read afterwards", "iam", "UploadServerCertificate"): "nobody reads a private key",
    ("a page token is good for its own list only", "iam", "ListAccountAliases"): "an account has one alias",
    ("an answer has modelled members only", "iam", "ChangePassword"): "the laws call as a root, who has no password",
    ("a restart changes nothing", "iam", "ChangePassword"): "as above",
    **{
        ("a restart changes nothing", "iam", name): (
            "the law reads inline policies before, and so puts one, which stands in the way of deleting"
        )
        for name in ("DeleteUser", "DeleteGroup", "DeleteRole")
    },
    ("a restart changes nothing", "iam", "DeleteServiceLinkedRole"): "the law's own role is linked to no service",
}

# Actions that need no permission at all, and the source that says so.
NEEDS_NO_PERMISSION: dict[str, str] = {
    "sts:AssumeRoleWithWebIdentity": (
        "STS API reference, AssumeRoleWithWebIdentity: it takes no credentials; the role's trust policy decides"
    ),
    "sts:GetCallerIdentity": "STS API reference, GetCallerIdentity: no permissions are required",
    "sts:GetSessionToken": "STS API reference, GetSessionToken: no permissions are required",
}

# (law, service, operation) -> what is wrong. The test must fail; one that passes has to leave this list.
BROKEN: dict[tuple[str, str, str], str] = {}

# Services that tell a stranger that something does not exist, with AWS's own word for it; the others must not.
MAY_TELL: dict[str, str] = {
    # AWS's SQS does: AWS.SimpleQueueService.NonExistentQueue for a missing queue of any account, AccessDenied only for
    # one that exists (SQS API reference, errors of every action on a queue). Ours denies both alike, so "sqs":
    # "QueueDoesNotExist" would stand here only if a client were found that needs it.
    # S3 User Guide, "General purpose bucket naming rules": names are unique across all accounts, so CreateBucket tells.
    "s3": "NoSuchBucket",
}

# Operations on what cannot be put yet: they answer with AWS's error for what was never put.
ABSENT: dict[tuple[str, str], str] = {
    ("secretsmanager", "RotateSecret"): "InvalidRequestException",
    ("cloudtrail", "GetInsightSelectors"): "InsightNotEnabledException",
    **{
        ("s3", f"{verb}Bucket{kind}Configuration"): "NoSuchConfiguration"
        for verb in ("Delete", "Get")
        for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
    },
    ("s3", "GetBucketLifecycleConfiguration"): "NoSuchLifecycleConfiguration",
    ("s3", "GetBucketMetadataConfiguration"): "MetadataConfigurationNotFound",
    ("s3", "GetBucketMetadataTableConfiguration"): "MetadataConfigurationNotFound",
    ("s3", "GetBucketReplication"): "ReplicationConfigurationNotFoundError",
    ("s3", "GetBucketWebsite"): "NoSuchWebsiteConfiguration",
    ("s3", "GetObjectLegalHold"): "InvalidRequest",
    ("s3", "GetObjectLockConfiguration"): "ObjectLockConfigurationNotFoundError",
    ("s3", "GetObjectRetention"): "InvalidRequest",
}

# Resources that are not gone when they have been deleted, and the source that says so.
LINGERING: dict[tuple[str, str], str] = {
    ("kms", "Key"): (
        "KMS API reference, ScheduleKeyDeletion: it answers for 7 days at least; what comes after them is asked by "
        "tests/services/kms/test_deletions.py"
    ),
}

# Operations that only read, and show nothing of what every resource of their kind keeps: something new each time, the
# answer to a question, or what only some of them have.
SHOWS_NOTHING: frozenset[tuple[str, str]] = frozenset({("secretsmanager", "GetRandomPassword")}) | frozenset(
    ("kms", name)
    for name in (
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "GetParametersForImport",
        "GetPublicKey",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
    )
)

# Operations that say of what is not there that it is not, in another word than most of their service.
MISSING: dict[tuple[str, str], str] = {
    **{
        ("ssm", name): "InvalidResourceId"  # API reference, AddTagsToResource and its like, Errors
        for name in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource")
    },
    **{
        ("ssm", name): "ResourceNotFoundException"  # API reference, PutResourcePolicy and its like, Errors
        for name in ("DeleteResourcePolicy", "GetResourcePolicies", "PutResourcePolicy")
    },
}

# Resources that are the same in every Region, and the source that says so.
EVERYWHERE: dict[tuple[str, str], str] = {
    **{
        ("iam", name): "IAM User Guide, What is IAM: a service of the account, the same in every Region"
        for name in (
            *("User", "Group", "Role", "ManagedPolicy", "InstanceProfile", "OIDCProvider", "VirtualMFADevice"),
            "ServerCertificate",
        )
    },
    (
        "s3",
        "Bucket",
    ): "S3 API reference, ListBuckets: those of all Regions; CreateBucket: one namespace for all of them",
}

# Required members by which alone a request is told from another operation's: without them it is that other one.
TELLING: dict[tuple[str, str], tuple[str, ...]] = {
    ("s3", "AbortMultipartUpload"): ("UploadId",),  # DeleteObject
    ("s3", "CompleteMultipartUpload"): ("UploadId",),  # none: MethodNotAllowed
    ("s3", "CopyObject"): ("CopySource",),  # PutObject
    **{
        ("s3", f"GetBucket{kind}Configuration"): ("Id",)  # the list of all
        for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
    },
    ("s3", "ListParts"): ("UploadId",),  # GetObject
    ("s3", "UploadPart"): ("PartNumber", "UploadId"),  # PutObject
    ("s3", "UploadPartCopy"): ("CopySource", "PartNumber", "UploadId"),  # UploadPart, CopyObject
}

# Operations that botocore cannot ask for, not at a bare address, or not with made-up input.
UNASKABLE: dict[tuple[str, str], str] = {
    ("machinelearning", "Predict"): "goes to the endpoint that another call hands out",
    ("cloudfront-keyvaluestore", "*"): "botocore derives the endpoint from an ARN it checks",
    ("signin", "*"): "botocore goes to an address of its own, whatever it is told",
    ("s3control", "*"): "botocore puts the account before the address, which a bare IP does not take",
    ("codeartifact", "PublishPackageVersion"): "its checksum member is the signature's own payload hash",
    ("s3", "GetBucketLifecycle"): "the same request as GetBucketLifecycleConfiguration, which took its place",
    ("s3", "GetBucketNotification"): "the same request as GetBucketNotificationConfiguration, which took its place",
    ("s3", "ListDirectoryBuckets"): "goes to an endpoint of its own, and is signed for that",
    ("s3", "PostObject"): "a form of a browser, which botocore does not write",
    ("s3", "PutBucketLifecycle"): "the same request as PutBucketLifecycleConfiguration, which took its place",
    ("s3", "PutBucketNotification"): "the same request as PutBucketNotificationConfiguration, which took its place",
    ("s3", "WriteGetObjectResponse"): "goes to an endpoint of its own, and is signed for that",
}

# Services of which an operation is not answered with 501 under its name, and why. One that is has to leave this list.
UNANSWERED: dict[str, str] = {
    "cloudsearchdomain": "told apart from cloudsearch by the host alone, which a bare address does not have",
    "lex-models": "StartImport is the same request as ListImports of lexv2-models, under the same signing name",
}
