"""Why a request was decided as it was, and what a principal needs: the cloud's own endpoints on permissions."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

from fogstead.kernel.asked_actions import least_policy
from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.cloud import Cloud


async def explain(cloud: Cloud, query: str) -> dict[str, Any] | None:
    """`request=ID`: what was asked and what decided; None when nothing is known of such a request."""
    request_id = _one(query, "request")
    denial = cloud.denials.find(request_id)
    record = await asyncio.to_thread(cloud.audit.find, request_id)
    if record is None and denial is None:
        return None
    return {
        "request_id": request_id,
        **({} if record is None else _said(record)),
        "denial": denial or (record.decision if record is not None else None),
    }


def _said(record: AuditRecord) -> dict[str, Any]:
    return {
        "at_millis": record.at,
        "service": record.service,
        "operation": record.operation,
        "principal": record.user_identity.get("arn", record.user_identity.get("invokedBy", "")),
        "error": record.error_code,
        "allowed": [{"action": action, "resource": resource, "by": by} for action, resource, by in record.asked if by],
    }


async def suggest(cloud: Cloud, query: str) -> dict[str, Any]:
    """`principal=ARN&since=MILLIS` (cloud time): the least policy for what it was asked about since then."""
    principal, since = _one(query, "principal"), int(_one(query, "since") or "0")
    records = await asyncio.to_thread(lambda: list(cloud.audit.of_principal(principal, since)))
    asked = [(action, resource) for record in records for action, resource, _ in record.asked]
    asked += cloud.asked_actions.of(principal, since)
    return {"calls": len(records), "actions": len({action for action, _ in asked}), "policy": least_policy(asked)}


def _one(query: str, name: str) -> str:
    return parse_qs(query).get(name, [""])[0]
