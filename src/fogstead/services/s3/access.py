"""Who may use a bucket and what is in it: its policy, its lists and its public access block, put together.

Sources: S3 User Guide, "How Amazon S3 authorizes a request", "Blocking public access to your Amazon S3 storage" and
"Controlling ownership of objects"; Service Authorization Reference, "Condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.authorization import Access
from fogstead.kernel.identity import Principal, canonical_id
from fogstead.kernel.policies import Policy, Question, compile_policy
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import acls, names, public_policies, records, upload_records
from fogstead.services.s3.acls import Acl
from fogstead.services.s3.records import Version

if TYPE_CHECKING:
    from fogstead.services.s3.buckets import Bucket

ENFORCED: Final = "BucketOwnerEnforced"
PREFERRED: Final = "BucketOwnerPreferred"
WRITER: Final = "ObjectWriter"

# The owner's root can always mend its bucket's policy, whatever the policy says.
_NEVER_DENIED_TO_ROOT = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
_INITIATORS_ACTIONS = frozenset({"s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"})
_NOTHING = Access()


def caller_id(caller: Principal) -> str | None:
    """The canonical id of whoever calls; None for anonymous callers."""
    return canonical_id(caller.account) if caller.account else None


def owner_id(account: str) -> str:
    """The canonical id of an owner; what an anonymous caller wrote is nobody's."""
    return canonical_id(account) if account else acls.ANONYMOUS_ID


# --------------------------------------------------------------------------- the decision's parts
def access(bucket: Bucket, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
    """What a bucket says of a question: see `kernel.authorization.Access`."""
    caller = question.principal
    own_account = caller.account == bucket.owner
    if own_account and caller.is_root and question.action in _NEVER_DENIED_TO_ROOT:
        return _NOTHING
    policy = compile_policy(bucket.policy, "resource") if bucket.policy else None
    public = policy is not None and is_public(bucket.policy)
    if bucket.block.restrict_public_buckets and public and not own_account and caller.kind != "service":
        return Access(_denying(bucket.policy))
    return Access(policy, _granted(bucket, tx, question, given))


@lru_cache(maxsize=1024)
def is_public(policy: str) -> bool:
    """See `public_policies`; asked on every call to a bucket with a policy."""
    return public_policies.is_public(policy)


@lru_cache(maxsize=1024)
def _denying(text: str) -> Policy:
    """Only what a policy denies."""
    policy = compile_policy(text, "resource")
    return Policy(tuple(one for one in policy.statements if one.effect == "Deny"))


def _granted(bucket: Bucket, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Level:
    if question.action in _INITIATORS_ACTIONS and _has_begun(bucket, tx, question.principal, given):
        return Level.EXACT
    if bucket.ownership == ENFORCED:
        return Level.NOT
    who, action = caller_id(question.principal), question.action
    bucket_acl = in_force(bucket, bucket.acl_or_private)
    owners = acls.OWNERS_ACTIONS.get(action)
    if owners is not None:
        return acls.allows(bucket_acl, who, acls.WRITE)
    where, permission = acls.PERMISSION_OF.get(action, ("", ""))
    if where == "bucket":
        return acls.allows(bucket_acl, who, permission)
    if where != "object":
        return Level.NOT
    version = _version_asked_for(bucket, tx, given)
    if version is None:
        return acls.allows(bucket_acl, who, acls.READ)  # whoever may list may be told that it is not there
    if permission in {acls.READ_ACP, acls.WRITE_ACP} and question.principal.account == version.owner != "":
        return Level.ACCOUNT  # an object's owner may always mend its list
    return acls.allows(in_force(bucket, acl_of(version)), who, permission)


def _has_begun(bucket: Bucket, tx: Transaction, caller: Principal, given: Mapping[str, Any]) -> bool:
    """Whoever began an upload may look at it and give it up. Source: User Guide, "Multipart upload API"."""
    upload = upload_records.find(tx, bucket.shard, given)
    return upload is not None and caller.account != "" and upload.initiator == initiator_of(caller)


def initiator_of(caller: Principal) -> str:
    """Who began an upload: a root by its account, anybody else by name; empty for callers who did not sign."""
    return caller.account if caller.is_root or not caller.account else caller.identity_arn


def _version_asked_for(bucket: Bucket, tx: Transaction, given: Mapping[str, Any]) -> Version | None:
    key, version_id = given.get("Key"), given.get("VersionId")
    if not isinstance(key, str):
        return None
    if version_id:
        return records.by_id(tx, bucket.shard, key, version_id)[0]
    return records.current(tx, bucket.shard, key)


def acl_of(version: Version) -> Acl:
    """An object's list; without one it is its owner's alone."""
    return version.details.acl or acls.private(owner_id(version.owner))


def in_force(bucket: Bucket, acl: Acl) -> Acl:
    """What IgnorePublicAcls leaves of a list."""
    return acls.without_public(acl) if bucket.block.ignore_public_acls else acl


# --------------------------------------------------------------------------- objects of other owners
def is_foreign(bucket: Bucket, version: Version) -> bool:
    """Whether an object belongs to another account than its bucket, which then has no say over it."""
    return bucket.ownership != ENFORCED and version.owner != bucket.owner


def may_use_foreign(bucket: Bucket, version: Version, caller: Principal, permission: str) -> bool:
    """Whether an object's own list lets the caller in, or it is the caller's own."""
    if caller.account and caller.account == version.owner:
        return True
    return bool(acls.allows(in_force(bucket, acl_of(version)), caller_id(caller), permission))


# --------------------------------------------------------------------------- condition keys
_BY_MEMBER: Final = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:versionid",
    "ACL": "s3:x-amz-acl",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "CopySource": "s3:x-amz-copy-source",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "StorageClass": "s3:x-amz-storage-class",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
}


def condition_keys(bucket: Bucket, tx: Transaction, given: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """S3's own keys for a call; those that do not apply are absent."""
    keys: dict[str, str | list[str]] = {
        name: str(given[member]) for member, name in _BY_MEMBER.items() if given.get(member) is not None
    }
    keys["s3:resourceaccount"] = bucket.owner
    keys.update(_signing_keys(tx))
    asked = _tags_asked_for(given)
    if asked:
        keys["s3:requestobjecttagkeys"] = sorted(asked)
        keys.update({f"s3:requestobjecttag/{name.lower()}": value for name, value in asked.items()})
    version = _version_asked_for(bucket, tx, given)
    if version is not None:
        existing = version.details.tags
        keys.update({f"s3:existingobjecttag/{name.lower()}": value for name, value in existing.items()})
    return keys


def _signing_keys(tx: Transaction) -> dict[str, str]:
    origin = tx.origin
    if not origin.signature_version:
        return {}
    age = str(max(0, tx.cloud.clock.true_now() - origin.signed_at))
    return {
        "s3:signatureversion": origin.signature_version,
        "s3:authtype": origin.auth_type,
        **({"s3:signatureage": age} if origin.auth_type == "REST-QUERY-STRING" else {}),
    }


def _tags_asked_for(given: Mapping[str, Any]) -> dict[str, str]:
    tagging = given.get("Tagging")
    if isinstance(tagging, str):
        return names.header_tags(tagging)
    if isinstance(tagging, Mapping):
        return {tag["Key"]: tag.get("Value", "") for tag in tagging.get("TagSet", ())}
    return {}
