"""What is known of a secret without its value: described, and tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager import replicas
from fogstead.services.secretsmanager.secrets import Secret, tags_in, writable
from fogstead.services.secretsmanager.service import secretsmanager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.kernel.tags import Tags
    from fogstead.shapes.secretsmanager import (
        DescribeSecretRequest,
        DescribeSecretResponse,
        TagResourceRequest,
        UntagResourceRequest,
    )


@secretsmanager.operation(on=Secret, at="SecretId")
def describe_secret(tx: Transaction, req: DescribeSecretRequest) -> DescribeSecretResponse:  # noqa: ARG001
    """Also of one that waits for its deletion."""
    secret: Secret = tx.resource
    made = {**known(secret), **replicas.shown(secret)}
    if secret.stages:
        made["VersionIdsToStages"] = by_version(secret)
    return made  # type: ignore[return-value]


def known(secret: Secret) -> dict[str, Any]:
    """The members that descriptions and lists share; what has no value is absent."""
    made: dict[str, Any] = {"ARN": secret.arn, "Name": secret.name, "CreatedDate": secret.created_at}
    optional = {
        "Description": secret.description,
        "KmsKeyId": secret.key_id,
        "LastChangedDate": secret.modified_at,
        "LastAccessedDate": secret.accessed_on,
        "DeletedDate": secret.deleted_at,
        "PrimaryRegion": secret.primary_region,
    }
    made.update({name: value for name, value in optional.items() if value})
    if secret.tags:
        made["Tags"] = [{"Key": key, "Value": value} for key, value in secret.tags.items()]
    return made


def by_version(secret: Secret) -> dict[str, list[str]]:
    """The labels of each version that has some."""
    made: dict[str, list[str]] = {}
    for stage, version_id in secret.stages.items():
        made.setdefault(version_id, []).append(stage)
    return made


@secretsmanager.operation(on=Secret, at="SecretId")
def tag_resource(tx: Transaction, req: TagResourceRequest) -> None:
    """Adds tags, or gives those that are there another value."""
    secret = writable(tx.resource)
    given = {tag["Key"]: tag.get("Value", "") for tag in req["Tags"]}
    together = {**secret.tags, **given}
    _retag(tx, secret, tags_in([{"Key": key, "Value": value} for key, value in together.items()]), req)


@secretsmanager.operation(on=Secret, at="SecretId")
def untag_resource(tx: Transaction, req: UntagResourceRequest) -> None:
    """Removes tags by their keys."""
    secret = writable(tx.resource)
    doomed = set(req["TagKeys"])
    _retag(tx, secret, {key: value for key, value in secret.tags.items() if key not in doomed}, req)


def _retag(tx: Transaction, secret: Secret, tags: Tags, req: Mapping[str, Any]) -> None:
    """Nobody may tag themselves out of a secret. Source: API reference, TagResource."""
    action = f"secretsmanager:{'TagResource' if 'Tags' in req else 'UntagResource'}"
    tx.authorise(action, secret.altered(tags=tags), "", req)
    replicas.changed(tx, secret, tags=tags)
