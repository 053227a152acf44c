"""One record per management call, refused or not; data calls only when something selects them.

The pipeline writes it, so no handler contains audit code. Where the records go is the sink's business.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.model.shapes import Shape
from fogstead.primitives.clock import Millis

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_TEXT_MAX = 4096


class AuditRecord(msgspec.Struct, frozen=True, array_like=True):
    """Who asked what of which resource, from where, and what came of it."""

    at: int
    event_id: str
    request_id: str
    service: str
    event_source: str
    operation: str
    read_only: bool
    management: bool
    category: str
    user_identity: dict[str, Any]
    account: str
    region: str
    source_ip: str
    user_agent: str
    tls: bool
    request_parameters: dict[str, Any] | None = None
    response_elements: dict[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""
    resources: list[dict[str, Any]] = []
    access_key_id: str = ""
    via: str = ""
    shared_event_id: str = ""
    host: str = ""
    decision: str = ""
    asked: list[tuple[str, str]] = []


class AuditSink(Protocol):
    """Takes records; must return at once."""

    def write(self, record: AuditRecord) -> None:
        """Keep one."""

    def selects(self, invocation: Invocation) -> bool:
        """Whether a data call is to be recorded."""


def record_of(
    invocation: Invocation, result: Any, error: ServiceError | None, now: Millis, event_id: str
) -> AuditRecord:
    """The record of a finished call."""
    operation = invocation.operation
    changes = error is None and not operation.read_only and not operation.data_event
    return AuditRecord(
        at=now,
        event_id=event_id,
        request_id=invocation.origin.request_id,
        service=operation.service.name,
        event_source=operation.service.principal,
        operation=operation.name,
        read_only=operation.read_only,
        management=not operation.data_event,
        category="Data" if operation.data_event else "Management",
        user_identity=_identity(invocation.caller),
        account=invocation.home.account,
        region=invocation.home.region,
        source_ip=invocation.origin.source_ip,
        user_agent=invocation.origin.user_agent,
        tls=invocation.origin.secure,
        request_parameters=_shown(operation.model.input, invocation.input),
        response_elements=_shown(operation.model.output, result) if changes else None,
        error_code=error.code if error is not None else "",
        error_message=error.message if error is not None else "",
        resources=resources_of(invocation),
        via=invocation.origin.via,
    )


def resources_of(invocation: Invocation) -> list[dict[str, Any]]:
    """What the call was about, as CloudTrail lists it."""
    located = invocation.located
    if located is None:
        return []
    service = located.cls.service.model.metadata.get("serviceId", "")
    owner = invocation.resource.owner_account if invocation.resource is not None else located.home.account
    whole = {"ARN": located.arn, "accountId": owner, "type": f"AWS::{service}::{located.cls.__name__}"}
    part = invocation.operation.part
    if part is None:
        return [whole]
    return [{"ARN": f"{located.arn}{part(invocation.input)}", "type": f"AWS::{service}::Object"}, whole]


def _identity(caller: Principal) -> dict[str, Any]:
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.arn}
    kind = {"root": "Root", "user": "IAMUser", "role": "AssumedRole"}.get(caller.kind, "AWSAccount")
    known = {"principalId": caller.user_id, "arn": caller.arn, "accountId": caller.account}
    return {"type": kind, **{name: value for name, value in known.items() if value}}


def _shown(shape: Shape | None, value: Any) -> Any:
    """Plain data without secrets and without bodies."""
    if shape is None or value is None or not value:
        return None
    return _plain(shape, value)


def _plain(shape: Shape, value: Any) -> Any:
    if shape.trait("sensitive"):
        return HIDDEN
    if shape.kind == "structure":
        members = shape.members
        named = ((name, members[name]) for name in value if name in members)
        return {name: _plain(member, value[name]) for name, member in named if not member.streaming}
    if shape.kind == "list":
        return [_plain(shape.member, one) for one in value]
    if shape.kind == "map":
        return {str(key): _plain(shape.value, one) for key, one in value.items()}
    if shape.kind == "blob":
        return HIDDEN
    return value[:_TEXT_MAX] if isinstance(value, str) else value
