"""Keys: what is kept of one, what state it is in, who may use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from fogstead.kernel.authorization import Access
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.kms import conditions, grants
from fogstead.services.kms.pointers import Pointer
from fogstead.services.kms.service import InvalidArn, NotFound, kms
from fogstead.services.kms.specs import MEMBER_OF_USAGE, SPECS, Spec

if TYPE_CHECKING:
    from fogstead.shapes.kms import KeyMetadata

CUSTOMER: Final = "CUSTOMER"
AWS: Final = "AWS"
OWN_MATERIAL: Final = "AWS_KMS"
IMPORTED_MATERIAL: Final = "EXTERNAL"

ENABLED: Final = "Enabled"
DISABLED: Final = "Disabled"
CREATING: Final = "Creating"
PENDING_IMPORT: Final = "PendingImport"
PENDING_DELETION: Final = "PendingDeletion"
PENDING_REPLICA_DELETION: Final = "PendingReplicaDeletion"

_KEY_ID = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")
# The model's older member lists fewer specs than there are.
_SPECS_OF_OLD = frozenset(
    name for name in SPECS if name.startswith(("RSA_", "ECC_NIST_P", "ECC_SECG", "SYMMETRIC", "HMAC_"))
)


class Key(Resource, service=kms, arn="key/{key_id}", missing=NotFound):
    """A key: its metadata and policy. Its secrets, grants and alias names are rows of its own.

    `ready` says that all the material is there that it needs. `rotation_days` is 0 while no automatic rotation is on.
    Of related multi-Region keys each knows where all the others are.
    """

    policy_must_allow: ClassVar[bool] = True

    key_id: str
    spec_name: str
    usage: str
    policy: str
    origin: str = OWN_MATERIAL
    manager: str = CUSTOMER
    description: str = ""
    tags: Tags = {}
    enabled: bool = True
    ready: bool = True
    deletion_at: int = 0
    replica_window_days: int = 0
    multi_region: bool = False
    primary_region: str = ""
    replica_regions: tuple[str, ...] = ()
    material_id: str = ""
    expires: bool = False
    valid_to: int = 0
    rotation_days: int = 0
    rotation_at: int = 0
    on_demand_rotations: int = 0
    on_demand_at: int = 0
    grants: int = 0

    def changed(self, **fields: Any) -> Key:
        """The key as it would be; nothing is kept."""
        return msgspec.structs.replace(self, **fields)  # type: ignore[type-var]

    @property
    def spec(self) -> Spec:
        """What kind of key it is."""
        return SPECS[self.spec_name]

    @property
    def state(self) -> str:
        """As AWS names it."""
        if self.deletion_at:
            return PENDING_DELETION
        if self.replica_window_days:
            return PENDING_REPLICA_DELETION
        if not self.ready:
            return PENDING_IMPORT if self.origin == IMPORTED_MATERIAL else CREATING
        return ENABLED if self.enabled else DISABLED

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What it may be used with."""
        return self.spec.usages[self.usage]

    @property
    def has_old_spec(self) -> bool:
        """Whether the model's older member can name its spec."""
        return self.spec_name in _SPECS_OF_OLD

    @property
    def is_primary(self) -> bool:
        """Whether it is the one of related multi-Region keys that the others follow."""
        return self.multi_region and self.primary_region == self.region

    @property
    def related_regions(self) -> tuple[str, ...]:
        """Where the other keys of its set are."""
        return tuple(
            region for region in (self.primary_region, *self.replica_regions) if region not in ("", self.region)
        )

    @property
    def resource_policy(self) -> str:
        return self.policy

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    def access(self, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
        """The key policy has to take part, for roots too; a grant is as good as a statement of it."""
        granted = grants.level(tx, self, question, given) if self.grants else Level.NOT
        return Access(compile_policy(self.policy, "resource"), must_allow=self.policy_must_allow, granted=granted)

    def condition_keys(self, tx: Transaction, given: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
        return {**conditions.of_request(tx, given), **conditions.of_key(tx, self)}

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """A key id or a key ARN; operations that take aliases too say so."""
        if not value.startswith("arn:"):
            if _KEY_ID.match(value) is None:
                raise NotFound(f"Invalid keyId '{value[:256]}'")
            return cls.at(home, value)
        located = cls.locate_arn_in(value, home)
        if _KEY_ID.match(located.key[0]) is None:
            raise NotFound(f"Invalid keyId '{located.key[0][:256]}'")
        return located

    @classmethod
    def locate_arn_in(cls, text: str, home: Home) -> Located:
        if ":alias/" in text:
            raise InvalidArn("Key Aliases are not supported for this operation.")
        parts = text.split(":", 5)
        if len(parts) == 6 and parts[2] == "kms" and parts[3] != home.region:
            raise NotFound(f"Invalid arn {parts[3][:64]}")
        try:
            return super().locate_arn_in(text, home)
        except NotFound:
            raise InvalidArn(f"Invalid arn {text[:256]}") from None

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        if isinstance(located, Pointer):
            return located.error()
        return NotFound(f"Key '{located.arn}' does not exist")


def arn_in(key: Key, region: str) -> str:
    """The ARN of the related key in another Region."""
    return Key.at(home_of(key.account, region), key.key_id).arn


def metadata(key: Key) -> KeyMetadata:
    """As CreateKey and DescribeKey show it."""
    state = key.state
    shown: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.key_id,
        "Arn": key.arn,
        "CreationDate": key.created_at,
        "Enabled": state == ENABLED,
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": state,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "KeySpec": key.spec_name,
        MEMBER_OF_USAGE[key.usage]: list(key.algorithms),
        "MultiRegion": key.multi_region,
    }
    if key.has_old_spec:
        shown["CustomerMasterKeySpec"] = key.spec_name
    if key.spec.kind == "aes" and key.material_id:
        shown["CurrentKeyMaterialId"] = key.material_id
    if key.multi_region:
        shown["MultiRegionConfiguration"] = _related(key)
    shown.update(_when(key, state))
    return shown  # type: ignore[return-value]


def _related(key: Key) -> dict[str, Any]:
    def one(region: str) -> dict[str, str]:
        return {"Arn": arn_in(key, region), "Region": region}

    return {
        "MultiRegionKeyType": "PRIMARY" if key.is_primary else "REPLICA",
        "PrimaryKey": one(key.primary_region),
        "ReplicaKeys": [one(region) for region in key.replica_regions],
    }


def _when(key: Key, state: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if state == PENDING_DELETION:
        shown["DeletionDate"] = key.deletion_at
    if state == PENDING_REPLICA_DELETION:
        shown["PendingDeletionWindowInDays"] = key.replica_window_days
    if key.origin == IMPORTED_MATERIAL and key.ready:
        shown["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if key.expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
        if key.expires:
            shown["ValidTo"] = key.valid_to
    return shown
