"""Trails: made, found, listed, changed, deleted.

A trail lives in its home Region. One that covers all Regions is seen from each of them, so the Regions in which an
account has trails are noted among the cloud's own rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.arns import Arn
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, ServiceError
from fogstead.kernel.pages import Cut
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.selection import Selector, Wish, keep
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, Home, end_of
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.cloudtrail import names, selector_rules
from fogstead.services.cloudtrail.service import (
    CloudTrailARNInvalid,
    InsufficientS3BucketPolicy,
    InvalidHomeRegion,
    InvalidParameterCombination,
    S3BucketDoesNotExist,
    TooManyTrails,
    TrailAlreadyExists,
    TrailNotFound,
    cloudtrail,
    trails_max,
)
from fogstead.services.cloudtrail.spans import Spans
from fogstead.services.cloudtrail.tag_rules import tags_of

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        CreateTrailRequest,
        CreateTrailResponse,
        DeleteTrailRequest,
        DeleteTrailResponse,
        DescribeTrailsRequest,
        DescribeTrailsResponse,
        GetTrailRequest,
        GetTrailResponse,
        ListTrailsRequest,
        ListTrailsResponse,
        UpdateTrailRequest,
        UpdateTrailResponse,
    )

LEADER_REGION: Final = "us-east-1"
_HOMES = SYSTEM.prefix + pack("cloudtrail-homes")
_REGIONS_MAX = 1000
LISTED_MAX: Final = 100
DELIVER_EVERY_MILLIS: Final = 5 * 60_000
DIGEST_EVERY_MILLIS: Final = 3_600_000
_ARN = re.compile(r"trail/[^/]+\Z")
_NOT_YET = ("SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId", "IsOrganizationTrail")


class Plan(msgspec.Struct, frozen=True, array_like=True):
    """A delivery that was begun: repeated with the same names and contents until it is done."""

    upto: int
    at: Millis
    unique: str


class Trail(Resource, service=cloudtrail, arn="trail/{name}", missing=TrailNotFound):
    """What an account wants to have delivered to a bucket, and how far that has come."""

    name: str
    bucket: str
    prefix: str = ""
    has_global_events: bool = True
    is_multi_region: bool = False
    validates: bool = False
    is_recursive: bool = True
    tags: Tags = {}
    basic: list[Any] = []
    """Event selectors as they were given; without any, all management events."""
    advanced: list[Any] = []
    spans: Spans = ()
    plan: Plan | None = None
    is_logging: bool = False
    started_at: Millis = 0
    stopped_at: Millis = 0
    attempted_at: Millis = 0
    delivered_at: Millis = 0
    error: str = ""
    removed: int = 0
    """Records of the audit that its cap removed before they were looked at for this trail, of all accounts."""
    digesting_at: Millis = 0
    """The end of the digests that were begun; 0 when none is under way."""
    digested_at: Millis = 0
    digest_error: str = ""

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """What it takes, in the kernel's form."""
        if self.advanced:
            return selector_rules.from_advanced(self.advanced)
        return selector_rules.from_basic(self.basic) if self.basic else (selector_rules.ALL_MANAGEMENT,)

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """A name of this Region, or an ARN of any."""
        if not value.startswith("arn:"):
            return cls.at(home, value)
        try:
            arn = Arn.parse(value)
        except ValueError:
            raise CloudTrailARNInvalid(f"The ARN {value} is not valid.") from None
        if arn.service != cloudtrail.arn_service or _ARN.match(arn.resource) is None:
            raise CloudTrailARNInvalid(f"The ARN {value} is not that of a trail.")
        return cls.locate_arn(value)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return TrailNotFound(f"Unknown trail: {located.arn} for the user: {located.home.account}")


def same(tx: Transaction, trail: Trail) -> Trail | None:
    """A trail as it is now; None when it is gone, or another one has its name."""
    found = tx.find(Trail, trail.name)
    return found if found is not None and found.incarnation == trail.incarnation else None


def seen(tx: Transaction) -> Trail:
    """The trail of this call: of this Region, or one that covers it from another."""
    trail: Trail = tx.resource
    if not trail.is_multi_region and tx.call_home.region != trail.region:
        raise Trail.not_found(trail.locator)
    return trail


def at_home(tx: Transaction) -> Trail:
    """The trail of this call, which must come from the trail's home Region."""
    trail = seen(tx)
    if tx.call_home.region != trail.region:
        raise InvalidHomeRegion
    return trail


def schedule_delivery(tx: Transaction, trail: Trail, at: Millis) -> None:
    """Deliver from a time on, every five minutes."""
    tx.schedule("cloudtrail.deliver", {"name": trail.name}, at=at, name=trail.name)


