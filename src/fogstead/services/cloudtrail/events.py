"""Events: the audit's records in CloudTrail's own JSON form.

Source: CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.errors import AccessDenied
from fogstead.model import Operation
from fogstead.model.standard import standard_models
from fogstead.services.cloudtrail.names import iso
from fogstead.services.cloudtrail.parameters import written

VERSION: Final = "1.11"

encode = msgspec.json.Encoder(enc_hook=str).encode


def event_of(record: AuditRecord) -> dict[str, Any]:
    """One record as an event."""
    operation = _operation(record.service, record.operation)
    invoked_by = record.user_identity.get("invokedBy", "")
    event: dict[str, Any] = {
        "eventVersion": VERSION,
        "userIdentity": record.user_identity,
        "eventTime": iso(record.at),
        "eventSource": record.event_source,
        "eventName": record.operation,
        "awsRegion": record.region,
        "sourceIPAddress": record.source_ip or invoked_by,
        "userAgent": record.user_agent or invoked_by,
    }
    if record.error_code:
        event["errorCode"] = error_code(record.error_code)
        event["errorMessage"] = record.error_message
    event["requestParameters"] = written(
        operation.input if operation else None, record.request_parameters, record.service
    )
    event["responseElements"] = written(
        operation.output if operation else None, record.response_elements, record.service
    )
    event["requestID"] = record.request_id
    event["eventID"] = record.event_id
    event["readOnly"] = record.read_only
    if record.resources:
        event["resources"] = record.resources
    event["eventType"] = "AwsApiCall"
    event["managementEvent"] = record.management
    event["recipientAccountId"] = record.account
    if record.shared_event_id:
        event["sharedEventID"] = record.shared_event_id
    event["eventCategory"] = record.category
    if record.tls:
        event["tlsDetails"] = {"clientProvidedHostHeader": record.host} if record.host else {}
    return event


def error_code(code: str) -> str:
    """As CloudTrail and S3 write it: a denial has one name, whatever the service calls it on the wire."""
    return "AccessDenied" if code == AccessDenied.code else code


@lru_cache(maxsize=4096)
def _operation(service: str, name: str) -> Operation | None:
    """The model's, or None for a record of an operation that the model no longer has."""
    try:
        return standard_models().load(service).operation(name)
    except (KeyError, ValueError):
        return None


def user_name(record: AuditRecord) -> str:
    """The name that lookups find an event by: a user's, a session's, `root`, or the service that called."""
    identity = record.user_identity
    if identity.get("type") == "Root":
        return "root"
    known = identity.get("userName") or str(identity.get("arn", "")).rpartition("/")[2]
    return str(known or identity.get("invokedBy", ""))


def resource_name(arn: str) -> str:
    """The name at the end of an ARN."""
    resource = arn.split(":", 5)[-1]
    return resource.rpartition("/")[2] or resource
