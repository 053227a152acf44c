"""SQS: what it refuses, limits and measures.

Limits are those of the SQS Developer Guide, "Amazon SQS quotas" (message 1 MiB, batch 1 MiB, 120,000 in flight).
"""

from __future__ import annotations

from typing import Any

from fogstead.kernel.errors import MissingParameter, QueryValidationError, ServiceError
from fogstead.kernel.service import Service
from fogstead.model.validation import describe

sqs = Service("sqs")

QueueDoesNotExist = sqs.error("QueueDoesNotExist", "The specified queue does not exist.")
QueueNameExists = sqs.error("QueueNameExists", "A queue already exists with the same name and a different value.")
QueueDeletedRecently = sqs.error(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with its name.",
)
InvalidAttributeName = sqs.error("InvalidAttributeName", "Unknown Attribute.")
InvalidAttributeValue = sqs.error("InvalidAttributeValue", "Invalid value for the parameter.")
InvalidMessageContents = sqs.error("InvalidMessageContents", "The message contains characters outside the allowed set.")
InvalidIdFormat = sqs.error("InvalidIdFormat", "The specified receipt handle isn't valid for the current version.")
ReceiptHandleIsInvalid = sqs.error("ReceiptHandleIsInvalid", "The specified receipt handle isn't valid.")
MessageNotInflight = sqs.error("MessageNotInflight", "The specified message isn't in flight.")
OverLimit = sqs.error("OverLimit", "The specified action violates a limit.")
PurgeQueueInProgress = sqs.error(
    "PurgeQueueInProgress", "Only one PurgeQueue operation is allowed every 60 seconds for a queue."
)
UnsupportedOperation = sqs.error("UnsupportedOperation", "Unsupported operation.")
ResourceNotFound = sqs.error("ResourceNotFoundException", "One or more specified resources don't exist.")
EmptyBatchRequest = sqs.error("EmptyBatchRequest", "There should be at least one entry in the request.")
TooManyEntriesInBatchRequest = sqs.error(
    "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."
)
BatchEntryIdsNotDistinct = sqs.error("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")
BatchRequestTooLong = sqs.error("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes.")
InvalidBatchEntryId = sqs.error(
    "InvalidBatchEntryId",
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
    "It can be at most 80 letters long.",
)
RequestThrottled = sqs.error("RequestThrottled", "The request was denied due to request throttling.")
KmsAccessDenied = sqs.error("KmsAccessDenied", "The caller doesn't have the required KMS access.")
KmsDisabled = sqs.error("KmsDisabled", "The specified KMS key isn't enabled.")
KmsInvalidKeyUsage = sqs.error("KmsInvalidKeyUsage", "The KMS key is not for encrypting and decrypting.")
KmsInvalidState = sqs.error("KmsInvalidState", "The state of the KMS key is not valid for this request.")
KmsNotFound = sqs.error("KmsNotFound", "The specified KMS key could not be found.")
InvalidParameterValue = sqs.error("InvalidParameterValue", "Value for parameter is invalid.", status=400)

queues_listed_max = 1000
in_flight_max = sqs.quota("In-flight messages per queue", default=120_000)

messages_sent = sqs.metric("NumberOfMessagesSent", unit="Count", by="QueueName")
messages_received = sqs.metric("NumberOfMessagesReceived", unit="Count", by="QueueName")
messages_deleted = sqs.metric("NumberOfMessagesDeleted", unit="Count", by="QueueName")


def _validation_error(faults: list[Any]) -> ServiceError:
    """SQS names a missing parameter, and an unknown attribute, by itself; its model constrains little else."""
    missing = next((fault for fault in faults if fault.missing), None)
    if missing is not None:
        name = missing.path.rpartition(".")[2]
        return MissingParameter(f"The request must contain the parameter {name[:1].upper()}{name[1:]}.")
    unknown = next((fault for fault in faults if fault.path.lower().startswith("attribute")), None)
    if unknown is not None:
        return InvalidAttributeName(f"Unknown Attribute {unknown.shown.strip(chr(39))}.")
    return QueryValidationError(describe(faults))


sqs.validation_error = _validation_error
sqs.page_token_error = InvalidParameterValue  # the API reference has no code for a bad NextToken
