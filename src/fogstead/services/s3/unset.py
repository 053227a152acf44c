"""Configurations that cannot be put yet: what AWS answers of a bucket that never had one.

Each of these calls is true as long as its Put answers 501. When a configuration lands, its lines go from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.service import snake
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.service import (
    InvalidRequest,
    MetadataConfigurationNotFound,
    NoSuchConfiguration,
    NoSuchLifecycleConfiguration,
    NoSuchWebsiteConfiguration,
    ObjectLockConfigurationNotFoundError,
    ReplicationConfigurationNotFoundError,
    s3,
)

# Operation, action, error.
_REFUSING: Final[tuple[tuple[str, str, type[ServiceError]], ...]] = (
    ("get_bucket_lifecycle_configuration", "GetLifecycleConfiguration", NoSuchLifecycleConfiguration),
    ("get_bucket_metadata_configuration", "GetBucketMetadataTableConfiguration", MetadataConfigurationNotFound),
    ("get_bucket_metadata_table_configuration", "GetBucketMetadataTableConfiguration", MetadataConfigurationNotFound),
    ("get_bucket_replication", "GetReplicationConfiguration", ReplicationConfigurationNotFoundError),
    ("get_bucket_website", "GetBucketWebsite", NoSuchWebsiteConfiguration),
    ("get_object_lock_configuration", "GetBucketObjectLockConfiguration", ObjectLockConfigurationNotFoundError),
)
# Those of which a bucket may have many, each with an id.
_NUMEROUS: Final = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
# Operation, action, answer.
_ANSWERING: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("delete_bucket_lifecycle", "PutLifecycleConfiguration", {}),
    ("delete_bucket_replication", "PutReplicationConfiguration", {}),
    ("delete_bucket_website", "DeleteBucketWebsite", {}),
    ("get_bucket_abac", "GetBucketAbac", {"AbacStatus": {"Status": "Disabled"}}),
)


def _refusing(error: type[ServiceError]) -> Callable[[Transaction, Any], Any]:
    def refuse(tx: Transaction, req: Any) -> Any:  # noqa: ARG001 - operations take both
        raise error(BucketName=tx.resource.name)

    return refuse


def _answering(answer: dict[str, Any]) -> Callable[[Transaction, Any], Any]:
    def give(tx: Transaction, req: Any) -> Any:  # noqa: ARG001 - operations take both
        return dict(answer)

    return give


def _without_lock() -> Callable[[Transaction, Any], Any]:
    def refuse(tx: Transaction, req: Any) -> Any:  # noqa: ARG001 - operations take both
        raise InvalidRequest("Bucket is missing Object Lock Configuration")

    return refuse


def _declare(name: str, action: str, run: Callable[[Transaction, Any], Any], **more: Any) -> None:
    operation = s3.model.operation(s3.operation_names[name])
    run.__name__ = name
    run.__annotations__ = {
        "req": operation.input.name if operation.input else "NoInput",
        "return": operation.output.name if operation.output else "None",
    }
    s3.operation(on=Bucket, at="Bucket", action=f"s3:{action}", **more)(run)


def _declare_all() -> None:
    for name, action, error in _REFUSING:
        _declare(name, action, _refusing(error))
    for name, action, answer in _ANSWERING:
        _declare(name, action, _answering(answer))
    for kind in _NUMEROUS:
        one = f"bucket_{snake(kind)}_configuration"
        _declare(f"get_{one}", f"Get{kind}Configuration", _refusing(NoSuchConfiguration), ignores=("Id",))
        _declare(f"delete_{one}", f"Put{kind}Configuration", _refusing(NoSuchConfiguration), ignores=("Id",))
        empty = _answering({"IsTruncated": False})
        _declare(f"list_{one}s", f"Get{kind}Configuration", empty, ignores=("ContinuationToken",))
    for action in ("GetObjectLegalHold", "GetObjectRetention"):
        _declare(
            snake(action), action, _without_lock(), part=part_of_arn, ignores=("Key", "VersionId"), data_event=True
        )


_declare_all()
