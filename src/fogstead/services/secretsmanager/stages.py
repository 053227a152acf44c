"""Staging labels: moved from version to version, and the versions listed with theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager import replicas, versions
from fogstead.services.secretsmanager.secrets import Secret, writable
from fogstead.services.secretsmanager.service import CURRENT, InvalidParameter, ResourceNotFound, secretsmanager
from fogstead.services.secretsmanager.versions import Version

if TYPE_CHECKING:
    from fogstead.shapes.secretsmanager import (
        ListSecretVersionIdsRequest,
        ListSecretVersionIdsResponse,
        UpdateSecretVersionStageRequest,
        UpdateSecretVersionStageResponse,
    )

LISTED_MAX = 100
DEFAULT_KEY_NAME = "DefaultEncryptionKey"


@secretsmanager.operation(on=Secret, at="SecretId")
def update_secret_version_stage(
    tx: Transaction, req: UpdateSecretVersionStageRequest
) -> UpdateSecretVersionStageResponse:
    """A label is on one version at a time; whoever moves it says where it was."""
    secret = writable(tx.resource)
    label, source, target = req["VersionStage"], req.get("RemoveFromVersionId"), req.get("MoveToVersionId")
    holder = secret.stages.get(label)
    for version_id in (source, target):
        if version_id is not None and versions.find(tx, secret, version_id) is None:
            raise ResourceNotFound(f"Secrets Manager can't find the specified secret value for VersionId: {version_id}")
    if source is not None and source != holder:
        raise InvalidParameter(
            f"The staging label {label} isn't attached to version {source}, so it can't be removed from it."
        )
    if target is None:
        stages = _without(secret, label, source)
    elif source is None and holder not in (None, target):
        raise InvalidParameter(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version "
            f"{holder}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    else:
        stages = versions.attached(secret.stages, [label], target)
    replicas.changed(tx, secret, stages=stages)
    return {"ARN": secret.arn, "Name": secret.name}


def _without(secret: Secret, label: str, source: str | None) -> dict[str, str]:
    if source is None:
        raise InvalidParameter("You must specify RemoveFromVersionId, MoveToVersionId, or both.")
    if label == CURRENT:
        raise InvalidParameter(
            f"You can only move staging label {CURRENT} to a different secret version. It can't be completely removed."
        )
    return {one: at for one, at in secret.stages.items() if one != label}


@secretsmanager.operation(on=Secret, at="SecretId")
def list_secret_version_ids(tx: Transaction, req: ListSecretVersionIdsRequest) -> ListSecretVersionIdsResponse:
    """Oldest first; those without labels only when asked for."""
    secret: Secret = tx.resource
    cut = tx.cut(size_default=LISTED_MAX, size_max=LISTED_MAX)
    listed = [
        one
        for one in versions.all_of(tx, secret)
        if (req.get("IncludeDeprecated") or secret.stages_of(one.version_id))
        and (cut.after is None or _place(one) > cut.after)
    ]
    page = listed[: cut.size]
    answer: Any = {"ARN": secret.arn, "Name": secret.name, "Versions": [_shown(secret, one) for one in page]}
    if len(listed) > cut.size:
        answer["NextToken"] = cut.token(_place(page[-1]))
    return answer  # type: ignore[no-any-return]


def _place(version: Version) -> bytes:
    return version.created_at.to_bytes(8, "big") + version.version_id.encode()


def _shown(secret: Secret, version: Version) -> dict[str, Any]:
    made: dict[str, Any] = {
        "VersionId": version.version_id,
        "CreatedDate": version.created_at,
        "KmsKeyIds": [key.key_id or DEFAULT_KEY_NAME for key in version.keys],
    }
    labels = secret.stages_of(version.version_id)
    if labels:
        made["VersionStages"] = labels
    if version.accessed_on:
        made["LastAccessedDate"] = version.accessed_on
    return made
