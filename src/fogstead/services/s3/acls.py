"""Access control lists: who owns a bucket or an object, and what was granted to whom.

Source: S3 User Guide, "Access control list (ACL) overview". Two changes of 2025 are in force: grants to an e-mail
address are refused, and no display names are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fogstead.kernel.policy_principals import Level
from fogstead.services.s3.service import (
    AccessDenied,
    InvalidArgument,
    InvalidRequest,
    MalformedACLError,
    MethodNotAllowed,
    UnexpectedContent,
)

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
PUBLIC_GROUPS = frozenset({ALL_USERS, AUTHENTICATED_USERS})

# The owner of what nobody signed for.
ANONYMOUS_ID = "65a011a29cdf8ec533ec3d1ccaae921c"
# Amazon EC2, which fetches machine images; the id is the one that EC2's own bundling tools grant to.
EC2_ID = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"

FULL_CONTROL, READ, WRITE, READ_ACP, WRITE_ACP = "FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"
PERMISSIONS = frozenset({FULL_CONTROL, READ, WRITE, READ_ACP, WRITE_ACP})
GRANTS_MAX = 100

# The actions that an ACL can allow: on whose ACL each depends, and the permission it takes there.
PERMISSION_OF: Mapping[str, tuple[str, str]] = {
    "s3:ListBucket": ("bucket", READ),
    "s3:ListBucketVersions": ("bucket", READ),
    "s3:ListBucketMultipartUploads": ("bucket", READ),
    "s3:PutObject": ("bucket", WRITE),
    "s3:GetBucketAcl": ("bucket", READ_ACP),
    "s3:PutBucketAcl": ("bucket", WRITE_ACP),
    "s3:GetObject": ("object", READ),
    "s3:GetObjectVersion": ("object", READ),
    "s3:GetObjectAcl": ("object", READ_ACP),
    "s3:GetObjectVersionAcl": ("object", READ_ACP),
    "s3:PutObjectAcl": ("object", WRITE_ACP),
    "s3:PutObjectVersionAcl": ("object", WRITE_ACP),
}
# WRITE on the bucket allows these as well, to the owners named here alone; so it is with a PutObject that overwrites.
OWNERS_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "s3:DeleteObject": ("bucket", "object"),
    "s3:DeleteObjectVersion": ("bucket",),
}

# Input member, header, permission.
_GRANT_MEMBERS = (
    ("GrantFullControl", "x-amz-grant-full-control", FULL_CONTROL),
    ("GrantRead", "x-amz-grant-read", READ),
    ("GrantWrite", "x-amz-grant-write", WRITE),
    ("GrantReadACP", "x-amz-grant-read-acp", READ_ACP),
    ("GrantWriteACP", "x-amz-grant-write-acp", WRITE_ACP),
)
_ASKING = frozenset({"ACL", "AccessControlPolicy", *(member for member, _, _ in _GRANT_MEMBERS)})
_CANONICAL_ID = re.compile(r"[0-9a-fA-F]{64}")
_GRANTEE = re.compile(r'\s*(id|uri|emailaddress)\s*=\s*(?:"([^",]*)"|([^",\s]+))\s*', re.IGNORECASE)


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """One permission for one grantee: an account by its canonical id (`kind` "id") or a group ("uri")."""

    kind: str
    value: str
    permission: str


class Acl(msgspec.Struct, frozen=True, array_like=True):
    """The owner's canonical id, and the grants in the order in which they were given."""

    owner: str
    grants: tuple[Grant, ...] = ()


# ------------------------------------------------------------- what an ACL allows
def allows(acl: Acl, caller_id: str | None, permission: str) -> Level:
    """How closely the grants that give a permission name the caller: itself in a group, or its account.

    `caller_id` is a canonical id, None for a caller who did not sign, or LOG_DELIVERY for what delivers access logs.
    An owner has no more than its grants say: what an account may do with its own is up to its policies.
    """
    wanted = (permission, FULL_CONTROL)
    return max((_level(caller_id, grant) for grant in acl.grants if grant.permission in wanted), default=Level.NOT)


def _level(caller_id: str | None, grant: Grant) -> Level:
    if grant.kind == "id":
        return Level.ACCOUNT if caller_id == grant.value else Level.NOT
    if grant.value == AUTHENTICATED_USERS:
        return Level.EXACT if caller_id is not None else Level.NOT
    return Level.EXACT if grant.value in (ALL_USERS, caller_id) else Level.NOT


def is_public(acl: Acl) -> bool:
    """Whether anything is granted to all users or to all who sign, as Block Public Access understands it."""
    return any(_is_public(grant) for grant in acl.grants)


def without_public(acl: Acl) -> Acl:
    """What is in force under IgnorePublicAcls."""
    return Acl(acl.owner, tuple(grant for grant in acl.grants if not _is_public(grant)))


def _is_public(grant: Grant) -> bool:
    return grant.kind == "uri" and grant.value in PUBLIC_GROUPS


# ------------------------------------------------------------- canned ACLs
def private(owner: str) -> Acl:
    """The ACL of what came without one: the owner has full control, nobody else has anything."""
    return Acl(owner, (Grant("id", owner, FULL_CONTROL),))


