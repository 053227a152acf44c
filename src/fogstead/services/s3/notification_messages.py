"""What queues are sent of what happens in a bucket.

Source: S3 User Guide, "Event message structure". Its version 2.5 is the last one of which all fields are known here:
2.6, of 2026, is said to add what tells of annotations, which objects in this cloud do not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

from fogstead.kernel.identity import ANONYMOUS
from fogstead.kernel.invocation import host_id
from fogstead.primitives.clock import Millis
from fogstead.services.s3 import access

VERSION: Final = "2.5"


def test_event(bucket: str, request_id: str, now: Millis) -> str:
    """What a new configuration is tried with."""
    return json.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": _iso(now),
            "Bucket": bucket,
            "RequestId": request_id,
            "HostId": host_id(request_id),
        }
    )


def records(happened: Mapping[str, Any], configuration_id: str) -> str:
    """What one event is told with; `happened` is what `notices` noted of it."""
    return json.dumps({"Records": [_record(happened, configuration_id)]})


def _record(happened: Mapping[str, Any], configuration_id: str) -> dict[str, Any]:
    return {
        "eventVersion": VERSION,
        "eventSource": "aws:s3",
        "awsRegion": happened["region"],
        "eventTime": _iso(happened["at"]),
        "eventName": happened["name"],
        "userIdentity": {"principalId": _principal_id(happened["caller"])},
        "requestParameters": {"sourceIPAddress": happened["address"]},
        "responseElements": {
            "x-amz-request-id": happened["request"],
            "x-amz-id-2": host_id(happened["request"]),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": happened["bucket"],
                "ownerIdentity": {"principalId": _customer_id(happened["owner"])},
                "arn": f"arn:aws:s3:::{happened['bucket']}",
            },
            "object": _object(happened),
        },
    }


def _object(happened: Mapping[str, Any]) -> dict[str, Any]:
    """The size of what is new, the ETag of what is there, and the order of writes and deletes alone."""
    kind = happened["name"].partition(":")[0]
    out: dict[str, Any] = {"key": quote_plus(happened["key"], safe="/", errors="surrogatepass")}
    if kind == "ObjectCreated":
        out["size"] = happened["size"]
    if kind != "ObjectRemoved":
        out["eTag"] = happened["etag"]
    if happened["version"]:
        out["versionId"] = happened["version"]
    if kind in {"ObjectCreated", "ObjectRemoved"}:
        # Of one length, for they are compared as texts that are filled up on the right.
        out["sequencer"] = f"{happened['number']:018X}"
    return out


def _principal_id(user_id: str) -> str:
    """No document gives its form; this is how the service's own messages look."""
    return "Anonymous" if user_id == ANONYMOUS.user_id else f"AWS:{user_id}"


def _customer_id(account: str) -> str:
    """Looks like the number of a retail customer, which owners have at AWS; follows from the account."""
    return f"A{access.owner_id(account)[:13].upper()}"


def _iso(at: Millis) -> str:
    seconds, millis = divmod(at, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03}Z"
