"""Secrets deleted after a time to repent, or at once, and restored before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.catalog import job
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.secretsmanager.places import SecretPlace, place_of
from fogstead.services.secretsmanager.secrets import Secret, not_replica
from fogstead.services.secretsmanager.service import (
    DAY_MILLIS,
    RECOVERY_DAYS_MAX,
    RECOVERY_DAYS_MIN,
    InvalidParameter,
    InvalidRequest,
    secrets_held,
    secretsmanager,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.shapes.secretsmanager import (
        DeleteSecretRequest,
        DeleteSecretResponse,
        RestoreSecretRequest,
        RestoreSecretResponse,
    )


class GonePlace(SecretPlace):
    """A place where a secret that is not there counts as one that is deleted already."""

    def read(self, tx: Transaction) -> Any:
        """The secret, or a record of none."""
        found = SecretPlace.read(self, tx)
        if found is not None:
            return found
        return Secret(name=self.key[0], suffix=self.suffix, account=self.home.account, region=self.home.region)


def _place(given: Mapping[str, Any], home: Home) -> Located:
    """API reference, DeleteSecret: by force, deleting what is not there is no error."""
    place = place_of(Secret, given["SecretId"], home)
    if not given.get("ForceDeleteWithoutRecovery"):
        return place
    return GonePlace(place.cls, place.home, place.key, place.given, place.suffix)


@secretsmanager.operation(on=Secret, at="SecretId", locate=_place)
def delete_secret(tx: Transaction, req: DeleteSecretRequest) -> DeleteSecretResponse:
    """After 30 days unless another time is given; by force at once, and twice if need be."""
    secret = not_replica(tx.resource)
    days, force = req.get("RecoveryWindowInDays"), bool(req.get("ForceDeleteWithoutRecovery"))
    if force and days is not None:
        raise InvalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
    if days is not None and not RECOVERY_DAYS_MIN <= days <= RECOVERY_DAYS_MAX:
        raise InvalidParameter(
            f"The RecoveryWindowInDays value must be between {RECOVERY_DAYS_MIN} and {RECOVERY_DAYS_MAX} days "
            "(inclusive)."
        )
    if secret.replicas:
        regions = ", ".join(sorted(one.region for one in secret.replicas))
        raise InvalidParameter(f"You can't delete secret {secret.arn} that still has replica regions [{regions}].")
    if force:
        return _delete_now(tx, secret)
    if secret.deleted_at:
        raise InvalidRequest(
            "You can't perform this operation on the secret because it was already scheduled for deletion."
        )
    gone_at = tx.now + (days or RECOVERY_DAYS_MAX) * DAY_MILLIS
    going = tx.replace(secret, deleted_at=gone_at, modified_at=tx.now, revision=secret.revision + 1)
    tx.level(secrets_held, -1, of=going)
    tx.schedule("secretsmanager.delete", {"name": secret.name}, at=gone_at, name=secret.name)
    return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": gone_at}


def _delete_now(tx: Transaction, secret: Secret) -> DeleteSecretResponse:
    if secret.incarnation:
        tx.unschedule("secretsmanager.delete", secret.name)
        tx.delete(secret)
    return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": tx.now}


@secretsmanager.operation(on=Secret, at="SecretId")
def restore_secret(tx: Transaction, req: RestoreSecretRequest) -> RestoreSecretResponse:  # noqa: ARG001
    """Takes the deletion back; harmless where there is none."""
    secret = not_replica(tx.resource)
    if secret.deleted_at:
        staying = tx.replace(secret, deleted_at=0, modified_at=tx.now, revision=secret.revision + 1)
        tx.level(secrets_held, 1, of=staying)
        tx.unschedule("secretsmanager.delete", secret.name)
    return {"ARN": secret.arn, "Name": secret.name}


@job("secretsmanager.delete")
def delete_for_good(tx: Transaction, arguments: dict[str, Any]) -> None:
    """The time to repent is over."""
    secret = tx.find(Secret, arguments["name"])
    if secret is not None and secret.deleted_at and secret.deleted_at <= tx.now:
        tx.delete(secret)