def schedule_digests(tx: Transaction, trail: Trail) -> None:
    """Sign what was delivered, every hour, as long as the trail has its files validated."""
    if trail.validates and trail.is_logging:
        at = tx.now + DIGEST_EVERY_MILLIS
        tx.schedule("cloudtrail.digest", {"name": trail.name}, at=at, name=trail.name)


def note_selection(tx: Transaction, trail: Trail) -> None:
    """Have data calls recorded that a logging trail takes."""
    wish = Wish(trail.selectors, "" if trail.is_multi_region else trail.region) if trail.is_logging else None
    keep(tx.keys, trail.account, trail.arn, wish)
    tx.after_commit(lambda: tx.cloud.audit.selection.set(trail.account, trail.arn, wish))


# --------------------------------------------------------------------------- making
@cloudtrail.operation(creates=Trail, at="Name", refuses=_NOT_YET)
async def create_trail(call: Call, req: CreateTrailRequest) -> CreateTrailResponse:
    """Once the bucket has shown that it takes what is delivered. It logs nothing before StartLogging."""
    names.check_trail_name(req["Name"])
    trail = Trail(
        account=call.home.account,
        region=call.home.region,
        name=req["Name"],
        bucket=req["S3BucketName"],
        prefix=req.get("S3KeyPrefix", ""),
        has_global_events=req.get("IncludeGlobalServiceEvents", True),
        is_multi_region=req.get("IsMultiRegionTrail", False),
        validates=req.get("EnableLogFileValidation", False),
        is_recursive=req.get("RecursiveLogging", True),
        tags=tags_of(req.get("TagsList", [])),
    )
    _check(trail)
    await call.transact(_refuse_taken, trail)
    await _try_bucket(call, trail)
    made = await call.transact(_create, trail)
    answer: CreateTrailResponse = _shown_when_made(made)
    return answer


def _check(trail: Trail) -> None:
    names.check_bucket(trail.bucket, trail.prefix)
    if trail.is_multi_region and not trail.has_global_events:
        raise InvalidParameterCombination("Multi-Region trail must include global service events.")


def _refuse_taken(tx: Transaction, trail: Trail) -> None:
    """Before the bucket is tried: a name that is taken, a trail too many."""
    if tx.find(Trail, trail.name) is not None:
        raise TrailAlreadyExists(f"Trail {trail.name} already exists for customer: {trail.account}")
    limit = tx.cloud.quotas.limit(trail.account, trails_max)
    if sum(1 for _ in tx.all(Trail)) >= limit:
        raise TooManyTrails(f"User: {trail.account} already has {limit} trails in {trail.region}.")


async def _try_bucket(call: Call, trail: Trail) -> None:
    """CloudTrail asks for the bucket's list and leaves the folder in which its files will be."""
    s3 = call.as_service(source=trail.arn, account=trail.account, region=trail.region).s3
    folder = names.below(trail.prefix, trail.account, "CloudTrail")
    try:
        await s3.get_bucket_acl(Bucket=trail.bucket)
        await s3.put_object(Bucket=trail.bucket, Key=folder, Body=b"", ACL="bucket-owner-full-control")
    except ServiceError as error:
        if not error.sender_fault:
            raise
        if error.code == "NoSuchBucket":
            raise S3BucketDoesNotExist(f"S3 bucket {trail.bucket} does not exist!") from None
        if isinstance(error, AccessDenied) or error.code == "AccessDenied":
            raise InsufficientS3BucketPolicy(
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}"
            ) from None
        raise InsufficientS3BucketPolicy(f"{trail.bucket} takes no log files: {error.message}") from None


def _create(tx: Transaction, trail: Trail) -> Trail:
    _refuse_taken(tx, trail)
    tx.keys.put(_HOMES + pack(trail.account, trail.region), b"")
    return tx.create(trail)


def _shown_when_made(trail: Trail) -> Any:
    shown: dict[str, Any] = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "IncludeGlobalServiceEvents": trail.has_global_events,
        "IsMultiRegionTrail": trail.is_multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validates,
        "IsOrganizationTrail": False,
    }
    if trail.prefix:
        shown["S3KeyPrefix"] = trail.prefix
    if not trail.is_recursive:
        shown["RecursiveLogging"] = False
    return shown


# --------------------------------------------------------------------------- finding
def _shown(trail: Trail) -> Any:
    return {
        **_shown_when_made(trail),
        "HomeRegion": trail.region,
        "HasCustomEventSelectors": bool(trail.basic or trail.advanced),
        "HasInsightSelectors": False,
    }


