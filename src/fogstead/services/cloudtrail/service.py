"""CloudTrail: what it refuses and limits.

Limits are those of the CloudTrail User Guide, "Quotas in AWS CloudTrail". Insights, channels, imports, dashboards,
organization trails and federation answer 501.
"""

from __future__ import annotations

from fogstead.kernel.service import Service
from fogstead.kernel.throttling import Rate

cloudtrail = Service("cloudtrail")

TrailNotFound = cloudtrail.error("TrailNotFoundException", "The trail does not exist.")
TrailAlreadyExists = cloudtrail.error("TrailAlreadyExistsException", "A trail of this name exists.")
TooManyTrails = cloudtrail.error("MaximumNumberOfTrailsExceededException", "The maximum number of trails is reached.")
InvalidTrailName = cloudtrail.error("InvalidTrailNameException", "The trail name is not valid.")
CloudTrailARNInvalid = cloudtrail.error("CloudTrailARNInvalidException", "The ARN is not valid.")
InvalidHomeRegion = cloudtrail.error(
    "InvalidHomeRegionException", "This operation must be called from the Region in which the trail was created."
)
InvalidS3BucketName = cloudtrail.error("InvalidS3BucketNameException", "The bucket name is not valid.")
InvalidS3Prefix = cloudtrail.error("InvalidS3PrefixException", "The prefix can have at most 200 characters.")
S3BucketDoesNotExist = cloudtrail.error("S3BucketDoesNotExistException", "The S3 bucket does not exist.")
InsufficientS3BucketPolicy = cloudtrail.error(
    "InsufficientS3BucketPolicyException", "The policy of the S3 bucket does not let CloudTrail deliver to it."
)
InvalidParameter = cloudtrail.error("InvalidParameterException", "A parameter is not valid.")
InvalidParameterCombination = cloudtrail.error(
    "InvalidParameterCombinationException", "The combination of parameters is not valid."
)
InvalidEventSelectors = cloudtrail.error("InvalidEventSelectorsException", "The event selectors are not valid.")
InvalidLookupAttributes = cloudtrail.error("InvalidLookupAttributesException", "A lookup attribute is not valid.")
InvalidTimeRange = cloudtrail.error("InvalidTimeRangeException", "The start of the time range is after its end.")
InvalidNextToken = cloudtrail.error("InvalidNextTokenException", "The token is not valid.")
InvalidToken = cloudtrail.error("InvalidTokenException", "The token is not valid.")
InsightNotEnabled = cloudtrail.error("InsightNotEnabledException", "Insights are not enabled.")
ResourceNotFound = cloudtrail.error("ResourceNotFoundException", "The resource does not exist.")
ResourceTypeNotSupported = cloudtrail.error(
    "ResourceTypeNotSupportedException", "Resources of this type cannot be tagged here."
)
InvalidTagParameter = cloudtrail.error("InvalidTagParameterException", "The tags are not valid.")
TagsLimitExceeded = cloudtrail.error("TagsLimitExceededException", "A resource can have 50 tags.")

EventDataStoreNotFound = cloudtrail.error("EventDataStoreNotFoundException", "The event data store does not exist.")
EventDataStoreARNInvalid = cloudtrail.error(
    "EventDataStoreARNInvalidException", "The ARN is not that of an event data store."
)
EventDataStoreAlreadyExists = cloudtrail.error(
    "EventDataStoreAlreadyExistsException", "An event data store of this name exists."
)
TooManyEventDataStores = cloudtrail.error(
    "EventDataStoreMaxLimitExceededException", "The maximum number of event data stores is reached."
)
EventDataStoreTerminationProtected = cloudtrail.error(
    "EventDataStoreTerminationProtectedException",
    "The event data store cannot be deleted because termination protection is enabled for it.",
)
InactiveEventDataStore = cloudtrail.error(
    "InactiveEventDataStoreException", "The event data store is about to be deleted."
)
InvalidEventDataStoreStatus = cloudtrail.error(
    "InvalidEventDataStoreStatusException", "The event data store is not in a status that allows this."
)
InvalidQueryStatement = cloudtrail.error("InvalidQueryStatementException", "The query cannot be understood.")
QueryIdNotFound = cloudtrail.error("QueryIdNotFoundException", "The query does not exist.")
InactiveQuery = cloudtrail.error("InactiveQueryException", "The query has ended already.")
TooManyQueries = cloudtrail.error("MaxConcurrentQueriesException", "Too many queries are running.")
ThrottlingException = cloudtrail.error("ThrottlingException", "Rate exceeded")
InvalidDateRange = cloudtrail.error("InvalidDateRangeException", "The date range is not valid.")

trails_max = cloudtrail.quota("Trails per Region", default=5)
event_data_stores_max = cloudtrail.quota("Event data stores per Region", default=10)
queries_max = cloudtrail.quota("Concurrent queries per account and Region", default=10)

LOOKUPS = Rate(per_second=2, burst=2)

cloudtrail.page_token_error = InvalidNextToken
cloudtrail.quota_error = TooManyTrails
