"""One record per management call, refused or not; data calls only when something selects them.

The pipeline writes it, so no handler contains audit code. Where the records go is the sink's business. Source for what
stands in one: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.explanation import Explanation, said_by
from fogstead.kernel.identity import Principal, is_account
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.service import DeclaredOperation
from fogstead.model.shapes import Shape
from fogstead.primitives.clock import Millis

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_GLOBAL_REGION = "us-east-1"
"""Where CloudTrail says that services happen which are the same in every Region."""

Show = Callable[[Any], Any]


class AuditRecord(msgspec.Struct, frozen=True, array_like=True):
    """Who asked what of which resource, from where, and what came of it; secrets and bodies left out."""

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
    decision: Explanation | None = None
    """Why it was denied, where it was."""
    asked: list[tuple[str, str, str]] = []
    """The actions that policies were asked about, each with its resource and what let it through."""


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
    operation, origin, caller = invocation.operation, invocation.origin, invocation.caller
    show_input, show_output = _shows(operation)
    return AuditRecord(
        at=now,
        event_id=event_id,
        request_id=origin.request_id,
        service=operation.service.name,
        event_source=operation.service.principal,
        operation=operation.name,
        read_only=operation.read_only,
        management=not operation.data_event,
        category="Data" if operation.data_event else "Management",
        user_identity=identity_of(caller, origin.via),
        account=invocation.home.account,
        region=_GLOBAL_REGION if operation.service.scope == "account" else invocation.home.region,
        source_ip=origin.via or origin.source_ip,
        user_agent=origin.via or origin.user_agent,
        tls=origin.secure,
        request_parameters=show_input(invocation.input) if invocation.input else None,
        response_elements=show_output(result) if result and error is None and operation.records_answer else None,
        error_code=error.code if error is not None else "",
        error_message=error.message if error is not None else "",
        resources=resources_of(invocation),
        access_key_id=caller.access_key,
        via=origin.via,
        host=origin.base_url.partition("://")[2],
        decision=invocation.denied,
        asked=[(action, resource, said_by(decision)) for action, resource, decision in invocation.asked],
    )


def records_of(
    invocation: Invocation, result: Any, error: ServiceError | None, now: Millis, new_id: Callable[[], str]
) -> list[AuditRecord]:
    """The record of a finished call for whoever called; and, with the same shared id, for the resource's owner."""
    record = record_of(invocation, result, error, now, new_id())
    resource = invocation.resource
    owner = resource.owner_account if resource is not None else record.account
    if owner == record.account or not is_account(owner):
        return [record]
    shared = new_id()
    known = {name: record.user_identity.get(name, "") for name in ("type", "principalId", "accountId", "invokedBy")}
    seen_by_owner = msgspec.structs.replace(
        record,
        event_id=new_id(),
        account=owner,
        shared_event_id=shared,
        user_identity={
            **{name: value for name, value in known.items() if value},
            "type": record.user_identity["type"] if invocation.caller.kind == "service" else "AWSAccount",
        },
        access_key_id="",
        decision=None,
        asked=[],
    )
    return [msgspec.structs.replace(record, shared_event_id=shared), seen_by_owner]


def resources_of(invocation: Invocation) -> list[dict[str, Any]]:
    """What the call was about, as CloudTrail lists it."""
    located = invocation.located
    if located is None:
        return []
    resource = invocation.resource
    service = located.cls.service.model.metadata.get("serviceId", "")
    owner = resource.owner_account if resource is not None else located.home.account
    arn = located.arn_of(resource)
    whole = {"ARN": arn, "accountId": owner, "type": f"AWS::{service}::{located.cls.__name__}"}
    part = invocation.operation.part
    if part is None:
        return [whole]
    return [{"ARN": f"{arn}{part(invocation.input)}", "type": f"AWS::{service}::Object"}, whole]


_KINDS = {
    "root": "Root",
    "user": "IAMUser",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "web": "WebIdentityUser",
}


def identity_of(caller: Principal, via: str) -> dict[str, Any]:
    """A caller in CloudTrail's form."""
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.arn}
    known = {
        "type": _KINDS.get(caller.kind, "AWSAccount"),
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key,
        "userName": caller.name if caller.kind == "user" else "",
        "invokedBy": via,
    }
    shown: dict[str, Any] = {name: value for name, value in known.items() if value}
    if caller.session is not None:
        shown["sessionContext"] = _session_context(caller)
    return shown


def _session_context(caller: Principal) -> dict[str, Any]:
    session = caller.session
    assert session is not None
    created = datetime.fromtimestamp(session.issued_at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    context: dict[str, Any] = {
        "attributes": {"creationDate": created, "mfaAuthenticated": "true" if session.mfa_at else "false"}
    }
    if caller.kind == "role":
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": caller.user_id.partition(":")[0],
            "arn": session.issuer_arn,
            "accountId": caller.account,
            "userName": caller.name,
        }
    if session.provider:
        context["webIdFederationData"] = {"federatedProvider": session.provider, "attributes": {}}
    if session.source_identity:
        context["sourceIdentity"] = session.source_identity
    return context


# --------------------------------------------------------------------------- what may be shown
@lru_cache(maxsize=4096)
def _shows(operation: DeclaredOperation) -> tuple[Show, Show]:
    return _show(operation.model.input), _show(operation.model.output)


def _show(shape: Shape | None) -> Show:
    """How a whole input or output is shown; the secrets of a shape are looked for once."""
    if shape is None:
        return lambda _value: None
    return _walk(shape, {}) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _hidden(_value: Any) -> str:
    return HIDDEN


def _walk(shape: Shape, known: dict[str, Show | None]) -> Show | None:
    """How a value is shown; None when it is shown as it is."""
    if shape.trait("sensitive") or shape.kind == "blob":
        return _hidden
    if shape.kind not in {"structure", "list", "map"}:
        return None
    if shape.name in known:
        return known[shape.name]

    def again(value: Any) -> Any:
        """A shape that holds itself is walked as its whole is."""
        show = known[shape.name]
        return show(value) if show is not None and show is not again else value

    known[shape.name] = again
    made = known[shape.name] = _walk_parts(shape, known)
    return made


def _walk_parts(shape: Shape, known: dict[str, Show | None]) -> Show | None:
    if shape.kind != "structure":
        part = _walk(shape.member if shape.kind == "list" else shape.value, known)
        if part is None:
            return None
        if shape.kind == "list":
            return lambda value: [part(one) for one in value]
        return lambda value: {name: part(one) for name, one in value.items()}
    shows = {name: _walk(member, known) for name, member in shape.members.items() if not member.streaming}
    if len(shows) == len(shape.members) and not any(shows.values()):
        return None

    def show(value: Any) -> Any:
        return {
            name: one if (part := shows[name]) is None else part(one) for name, one in value.items() if name in shows
        }

    return show
