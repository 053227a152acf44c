"""Secrets: made, described, tagged."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.tags import Tags, checked
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.secretsmanager import places
from fogstead.services.secretsmanager.condition_keys import keys_of
from fogstead.services.secretsmanager.service import (
    InvalidParameter,
    InvalidRequest,
    ResourceNotFound,
    secretsmanager,
)

if TYPE_CHECKING:
    from fogstead.services.secretsmanager.sealing import Value

SUFFIX_ALPHABET = string.ascii_letters + string.digits


class Replica(msgspec.Struct, frozen=True, array_like=True):
    """A Region that a secret is copied to, the KMS key there, and how that went."""

    region: str
    key_id: str = ""
    status: str = "InProgress"
    message: str = ""


class Secret(Resource, service=secretsmanager, arn="secret:{name}-{suffix}", key=("name",), missing=ResourceNotFound):
    """A name with versions. `stages` says which version each staging label is attached to.

    `deleted_at` is when it goes for good, zero if it stays; `accessed_on` is the midnight of the day of the last
    reading; `revision` counts its changes, so that copies in other Regions never go back; `made_by` is the token of the
    request that made it.
    """

    name: str
    suffix: str
    description: str = ""
    key_id: str = ""
    tags: Tags = {}
    policy: str = ""
    stages: dict[str, str] = {}
    modified_at: int = 0
    accessed_on: int = 0
    deleted_at: int = 0
    primary_region: str = ""
    replicas: tuple[Replica, ...] = ()
    revision: int = 0
    made_by: str = ""

    @property
    def resource_policy(self) -> str:
        return self.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def is_replica(self) -> bool:
        """Whether it is a copy of another Region's secret."""
        return self.primary_region not in {"", self.region}

    def condition_keys(self, tx: Transaction, given: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
        """Source: Service Authorization Reference, "Condition keys for AWS Secrets Manager"."""
        keys = keys_of(given)
        keys.update({f"secretsmanager:resourcetag/{name.lower()}": value for name, value in self.tags.items()})
        if self.primary_region:
            keys["secretsmanager:secretprimaryregion"] = self.primary_region
        return keys

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """SecretId is a name, an ARN, or the beginning of one."""
        return places.place_of(cls, value, home)

    def altered(self, **changes: Any) -> Secret:
        """A record like this one; keeping it is another matter."""
        made: Secret = msgspec.structs.replace(self, **changes)  # type: ignore[type-var]
        return made

    def stages_of(self, version_id: str) -> list[str]:
        """The labels of a version, in the order they were attached."""
        return [stage for stage, at in self.stages.items() if at == version_id]


def arn_in(secret: Secret, region: str) -> str:
    """The ARN of a secret's copy in another Region."""
    return secret.altered(region=region).arn


def readable(secret: Secret) -> Secret:
    """The secret; refused while it waits for its deletion."""
    if secret.deleted_at:
        raise InvalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
    return secret


def writable(secret: Secret) -> Secret:
    """The secret; refused while it waits for its deletion, and for copies of another Region's."""
    not_replica(secret)
    return readable(secret)


def not_replica(secret: Secret) -> Secret:
    """The secret; copies are changed where the original is."""
    if secret.is_replica:
        raise InvalidParameter(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region."
        )
    return secret


def tags_in(listed: Sequence[Any]) -> Tags:
    """Tags of an input; InvalidParameterException when AWS would not take them."""
    return checked({tag["Key"]: tag.get("Value", "") for tag in listed}, InvalidParameter)


def token_in(given: Mapping[str, Any], value: Value | None) -> str:
    """The id of the version that a value makes; clients that do not make one themselves have to say one."""
    token = str(given.get("ClientRequestToken") or "")
    if value is not None and not token:
        raise InvalidRequest("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    return token
