"""Buckets: made, found, listed, deleted.

A bucket's name is everybody's, so buckets live in the cloud's own home, with what is in them; whose a bucket is and in
which Region stands in its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from fogstead.kernel.authorization import Access
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.identity import Principal, is_account
from fogstead.kernel.policies import Question
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home, Key, after, end_of
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.s3 import access, acls, contents, form_fields, names, records
from fogstead.services.s3.acls import Acl
from fogstead.services.s3.service import (
    BucketAlreadyExists,
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    IllegalLocationConstraintException,
    InvalidArgument,
    InvalidBucketAclWithBlockPublicAccessError,
    InvalidBucketAclWithObjectOwnership,
    InvalidBucketOwnerAWSAccountID,
    InvalidLocationConstraint,
    NoSuchBucket,
    TooManyBuckets,
    buckets_max,
    s3,
)

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        CreateBucketOutput,
        CreateBucketRequest,
        DeleteBucketRequest,
        GetBucketLocationOutput,
        GetBucketLocationRequest,
        HeadBucketOutput,
        HeadBucketRequest,
        ListBucketsOutput,
        ListBucketsRequest,
    )

FIRST_REGION: Final = "us-east-1"
IRELAND: Final = "eu-west-1"
LISTED_MAX: Final = 10_000
_OWNED = pack("s3-owned")


class PublicAccessBlock(msgspec.Struct, frozen=True, array_like=True):
    """The four settings; all are on for a new bucket."""

    block_public_acls: bool = True
    ignore_public_acls: bool = True
    block_public_policy: bool = True
    restrict_public_buckets: bool = True


NO_BLOCK: Final = PublicAccessBlock(
    block_public_acls=False, ignore_public_acls=False, block_public_policy=False, restrict_public_buckets=False
)


class Bucket(Resource, service=s3, arn="{name}", missing=NoSuchBucket, scope="cloud"):
    """A name with objects under it."""

    name: str
    owner: str
    """The account."""
    location: str = FIRST_REGION
    ownership: str = access.ENFORCED
    block: PublicAccessBlock = PublicAccessBlock()
    has_block: bool = True
    has_ownership: bool = True
    acl: Acl | None = None
    policy: str = ""
    versioning: str = ""
    """Empty, Enabled or Suspended: never empty again once it was set."""
    tags: Tags = {}
    configurations: dict[str, Any] = {}
    """By the names of their shapes, as they were given."""

    guards: ClassVar[tuple[str, ...]] = ("ExpectedBucketOwner", "RequestPayer")

    @property
    def owner_account(self) -> str:
        return self.owner

    @property
    def billed_region(self) -> str:
        return self.location

    @property
    def resource_policy(self) -> str:
        return self.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def acl_or_private(self) -> Acl:
        """Its list; without one it is its owner's alone."""
        return self.acl or acls.private(access.owner_id(self.owner))

    @property
    def keeps_versions(self) -> bool:
        """Whether overwriting leaves the old version."""
        return self.versioning == "Enabled"

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:  # noqa: ARG003
        """A name, which is everybody's."""
        return _located(value)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return NoSuchBucket(BucketName=located.key[0])

    @property
    def said_when_denied(self) -> Mapping[str, str]:
        return {"BucketRegion": self.location}

    def access(self, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
        return access.access(self, tx, question, form_fields.as_put(given))

    def condition_keys(self, tx: Transaction, given: Mapping[str, Any]) -> dict[str, str | list[str]]:
        return access.condition_keys(self, tx, form_fields.as_put(given))

    def expect(self, caller: Principal, given: Mapping[str, Any]) -> None:
        """The caller may say whose bucket it means, and must say that it pays where requesters pay."""
        given = form_fields.as_put(given)
        owner = given.get("ExpectedBucketOwner")
        if owner is not None and owner != self.owner:
            if not is_account(owner):
                raise InvalidBucketOwnerAWSAccountID
            raise AccessDenied("Access Denied")
        if self.is_charged(caller) and (given.get("RequestPayer") != "requester" or not caller.account):
            raise AccessDenied("Access Denied")

    def told_with_answers(self, caller: Principal, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"RequestCharged": "requester"} if self.is_charged(caller) else {}

    def is_charged(self, caller: Principal) -> bool:
        """Whether others than the owner pay for what they ask, and this is another."""
        payment = self.configurations.get("RequestPaymentConfiguration")
        return payment is not None and payment.get("Payer") == "Requester" and caller.account != self.owner


@lru_cache(maxsize=4096)
def _located(name: str) -> Located:
    return Bucket.at(home_of("", ""), name)


# --------------------------------------------------------------------------- making
@s3.operation(creates=Bucket, at="Bucket", refuses=("ObjectLockEnabledForBucket", "BucketNamespace"))
def create_bucket(tx: Transaction, req: CreateBucketRequest) -> CreateBucketOutput:
    """The first to ask has the name; all of it is closed to everybody else."""
    name, account = req["Bucket"], tx.caller.account
    names.check_bucket_name(name)
    asked = req.get("CreateBucketConfiguration", {})
    location = _location(asked.get("LocationConstraint"), tx.call_home.region)
    taken = tx.find(Bucket, name)
    if taken is not None:
        return _made_before(tx, taken, account, location, req)
    if tx.keys.count(_owned(tx, account), end_of(_owned(tx, account)), limit=_limit(tx)) >= _limit(tx):
        raise TooManyBuckets
    ownership = req.get("ObjectOwnership", access.ENFORCED)
    acl = acls.requested(req, access.owner_id(account))
    if acl is not None and acl != acls.private(acl.owner) and ownership == access.ENFORCED:
        raise InvalidBucketAclWithObjectOwnership
    if acl is not None and acls.is_public(acl):
        raise InvalidBucketAclWithBlockPublicAccessError
    tags = names.bucket_tags(asked.get("Tags", []))
    # Who asked for the old name of Ireland is answered with it.
    said = {"LocationConstraint": "EU"} if asked.get("LocationConstraint") == "EU" else {}
    facts: Any = {"location": location, "ownership": ownership, "acl": acl, "tags": tags, "configurations": said}
    tx.create(Bucket(name=name, owner=account, **facts))
    tx.keys.put(_owned(tx, account) + pack(name), b"")
    return {"Location": _place(tx, name, location), "BucketArn": f"arn:aws:s3:::{name}"}


def _limit(tx: Transaction) -> int:
    return tx.cloud.quotas.limit(tx.caller.account, buckets_max)


def _location(constraint: str | None, region: str) -> str:
    """The Region asked for, which only the first one's endpoint may choose freely."""
    if constraint is None:
        if region != FIRST_REGION:
            raise IllegalLocationConstraintException
        return FIRST_REGION
    location = IRELAND if constraint == "EU" else constraint
    if location == FIRST_REGION:
        raise InvalidLocationConstraint(LocationConstraint=constraint)
    if region not in {FIRST_REGION, location}:
        raise IllegalLocationConstraintException(
            f"The {constraint} location constraint is incompatible for the region specific endpoint this request was "
            "sent to."
        )
    return location


def _made_before(
    tx: Transaction, taken: Bucket, account: str, location: str, given: Mapping[str, Any]
) -> CreateBucketOutput:
    """In the first Region the owner may make a bucket again, which changes nothing but its list."""
    if taken.owner != account:
        raise BucketAlreadyExists(BucketName=taken.name)
    if taken.location != FIRST_REGION or location != FIRST_REGION:
        raise BucketAlreadyOwnedByYou(BucketName=taken.name)
    if taken.ownership != access.ENFORCED:
        acl = acls.requested(given, access.owner_id(account))
        if acl is not None and acls.is_public(acl) and taken.block.block_public_acls:
            raise InvalidBucketAclWithBlockPublicAccessError
        tx.replace(taken, acl=acl)
    return {"Location": _place(tx, taken.name, location), "BucketArn": taken.arn}


def _place(tx: Transaction, name: str, location: str) -> str:
    """AWS answers a path for buckets in the first Region and an URL for others."""
    return f"/{name}" if location == FIRST_REGION else f"{tx.origin.base_url}/{name}/"


def _owned(tx: Transaction, account: str) -> Key:
    return tx.home.prefix + _OWNED + pack(account)


# --------------------------------------------------------------------------- finding
@s3.operation(on=Bucket, at="Bucket", action="s3:ListBucket")
def head_bucket(tx: Transaction, req: HeadBucketRequest) -> HeadBucketOutput:  # noqa: ARG001
    """Whether it is there, and in which Region."""
    bucket: Bucket = tx.resource
    return {"BucketArn": bucket.arn, "BucketRegion": bucket.location, "AccessPointAlias": False}


@s3.operation(on=Bucket, at="Bucket")
def get_bucket_location(tx: Transaction, req: GetBucketLocationRequest) -> GetBucketLocationOutput:  # noqa: ARG001
    """The Region, and nothing for the first one."""
    bucket: Bucket = tx.resource
    if bucket.location == FIRST_REGION:
        return {}
    return {"LocationConstraint": bucket.configurations.get("LocationConstraint", bucket.location)}


@s3.operation(action="s3:ListAllMyBuckets", lists=Bucket, scan=True)
def list_buckets(tx: Transaction, req: ListBucketsRequest) -> ListBucketsOutput:
    """The caller's own, by name."""
    if not tx.caller.account:
        raise AccessDenied("Access Denied")
    low = _owned(tx, tx.caller.account)
    prefix, region = req.get("Prefix", ""), req.get("BucketRegion")
    if region is not None and region != tx.call_home.region:
        raise InvalidArgument(
            f"Argument value {region} is not a valid AWS Region or is not the Region of this endpoint",
            ArgumentName="bucket-region",
            ArgumentValue=region,
        )
    begin = low + (pack(prefix)[:-1] if prefix else b"")
    cut = tx.cut(size_default=LISTED_MAX, size_max=LISTED_MAX)
    shown: list[Any] = []
    last: Key = b""
    answer: ListBucketsOutput = {"Owner": {"ID": access.owner_id(tx.caller.account)}, "Buckets": shown}
    if prefix:
        answer["Prefix"] = prefix
    for row, _ in tx.keys.scan(max(begin, after(cut.after or begin)), end_of(begin), limit=LISTED_MAX + 1):
        bucket = tx.get(Bucket, str(unpack(row[len(low) :])[0]))
        if region is not None and bucket.location != region:
            continue
        if len(shown) == cut.size:
            answer["ContinuationToken"] = cut.token(last)
            return answer
        shown.append(_shown(bucket))
        last = row
    return answer


def _shown(bucket: Bucket) -> dict[str, Any]:
    return {
        "Name": bucket.name,
        "CreationDate": bucket.created_at // 1000 * 1000,
        "BucketRegion": bucket.location,
        "BucketArn": bucket.arn,
    }


# --------------------------------------------------------------------------- deleting
@s3.operation(on=Bucket, at="Bucket")
def delete_bucket(tx: Transaction, req: DeleteBucketRequest) -> None:  # noqa: ARG001
    """Only when nothing is in it; uploads that were not completed go with it."""
    bucket: Bucket = tx.resource
    shard = tx.shard(bucket)
    for collection in (records.CURRENT, records.OLDER):
        if tx.keys.scan(shard + collection, end_of(shard + collection), limit=1):
            versions = " You must delete all versions in the bucket." if bucket.versioning else ""
            raise BucketNotEmpty(f"{BucketNotEmpty.sentence}.{versions}".rstrip("."), BucketName=bucket.name)
    tx.keys.delete(bucket.locator.packed)
    tx.end_levels(bucket)
    tx.keys.delete(_owned(tx, bucket.owner) + pack(bucket.name))
    tx.schedule("s3.clear", {"shard": shard}, at=tx.now)


@job("s3.clear")
def clear_some(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Let the parts go that were uploaded to a deleted bucket, then have its rows reaped."""
    shard: Key = arguments["shard"]
    tx.keys.lock(shard)
    if contents.release_parts(tx, shard + records.PARTS) is not None:
        tx.schedule("s3.clear", arguments, at=tx.now)
    else:
        tx.schedule("kernel.reap", {"shard": shard}, at=tx.now)
