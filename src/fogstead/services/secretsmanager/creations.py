"""CreateSecret: a name, six signs that nobody can tell, and perhaps a first version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.secretsmanager import drawing, places, replicas, sealing, versions
from fogstead.services.secretsmanager.condition_keys import keys_of
from fogstead.services.secretsmanager.secrets import SUFFIX_ALPHABET, Secret, arn_in, tags_in, token_in
from fogstead.services.secretsmanager.service import (
    CURRENT,
    InvalidParameter,
    InvalidRequest,
    ResourceExists,
    secrets_held,
    secrets_max,
    secretsmanager,
)
from fogstead.services.secretsmanager.values import same_value
from fogstead.services.secretsmanager.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.services.secretsmanager.sealing import DataKey, Value
    from fogstead.shapes.secretsmanager import CreateSecretRequest, CreateSecretResponse

NAME_SIGNS_MAX = 512


class Drawn(msgspec.Struct, frozen=True):
    """What a new secret needs from outside: its signs, and a data key for itself and for each copy."""

    suffix: str
    key: DataKey | None
    others: dict[str, Any]


def _place(given: Mapping[str, Any], home: Home) -> Located:
    """A new name, which is never an ARN."""
    places.check_name(given["Name"])
    return places.place_of(Secret, given["Name"], home)


@secretsmanager.operation(
    creates=Secret,
    at="Name",
    locate=_place,
    conditions=lambda _tx, given: keys_of(given),
    keeps_tokens=True,
    refuses=("CrossAccountPrimaryARN", "Type"),
)
def create_secret(tx: Transaction, req: CreateSecretRequest) -> CreateSecretResponse:
    """A name is used once; a repeated token with the same value gives the same answer."""
    value = sealing.value_in(req)
    token = token_in(req, value)
    there = tx.find(Secret, req["Name"])
    if there is not None:
        return _repeated(tx, there, token, value)
    wanted = replicas.asked_for(req.get("AddReplicaRegions", []), tx.home.region)
    secret = Secret(
        name=req["Name"],
        suffix="",
        account=tx.home.account,
        region=tx.home.region,
        description=req.get("Description", ""),
        key_id=req.get("KmsKeyId", ""),
        tags=tags_in(req.get("Tags", [])),
        made_by=token,
        modified_at=tx.now,
        replicas=wanted,
        primary_region=tx.home.region if wanted else "",
        revision=1,
    )
    if secret.tags:
        tx.authorise("secretsmanager:TagResource", secret, "??????", req)
    if wanted:
        tx.authorise("secretsmanager:ReplicateSecretToRegions", secret, "??????", req)
    drawn: Drawn = tx.ask("new", lambda call: _draw(call, secret, token if value is not None else ""))
    secret = secret.altered(suffix=drawn.suffix, stages={CURRENT: token} if value is not None else {})
    made = tx.create(secret, quota=secrets_max)
    tx.level(secrets_held, 1, of=made)
    copies: replicas.Copies = {}
    failures: dict[str, str] = {}
    if value is not None:
        assert drawn.key is not None
        version = Version(token, tx.now, (drawn.key.wrapped,))
        nonce = sealing.nonce_from(tx.random)
        versions.add(tx, made, version, sealing.sealed(drawn.key, made.arn, token, value, nonce))
        copies, failures = replicas.sealed_for(tx, made, drawn.others, version, value)
    overwrite = bool(req.get("ForceOverwriteReplicaSecret"))
    replicas.spread(tx, made, copies, failures, whole=[one.region for one in wanted], overwrite=overwrite)
    return _answer(tx.get(Secret, made.name), token if value is not None else "")


async def _draw(call: Call, secret: Secret, version_id: str) -> Drawn:
    """Signs are drawn here and not in the transaction, which may run again: the data keys speak of the ARN."""
    suffix = drawing.signs(call.cloud.ids.take, SUFFIX_ALPHABET, places.SUFFIX_SIGNS)
    if not version_id:
        return Drawn(suffix, None, {})
    whole = secret.altered(suffix=suffix)
    key = await sealing.new_data_key(call.as_caller, secret.key_id, whole.arn, version_id)
    regions = {one.region: one.key_id for one in secret.replicas}
    arns = {region: arn_in(whole, region) for region in regions}
    return Drawn(suffix, key, dict(await replicas.data_keys(call, regions, arns, version_id)))


def _repeated(tx: Transaction, secret: Secret, token: str, value: Value | None) -> CreateSecretResponse:
    """The same answer to the same request; otherwise the name is taken."""
    if secret.deleted_at:
        raise InvalidRequest(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    if not token or secret.made_by != token:
        raise ResourceExists(f"The operation failed because the secret {secret.name} already exists.")
    version = versions.find(tx, secret, token)
    if (value is None) != (version is None):
        raise InvalidParameter("You can't use a ClientRequestToken again with another request.")
    if version is not None and value is not None:
        same_value(tx, secret, version, value)
    return _answer(secret, token if version is not None else "")


def _answer(secret: Secret, version_id: str) -> CreateSecretResponse:
    made: Any = {"ARN": secret.arn, "Name": secret.name, **replicas.shown(secret)}
    if version_id:
        made["VersionId"] = version_id
    return made  # type: ignore[no-any-return]
