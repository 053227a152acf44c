"""Many objects deleted by one request: each by itself, each with its own answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.objects import delete
from fogstead.services.s3.service import MalformedXML, s3

if TYPE_CHECKING:
    from fogstead.shapes.s3 import DeleteObjectsOutput, DeleteObjectsRequest

DELETED_MAX: Final = 1000


@s3.operation(
    on=Bucket,
    at="Bucket",
    decides_itself=True,
    data_event=True,
    ignores=("MFA", "BypassGovernanceRetention", "ChecksumAlgorithm"),
)
def delete_objects(tx: Transaction, req: DeleteObjectsRequest) -> DeleteObjectsOutput:
    """Up to a thousand; in quiet mode only those that failed are told."""
    bucket: Bucket = tx.resource
    asked = req["Delete"]["Objects"]
    if not 0 < len(asked) <= DELETED_MAX:
        raise MalformedXML
    deleted: list[Any] = []
    errors: list[Any] = []
    for one in asked:
        outcome = tx.attempt(_delete, tx, bucket, one)
        if outcome.error is not None:
            errors.append(_failed(one, outcome.error))
        else:
            deleted.append(outcome.value)
    out: DeleteObjectsOutput = {}
    if not req["Delete"].get("Quiet"):
        out["Deleted"] = deleted
    if errors:
        out["Errors"] = errors
    return out


def _delete(tx: Transaction, bucket: Bucket, one: Mapping[str, Any]) -> dict[str, Any]:
    key, version_id = one["Key"], one.get("VersionId")
    given = {"Key": key, **({"VersionId": version_id} if version_id else {})}
    tx.authorise("s3:DeleteObjectVersion" if version_id else "s3:DeleteObject", bucket, f"/{key}", given)
    for condition in ("LastModifiedTime", "Size"):
        if one.get(condition) is not None:
            raise NotImplementedHere(f"{condition} is not implemented by this cloud.")
    told = delete(tx, bucket, key, version_id, {"IfMatch": one.get("ETag")})
    out = {"Key": key}
    if version_id:
        out["VersionId"] = version_id
    if told.get("DeleteMarker"):
        out["DeleteMarker"] = True
        out["DeleteMarkerVersionId"] = told["VersionId"]
    return out


def _failed(one: Mapping[str, Any], error: ServiceError) -> dict[str, Any]:
    code = "AccessDenied" if error.code == "AccessDeniedException" else error.code
    out = {"Key": one["Key"], "Code": code, "Message": error.message}
    if one.get("VersionId"):
        out["VersionId"] = one["VersionId"]
    return out