_CANNED: Mapping[str, tuple[Grant, ...]] = {
    "private": (),
    "public-read": (Grant("uri", ALL_USERS, READ),),
    "public-read-write": (Grant("uri", ALL_USERS, READ), Grant("uri", ALL_USERS, WRITE)),
    "authenticated-read": (Grant("uri", AUTHENTICATED_USERS, READ),),
    "aws-exec-read": (Grant("id", EC2_ID, READ),),
    "log-delivery-write": (Grant("uri", LOG_DELIVERY, WRITE), Grant("uri", LOG_DELIVERY, READ_ACP)),
}
_CANNED_FOR_BUCKET_OWNER = {"bucket-owner-read": READ, "bucket-owner-full-control": FULL_CONTROL}


def canned(name: str, owner: str, *, bucket_owner: str | None = None) -> Acl:
    """A canned ACL by its name. `bucket_owner` is None for a bucket, where bucket-owner-* adds nothing.

    InvalidArgument when there is none of the name; S3 says no sentence with it.
    """
    for_bucket_owner = _CANNED_FOR_BUCKET_OWNER.get(name)
    if for_bucket_owner is None and name not in _CANNED:
        raise InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=name)
    added = _CANNED.get(name, ())
    if for_bucket_owner is not None and bucket_owner not in (None, owner):
        added = (Grant("id", str(bucket_owner), for_bucket_owner),)
    return Acl(owner, (*private(owner).grants, *added))


# ------------------------------------------------------------- what a request asks for
def requested(req: Mapping[str, Any], owner: str, *, bucket_owner: str | None = None) -> Acl | None:
    """The ACL that a request's members ask for, or None when they ask for none.

    Reads ACL, the Grant members and AccessControlPolicy, of which a request may use one kind.
    """
    if _ASKING.isdisjoint(req):
        return None
    name, policy = req.get("ACL"), req.get("AccessControlPolicy")
    headers = [(header, value, permission) for header, value, permission in _grant_headers(req) if value is not None]
    if name is not None and headers:
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if policy is not None and (name is not None or headers):
        raise UnexpectedContent
    if name is not None:
        return canned(name, owner, bucket_owner=bucket_owner)
    if headers:
        return Acl(owner, _bounded(grant for one in headers for grant in granted(*one)))
    return None if policy is None else from_policy(policy, owner)


def _grant_headers(req: Mapping[str, Any]) -> Iterable[tuple[str, str | None, str]]:
    for member, header, permission in _GRANT_MEMBERS:
        yield header, req.get(member), permission


def granted(header: str, value: str, permission: str) -> tuple[Grant, ...]:
    """The grants of one `x-amz-grant-*` header: `id="...", uri="..."`."""
    found = []
    for piece in value.split(","):
        match = _GRANTEE.fullmatch(piece)
        if match is None:
            raise InvalidArgument("Argument format not recognized", ArgumentName=header, ArgumentValue=value)
        kind, grantee = match[1].lower(), match[2] if match[2] is not None else match[3]
        if kind == "emailaddress":
            raise MethodNotAllowed  # since October 2025, by the note on PutBucketAcl
        checked = _id(grantee, "id") if kind == "id" else _group(grantee, "uri")
        found.append(Grant(kind, checked, permission))
    return tuple(found)


def from_policy(policy: Mapping[str, Any], owner: str) -> Acl:
    """The ACL of an AccessControlPolicy in a request's body; its owner must be who owns the resource now."""
    stated, grants = (policy.get("Owner") or {}).get("ID"), policy.get("Grants")
    if not stated or grants is None:
        raise MalformedACLError
    if _id(stated, "CanonicalUser/ID") != owner:
        raise AccessDenied
    return Acl(owner, _bounded(_grant_of(grant) for grant in grants))


def _grant_of(grant: Mapping[str, Any]) -> Grant:
    grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
    if permission not in PERMISSIONS:
        raise MalformedACLError
    match grantee:
        case {"Type": "CanonicalUser", "ID": str(value)}:
            return Grant("id", _id(value, "CanonicalUser/ID"), permission)
        case {"Type": "Group", "URI": str(value)}:
            return Grant("uri", _group(value, "Group/URI"), permission)
        case {"Type": "AmazonCustomerByEmail", "EmailAddress": str()}:
            raise MethodNotAllowed
    raise MalformedACLError


def _bounded(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The documents give the limit and no code for it; a list that is too long breaks the schema."""
    found = tuple(grants)
    if len(found) > GRANTS_MAX:
        raise MalformedACLError
    return found


def _id(value: str, argument: str) -> str:
    if value != ANONYMOUS_ID and not _CANONICAL_ID.fullmatch(value):
        raise InvalidArgument("Invalid id", ArgumentName=argument, ArgumentValue=value)
    return value.lower()


def _group(value: str, argument: str) -> str:
    if value not in GROUPS:
        raise InvalidArgument("Invalid group uri", ArgumentName=argument, ArgumentValue=value)
    return value


# ------------------------------------------------------------- what is shown
def shown(acl: Acl) -> dict[str, Any]:
    """As GetBucketAcl and GetObjectAcl answer."""
    return {"Owner": {"ID": acl.owner}, "Grants": [_shown(grant) for grant in acl.grants]}


def _shown(grant: Grant) -> dict[str, Any]:
    if grant.kind == "id":
        return {"Grantee": {"Type": "CanonicalUser", "ID": grant.value}, "Permission": grant.permission}
    return {"Grantee": {"Type": "Group", "URI": grant.value}, "Permission": grant.permission}
