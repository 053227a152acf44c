"""SQS once spoke the Query protocol, and older SDKs still do; botocore's model has dropped it.

Source: the SQS API reference (2012-11-05), "Making Query API requests" and the "AWS JSON protocol" migration guide:
both protocols are served at the same endpoint. Entry names are those of the Query examples; error codes in Query
answers carry the `AWS.SimpleQueueService.` prefix where the API reference's error lists show it.
"""

from __future__ import annotations

from typing import Any

# Member of a request or answer -> the element name that stands before the entry's number.
_ENTRY_NAMES = {
    "AttributeNames": "AttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "Attributes": "Attribute",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "tags": "Tag",
    "Tags": "Tag",
    "TagKeys": "TagKey",
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "QueueUrls": "QueueUrl",
    "queueUrls": "QueueUrl",
    "Messages": "Message",
    "StringListValues": "StringListValue",
    "BinaryListValues": "BinaryListValue",
    "Results": "ListMessageMoveTasksResultEntry",
}
_BATCHES = ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")
_MAP_NAMES = {"TagMap": ("Key", "Value")}

_QUERY_ERRORS = {
    "QueueDoesNotExist": ("AWS.SimpleQueueService.NonExistentQueue", 400),
    "QueueDeletedRecently": ("AWS.SimpleQueueService.QueueDeletedRecently", 400),
    "QueueNameExists": ("QueueAlreadyExists", 400),
    "MessageNotInflight": ("AWS.SimpleQueueService.MessageNotInflight", 400),
    "PurgeQueueInProgress": ("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    "EmptyBatchRequest": ("AWS.SimpleQueueService.EmptyBatchRequest", 400),
    "TooManyEntriesInBatchRequest": ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    "BatchEntryIdsNotDistinct": ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    "BatchRequestTooLong": ("AWS.SimpleQueueService.BatchRequestTooLong", 400),
    "InvalidBatchEntryId": ("AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    "UnsupportedOperation": ("AWS.SimpleQueueService.UnsupportedOperation", 400),
    "OverLimit": ("OverLimit", 403),
    "RequestThrottled": ("RequestThrottled", 403),
    "InvalidSecurity": ("InvalidSecurity", 403),
    "ResourceNotFoundException": ("ResourceNotFoundException", 404),
    "KmsAccessDenied": ("KMS.AccessDeniedException", 400),
    "KmsDisabled": ("KMS.DisabledException", 400),
    "KmsInvalidKeyUsage": ("KMS.InvalidKeyUsageException", 400),
    "KmsInvalidState": ("KMS.InvalidStateException", 400),
    "KmsNotFound": ("KMS.NotFoundException", 400),
}


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with the Query protocol beside JSON, and the codes old clients look for."""
    metadata = {
        **data["metadata"],
        "protocols": ["json", "query"],
        "xmlNamespace": "http://queue.amazonaws.com/doc/2012-11-05/",
        # A Query request may be sent to the queue's own URL instead of naming it.
        "pathMember": "QueueUrl",
    }
    shapes = dict(data["shapes"])
    for name, shape in shapes.items():
        if shape.get("type") == "structure":
            shapes[name] = {**shape, "members": _named_entries(name, shape["members"])}
        elif shape.get("type") == "map":
            shapes[name] = _named_map(name, shape)
    _let_receivers_name_system_attributes(shapes)
    _hide_bodies(shapes)
    operations = {name: _with_wrapper(name, operation) for name, operation in data["operations"].items()}
    return {**data, "metadata": metadata, "shapes": shapes, "operations": operations, "query_errors": _QUERY_ERRORS}


def _let_receivers_name_system_attributes(shapes: dict[str, Any]) -> None:
    """The model takes names of queue attributes there, the API reference and all clients those of messages."""
    receive = shapes["ReceiveMessageRequest"]
    names = {**receive["members"]["AttributeNames"], "shape": "MessageSystemAttributeList"}
    shapes["ReceiveMessageRequest"] = {**receive, "members": {**receive["members"], "AttributeNames": names}}


def _hide_bodies(shapes: dict[str, Any]) -> None:
    """An audit writes no message down. Source: SQS Developer Guide, the data events of its CloudTrail examples."""
    for name in ("SendMessageRequest", "SendMessageBatchRequestEntry"):
        members = shapes[name]["members"]
        shapes[name] = {
            **shapes[name],
            "members": {**members, "MessageBody": {**members["MessageBody"], "sensitive": True}},
        }


def _named_entries(structure: str, members: dict[str, Any]) -> dict[str, Any]:
    named = {}
    for name, member in members.items():
        entry = _ENTRY_NAMES.get(name) or _batch_entry(structure, name)
        named[name] = {**member, "queryName": entry} if entry else member
    return named


def _batch_entry(structure: str, member: str) -> str | None:
    batch = next((batch for batch in _BATCHES if structure.startswith(batch)), None)
    if batch is None:
        return None
    return {
        "Entries": f"{batch}RequestEntry",
        "Successful": f"{batch}ResultEntry",
        "Failed": "BatchResultErrorEntry",
    }.get(member)


def _named_map(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    key, value = _MAP_NAMES.get(name, ("Name", "Value"))
    return {
        **shape,
        "key": {**shape["key"], "queryName": key},
        "value": {**shape["value"], "queryName": value},
    }


def _with_wrapper(name: str, operation: dict[str, Any]) -> dict[str, Any]:
    if "output" not in operation:
        return operation
    return {**operation, "output": {**operation["output"], "resultWrapper": f"{name}Result"}}
