"""Parameters: where they stand, and what is kept of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.arns import Arn
from fogstead.kernel.errors import NotImplementedHere, ServiceError
from fogstead.kernel.resource import Located, Resource, home_of
from fogstead.kernel.tags import Tags
from fogstead.primitives.store import Home
from fogstead.services.ssm import names
from fogstead.services.ssm.service import STANDARD, ParameterNotFound, ssm

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

TEXT = "text"
_PREFIX = "parameter/"


class Sharing(msgspec.Struct, frozen=True, array_like=True):
    """The policy that lets others read a parameter."""

    text: str = ""
    policy_id: str = ""
    policy_hash: str = ""


class Parameter(Resource, service=ssm, arn="parameter/{name}", key=("name",), missing=ParameterNotFound):
    """A name with versions, of which `version` is the newest. `labels` says which version each label is on.

    `expires_at` is when it goes by its own policy, zero if it stays.
    """

    name: str
    kind: str = "String"
    version: int = 0
    tier: str = STANDARD
    data_type: str = TEXT
    description: str = ""
    key_id: str = ""
    allowed_pattern: str = ""
    policies: str = ""
    expires_at: int = 0
    modified_at: int = 0
    modified_by: str = ""
    tags: Tags = {}
    labels: dict[str, int] = {}
    sharing: Sharing = Sharing()

    @property
    def arn(self) -> str:
        """A name that begins with a slash has no second one in its ARN."""
        return _arn(self.home, self.name)

    @property
    def resource_policy(self) -> str:
        return self.sharing.text

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    def condition_keys(self, tx: Transaction, given: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
        """Source: Service Authorization Reference, "Condition keys for AWS Systems Manager"."""
        keys: dict[str, str | list[str]] = {
            f"ssm:resourcetag/{name.lower()}": value for name, value in self.tags.items()
        }
        if "Value" in given:
            keys["ssm:overwrite"] = "true" if given.get("Overwrite") else "false"
            keys["ssm:policies"] = "true" if given.get("Policies") else "false"
        if "Path" in given:
            keys["ssm:recursive"] = "true" if given.get("Recursive") else "false"
        return keys

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """A name or an ARN; which version does not matter here."""
        return place_of(value, home)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return located.refusal if isinstance(located, ParameterPlace) else cls.missing()

    def altered(self, **changes: Any) -> Parameter:
        """A record like this one; keeping it is another matter."""
        made: Parameter = msgspec.structs.replace(self, **changes)  # type: ignore[type-var]
        return made

    def labels_of(self, version: int) -> list[str]:
        """The labels of a version."""
        return [label for label, at in self.labels.items() if at == version]


@dataclass(frozen=True, slots=True)
class ParameterPlace(Located):
    """A place by name. In an ARN a name of one level looks the same with and without a slash: both are tried."""

    other: str = ""

    def read(self, tx: Transaction) -> Any:
        """The parameter, or None."""
        found = Located.read(self, tx)
        if found is None and self.other:
            found = Located.read(Located(self.cls, self.home, (self.other,)), tx)
        return found

    @property
    def refusal(self) -> ServiceError:
        """The error for a parameter that is not here."""
        return ParameterNotFound(f"Parameter {self.key[0]} not found.")

    @property
    def arn(self) -> str:
        """The ARN that a parameter here has or would have."""
        return _arn(self.home, self.key[0])


def _arn(home: Home, name: str) -> str:
    return Located(Parameter, home, (name.removeprefix("/"),)).arn


def place_of(text: str, home: Home) -> ParameterPlace:
    """Where a name or an ARN points; the parameters that AWS keeps for everybody are refused by name."""
    name = names.named(text).name
    if not name.startswith("arn:"):
        return _place(home, name)
    try:
        arn = Arn.parse(name)
    except ValueError:
        raise Parameter.missing(f"Parameter {name} not found.") from None
    if arn.service != "ssm" or not arn.resource.startswith(_PREFIX) or arn.region != home.region:
        raise Parameter.missing(f"Parameter {name} not found.")
    bare = arn.resource.removeprefix(_PREFIX)
    owner = home_of(arn.account or home.account, arn.region)
    return _place(owner, f"/{bare}") if "/" in bare else _place(owner, bare, f"/{bare}")


def _place(home: Home, name: str, other: str = "") -> ParameterPlace:
    if names.is_public(name):
        raise NotImplementedHere(f"{name}: public parameters are not implemented by this cloud.")
    return ParameterPlace(Parameter, home, (name,), other)


def would_be(home: Home, name: str) -> Parameter:
    """A record of what is not there, to ask permission for."""
    return Parameter(name=name, account=home.account, region=home.region)
