"""Managed policies: an account's own, with up to five versions each, and AWS's, which nobody can change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from fogstead.kernel.arns import Arn
from fogstead.kernel.authorization import NO_ACCESS, Access
from fogstead.kernel.identity import Principal
from fogstead.kernel.policies import Question
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.resource import Located
from fogstead.kernel.tags import Tags
from fogstead.primitives.store import Home
from fogstead.services.iam import aws_managed
from fogstead.services.iam.names import Named, Place
from fogstead.services.iam.service import InvalidInput, NoSuchEntity, iam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.kernel.errors import ServiceError
    from fogstead.kernel.transaction import Transaction

_READS = ("iam:Get", "iam:List", "iam:Generate")
_PREFIX = "policy/"


class Version(msgspec.Struct, frozen=True, array_like=True):
    """One text of a policy, under its number."""

    number: int
    document: str
    created_at: int

    @property
    def version_id(self) -> str:
        """`v1` and so on."""
        return f"v{self.number}"


class ManagedPolicy(Named, service=iam, arn="policy{path}{name}", key=("folded",), missing=NoSuchEntity):
    """A policy with an ARN. `versions` are in the order they were made; `last` is the highest number ever used."""

    noun = "policy"
    changes_authority: ClassVar[bool] = True
    guards: ClassVar[tuple[str, ...]] = ("PolicyArn",)

    description: str = ""
    versions: list[Version] = []
    default: int = 1
    last: int = 1
    tags: Tags = {}
    updated_at: int = 0

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @property
    def is_aws(self) -> bool:
        """Whether it is one of AWS's own."""
        return self.account == "aws"

    @property
    def document(self) -> str:
        """The text that counts."""
        return self.text_of(next(version for version in self.versions if version.number == self.default))

    def text_of(self, version: Version) -> str:
        """The text of a version. AWS's are read when somebody wants to see one."""
        found = aws_managed.find(self.arn) if self.is_aws else None
        return version.document if found is None else found.document

    def version(self, version_id: str) -> Version:
        """The version of this id; NoSuchEntity when there is none."""
        found = next((version for version in self.versions if version.version_id == version_id), None)
        if found is None:
            raise NoSuchEntity(f"Policy {self.arn} version {version_id} does not exist or is not attachable.")
        return found

    def access(self, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
        """AWS's own are for every account to read, if its policies let the caller, and for nobody to change."""
        reads = self.is_aws and question.action.startswith(_READS)
        return Access(granted=Level.ACCOUNT) if reads else NO_ACCESS

    def expect(self, caller: Principal, given: Mapping[str, Any]) -> None:
        """An ARN has to name the path too."""
        if given.get("PolicyArn", self.arn) != self.arn:
            raise _not_found(given["PolicyArn"])

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        return locate_policy(value, home)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return _not_found(located.arn)

    @classmethod
    def taken(cls, name: str) -> ServiceError:
        return cls.service.errors["EntityAlreadyExistsException"](
            f"A policy called {name} already exists. Duplicate names are not allowed."
        )


def _not_found(arn: str) -> ServiceError:
    return NoSuchEntity(f"Policy {arn} was not found.")


@dataclass(frozen=True, slots=True)
class AwsPlace(Place):
    """Where one of AWS's policies is: in every account's home, without a row."""

    @property
    def arn(self) -> str:
        """Of no account's."""
        return f"{aws_managed.ARN_PREFIX}{self.path}{self.name}"

    def read(self, tx: Transaction) -> ManagedPolicy | None:
        """The policy, if AWS has one of this name and path."""
        found = aws_managed.find(self.arn)
        return None if found is None else as_policy(found)


def as_policy(policy: aws_managed.AwsPolicy) -> ManagedPolicy:
    """One of AWS's, with its one version."""
    number = int(policy.version.removeprefix("v"))
    return ManagedPolicy(
        account="aws",
        name=policy.name,
        folded=policy.name.lower(),
        path=policy.path,
        unique_id=policy.unique_id,
        versions=[Version(number, "", policy.updated_at)],
        default=number,
        last=number,
        created_at=policy.created_at,
        updated_at=policy.updated_at,
    )


def locate_policy(arn: str, home: Home) -> Place:
    """The place that a policy's ARN names; InvalidInput when it is no policy's."""
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        parsed = None
    if parsed is None or parsed.service != "iam" or parsed.region or not parsed.resource.startswith(_PREFIX):
        raise InvalidInput(f"ARN {arn} is not valid.")
    path, _, name = parsed.resource.removeprefix(_PREFIX.rstrip("/")).rpartition("/")
    if parsed.account == "aws":
        # No account's policy can have this key, so the row is never there.
        return AwsPlace(ManagedPolicy, ManagedPolicy.home_for(home), (f"aws/{name}",), name, f"{path}/")
    return ManagedPolicy.place(ManagedPolicy.home_for(Home(parsed.account, "")), name, f"{path}/")


def find_policy(tx: Transaction, arn: str) -> ManagedPolicy | None:
    """A policy of the account's own or of AWS's, or None; InvalidInput when the ARN is no policy's."""
    place = locate_policy(arn, tx.home)
    found: ManagedPolicy | None = tx.at(place) if place.home.account == tx.home.account else None
    return found if found is not None and found.arn == arn else None


def attachable(tx: Transaction, arn: str) -> ManagedPolicy:
    """A policy that can be attached; NoSuchEntity in AWS's sentence when there is none."""
    found = find_policy(tx, arn)
    if found is None:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    return found
