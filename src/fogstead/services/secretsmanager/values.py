"""Values: put, read, changed with what is known of their secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager import replicas, sealing, versions
from fogstead.services.secretsmanager.secrets import Secret, arn_in, readable, token_in, writable
from fogstead.services.secretsmanager.service import (
    CURRENT,
    DAY_MILLIS,
    PENDING,
    PREVIOUS,
    InvalidRequest,
    ResourceExists,
    ResourceNotFound,
    secretsmanager,
)
from fogstead.services.secretsmanager.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fogstead.kernel.errors import ServiceError
    from fogstead.services.secretsmanager.sealing import DataKey, Value, WrappedKey
    from fogstead.shapes.secretsmanager import (
        GetSecretValueRequest,
        GetSecretValueResponse,
        PutSecretValueRequest,
        PutSecretValueResponse,
        UpdateSecretRequest,
        UpdateSecretResponse,
    )

_REWRAPPED = (CURRENT, PENDING, PREVIOUS)


@secretsmanager.operation(on=Secret, at="SecretId", keeps_tokens=True, refuses=("RotationToken",))
def put_secret_value(tx: Transaction, req: PutSecretValueRequest) -> PutSecretValueResponse:
    """A new version; putting the same again is harmless."""
    secret = writable(tx.resource)
    value = sealing.value_in(req)
    if value is None:
        raise InvalidRequest("You must provide either SecretString or SecretBinary.")
    token = token_in(req, value)
    labels = list(req.get("VersionStages") or [CURRENT])
    if not secret.stages and CURRENT not in labels:
        labels.append(CURRENT)
    made = _with_version(tx, secret, token, value, labels)
    return {"ARN": made.arn, "Name": made.name, "VersionId": token, **_labels(made, token)}  # type: ignore[typeddict-item]


@secretsmanager.operation(on=Secret, at="SecretId", keeps_tokens=True, refuses=("Type",))
def update_secret(tx: Transaction, req: UpdateSecretRequest) -> UpdateSecretResponse:
    """What is known of it, its KMS key, its value: whichever is given."""
    secret = writable(tx.resource)
    value = sealing.value_in(req)
    token = token_in(req, value)
    said: dict[str, Any] = {}
    if "Description" in req:
        said["description"] = req["Description"]
    if "KmsKeyId" in req and req["KmsKeyId"] != secret.key_id:
        _rewrap(tx, secret, req["KmsKeyId"])
        said["key_id"] = req["KmsKeyId"]
    if said or value is None:
        secret = replicas.changed(tx, secret, **said)
    if value is None:
        return {"ARN": secret.arn, "Name": secret.name}
    made = _with_version(tx, secret, token, value, [CURRENT])
    return {"ARN": made.arn, "Name": made.name, "VersionId": token}


def _with_version(tx: Transaction, secret: Secret, version_id: str, value: Value, labels: Sequence[str]) -> Secret:
    """The secret with a new version; as it is when the version is there and the same."""
    there = versions.find(tx, secret, version_id)
    if there is not None:
        same_value(tx, secret, there, value)
        return secret
    stages = versions.attached(secret.stages, labels, version_id)
    regions = {one.region: one.key_id for one in secret.replicas if one.status != replicas.FAILED}
    arns = {region: arn_in(secret, region) for region in regions}

    async def ask(call: Call) -> tuple[DataKey, dict[str, DataKey | ServiceError]]:
        key = await sealing.new_data_key(call.as_caller, secret.key_id, secret.arn, version_id)
        return key, await replicas.data_keys(call, regions, arns, version_id)

    key, others = tx.ask(("data keys", secret.arn, secret.key_id, version_id, tuple(sorted(regions.items()))), ask)
    version = Version(version_id, tx.now, (key.wrapped,))
    secret = secret.altered(stages=stages)
    kept = sealing.sealed(key, secret.arn, version_id, value, sealing.nonce_from(tx.random))
    versions.add(tx, secret, version, kept)
    copies, failures = replicas.sealed_for(tx, secret, others, version, value)
    return replicas.changed(tx, secret, copies, failures)


def same_value(tx: Transaction, secret: Secret, version: Version, value: Value) -> None:
    """Refuse another value for a version that is there. Source: API reference, PutSecretValue."""
    if not opened(tx, secret, version).same_as(value):
        raise ResourceExists(
            f"You can't use ClientRequestToken {version.version_id} because that value is already in use for a version "
            f"of secret {secret.arn}."
        )


def opened(tx: Transaction, secret: Secret, version: Version) -> Value:
    """The value of a version, decrypted as the caller."""
    arn, version_id, keys = secret.arn, version.version_id, version.keys
    plain = tx.ask(
        ("open", arn, version_id, keys), lambda call: sealing.unwrapped(call.as_caller, keys, arn, version_id)
    )
    return sealing.opened(plain, arn, version_id, versions.value_of(tx, secret, version_id))


def _rewrap(tx: Transaction, secret: Secret, key_id: str) -> None:
    """Have the versions in use open by the new KMS key too."""
    ids = dict.fromkeys(secret.stages[label] for label in _REWRAPPED if label in secret.stages)
    found = [version for version_id in ids if (version := versions.find(tx, secret, version_id)) is not None]

    async def ask(call: Call) -> list[tuple[WrappedKey, ...]]:
        return [await sealing.rewrapped(call.as_caller, key_id, one.keys, secret.arn, one.version_id) for one in found]

    if found:
        made = tx.ask(("rewrap", secret.arn, key_id, tuple(ids)), ask)
        for version, keys in zip(found, made, strict=True):
            versions.put(tx, secret, msgspec.structs.replace(version, keys=keys))


@secretsmanager.operation(on=Secret, at="SecretId", read_only=False)
def get_secret_value(tx: Transaction, req: GetSecretValueRequest) -> GetSecretValueResponse:
    """The current version unless another is named; the day of the reading is kept."""
    secret = readable(tx.resource)
    version = _chosen(tx, secret, req)
    value = opened(tx, secret, version)
    touch(tx, secret, version)
    return shown(secret, version, value)  # type: ignore[return-value]


def shown(secret: Secret, version: Version, value: Value) -> dict[str, Any]:
    """A value as answers tell it."""
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.version_id,
        "CreatedDate": version.created_at,
        **value.shown,
        **_labels(secret, version.version_id),
    }


def _labels(secret: Secret, version_id: str) -> dict[str, list[str]]:
    """The member of answers that tells a version's labels, if it has some."""
    labels = secret.stages_of(version_id)
    return {"VersionStages": labels} if labels else {}


def _chosen(tx: Transaction, secret: Secret, req: Mapping[str, Any]) -> Version:
    version_id, stage = req.get("VersionId"), req.get("VersionStage")
    if version_id is None:
        return current(tx, secret, str(stage or CURRENT))
    found = versions.find(tx, secret, version_id)
    if found is None:
        raise ResourceNotFound(f"Secrets Manager can't find the specified secret value for VersionId: {version_id}")
    if stage is not None and secret.stages.get(stage) != version_id:
        raise InvalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
    return found


def current(tx: Transaction, secret: Secret, stage: str = CURRENT) -> Version:
    """The version that a label is attached to."""
    found = versions.find(tx, secret, secret.stages.get(stage, ""))
    if found is None:
        raise ResourceNotFound(f"Secrets Manager can't find the specified secret value for staging label: {stage}")
    return found


def touch(tx: Transaction, secret: Secret, version: Version) -> None:
    """Keep the day of a reading; the first of the day writes."""
    today = tx.now - tx.now % DAY_MILLIS
    if secret.accessed_on != today:
        tx.replace(secret, accessed_on=today)
    if version.accessed_on != today:
        versions.put(tx, secret, msgspec.structs.replace(version, accessed_on=today))