@cloudtrail.operation(on=Trail, at="Name")
def get_trail(tx: Transaction, req: GetTrailRequest) -> GetTrailResponse:  # noqa: ARG001
    """Everything that was said of it."""
    return {"Trail": _shown(seen(tx))}


@cloudtrail.operation(lists=Trail)
async def describe_trails(call: Call, req: DescribeTrailsRequest) -> DescribeTrailsResponse:
    """Those of this Region and those that cover it from another; or those that are named."""
    wanted = req.get("trailNameList", [])
    here = call.home
    trails = [one for one in await _all_trails(call) if one.is_multi_region or one.region == here.region]
    if wanted:
        arns = {Trail.locate(one, here).arn for one in wanted}
        return {"trailList": [_shown(trail) for trail in trails if trail.arn in arns]}
    shadows = req.get("includeShadowTrails", True)
    return {"trailList": [_shown(trail) for trail in trails if shadows or trail.region == here.region]}


@cloudtrail.operation(lists=Trail)
async def list_trails(call: Call, req: ListTrailsRequest) -> ListTrailsResponse:  # noqa: ARG001
    """Of all Regions, by Region and name."""
    cut = await call.transact(_cut)
    placed = [(pack(trail.region, trail.name), trail) for trail in await _all_trails(call)]
    left = [(place, trail) for place, trail in placed if place > (cut.after or b"")]
    page = left[: cut.size]
    shown = [{"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.region} for _, trail in page]
    answer: ListTrailsResponse = {"Trails": shown}  # type: ignore[typeddict-item]
    if len(left) > cut.size:
        answer["NextToken"] = cut.token(page[-1][0])
    return answer


def _cut(tx: Transaction) -> Cut:
    return tx.cut(size_default=LISTED_MAX, size_max=LISTED_MAX)


async def _all_trails(call: Call) -> list[Trail]:
    """The account's, by Region and name."""
    found: list[Trail] = []
    for region in await call.transact(_regions):
        found += await call.transact(_trails_here, home=home_of(call.home.account, region))
    return found


def _regions(tx: Transaction) -> list[str]:
    low = _HOMES + pack(tx.home.account)
    rows = tx.keys.scan(low, end_of(low), limit=_REGIONS_MAX)
    return [str(unpack(row[len(_HOMES) :])[1]) for row, _ in rows]


def _trails_here(tx: Transaction) -> list[Trail]:
    return list(tx.all(Trail))


# --------------------------------------------------------------------------- changing
@cloudtrail.operation(on=Trail, at="Name", refuses=_NOT_YET)
async def update_trail(call: Call, req: UpdateTrailRequest) -> UpdateTrailResponse:
    """What is given replaces what was; another place is tried first."""
    old = await call.transact(at_home)
    trail = _changed(old, req)
    _check(trail)
    if (trail.bucket, trail.prefix) != (old.bucket, old.prefix):
        await _try_bucket(call, trail)
    answer: UpdateTrailResponse = _shown_when_made(await call.transact(_update, req))
    return answer


def _changed(trail: Trail, given: Mapping[str, Any]) -> Trail:
    members = {
        "S3BucketName": "bucket",
        "S3KeyPrefix": "prefix",
        "IncludeGlobalServiceEvents": "has_global_events",
        "IsMultiRegionTrail": "is_multi_region",
        "EnableLogFileValidation": "validates",
        "RecursiveLogging": "is_recursive",
    }
    changes = {field: given[member] for member, field in members.items() if given.get(member) is not None}
    made: Trail = msgspec.structs.replace(trail, **changes)  # type: ignore[type-var]
    return made


def _update(tx: Transaction, given: Mapping[str, Any]) -> Trail:
    trail = _changed(tx.resource, given)
    _check(trail)
    tx.replace(trail)
    note_selection(tx, trail)
    if trail.validates and not tx.resource.validates:
        schedule_digests(tx, trail)
    return trail


@cloudtrail.operation(on=Trail, at="Name")
def delete_trail(tx: Transaction, req: DeleteTrailRequest) -> DeleteTrailResponse:  # noqa: ARG001
    """What was not delivered yet is delivered no more; what is in the bucket stays."""
    trail = at_home(tx)
    tx.delete(trail)
    tx.unschedule("cloudtrail.deliver", trail.name)
    tx.unschedule("cloudtrail.digest", trail.name)
    keep(tx.keys, trail.account, trail.arn, None)
    tx.after_commit(lambda: tx.cloud.audit.selection.set(trail.account, trail.arn, None))
    if not any(True for _ in tx.all(Trail)):
        tx.keys.delete(_HOMES + pack(trail.account, trail.region))
    return {}
