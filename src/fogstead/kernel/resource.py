"""Resources: what a service keeps under a name, with an ARN, tags, a policy and rows of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

from fogstead.kernel.arns import Arn, partition_of
from fogstead.kernel.authorization import Access
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.identity import Principal
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.records import RecordCodec
from fogstead.kernel.service import Scope, Service
from fogstead.primitives.store import Home, Key
from fogstead.primitives.store.packing import pack, pack_int

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

_FIELD = re.compile(r"\{(\w+)\}")
_RECORDS = "r"
_WRITTEN = {"path": "(?P<path>/(?:.+/)?)"}
"""Fields of ARNs that have a form of their own: a path begins and ends with a slash."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class ResourceMeta(msgspec.StructMeta):
    """Takes the declaration out of the class line and checks it.

    `arn=` is the last part of its ARN, with its fields in braces; they are its key unless `key=` names others. `scope=`
    is the service's unless said: a Region of an account, an account, or the whole cloud.
    """

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        service: Service | None = None,
        arn: str = "",
        key: tuple[str, ...] = (),
        missing: type[ServiceError] | None = None,
        scope: Scope | None = None,
        version: int = 1,
        upgrade: Callable[[int, bytes], Any] | None = None,
    ) -> Any:
        """A resource class; only the base itself has no service."""
        cls: Any = super().__new__(mcs, name, bases, namespace, frozen=True, kw_only=True, array_like=True)
        if service is None:
            return cls
        cls.service, cls.arn_pattern, cls.missing, cls.scope = service, arn, missing, scope or service.scope
        cls.arn_fields = tuple(_FIELD.findall(arn))
        cls.key_fields = key or cls.arn_fields
        unknown = [field for field in (*cls.key_fields, *cls.arn_fields) if field not in cls.__struct_fields__]
        if not cls.arn_fields or unknown:
            raise TypeError(f"{name}: arn={arn!r} must name fields of the resource, such as '{{name}}'")
        if missing is None:
            raise TypeError(f"{name}: missing= must be the error for a {name} that does not exist")
        cls.codec = RecordCodec(cls, version, upgrade)
        cls.collection = pack(_RECORDS, service.name, name)
        escaped = re.escape(arn).replace(r"\{", "{").replace(r"\}", "}")
        cls.arn_regex = re.compile(_FIELD.sub(_as_group, escaped), re.DOTALL)
        service.add_resource(cls)
        return cls

    def __init__(self, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_declared: Any) -> None:
        super().__init__(name, bases, namespace)


if TYPE_CHECKING:
    _Struct = object  # the type checker takes keyword-only fields from the metaclass, not from Struct
else:
    _Struct = msgspec.Struct


class Resource(_Struct, metaclass=ResourceMeta):
    """The base of all resources; instances are records and never change.

    `incarnation` tells a resource from an earlier one of the same name: its rows are kept under it, so deleting the
    resource is one write and the rows are reaped later.
    """

    service: ClassVar[Service]
    arn_pattern: ClassVar[str]
    key_fields: ClassVar[tuple[str, ...]]
    arn_fields: ClassVar[tuple[str, ...]]
    missing: ClassVar[type[ServiceError]]
    scope: ClassVar[Scope]
    codec: ClassVar[RecordCodec[Any]]
    collection: ClassVar[bytes]
    arn_regex: ClassVar[re.Pattern[str]]

    account: str = ""
    region: str = ""
    incarnation: int = 0
    created_at: int = 0

    @property
    def home(self) -> Home:
        """Where it lives."""
        return home_of(self.account, self.region)

    @property
    def locator(self) -> Located:
        """Its place among all resources."""
        return type(self).at(self.home, *(getattr(self, field) for field in self.key_fields))

    @property
    def arn(self) -> str:
        """Its Amazon Resource Name."""
        values = tuple([getattr(self, field) for field in self.arn_fields])
        return _format(type(self), self.account, self.region, values)

    @property
    def shard(self) -> Key:
        """The prefix of its own rows."""
        return _shard(self.account, self.region, self.incarnation)

    @property
    def owner_account(self) -> str:
        """Whose it is; resources that live in no account's home say so."""
        return self.account

    @property
    def billed_region(self) -> str:
        """The Region its owner is billed in; resources that live in no Region's home say so."""
        return self.region

    @property
    def resource_policy(self) -> str:
        """The policy document attached to it, or empty; resources that have one say so."""
        return ""

    def access(self, tx: Transaction, question: Question, given: Mapping[str, Any]) -> Access:
        """What the resource says of a question: its policy, unless it has more to say."""
        text = self.resource_policy
        policy = compile_policy(text, "resource") if text else None
        return Access(policy, must_allow=self.policy_must_allow)

    policy_must_allow: ClassVar[bool] = False
    """Whether nobody gets in whom its policy does not let in, as with keys and roles, not even the account's root."""

    changes_authority: ClassVar[bool] = False
    """Whether who may do what follows from it, so that a change ends what is remembered of its account."""

    def condition_keys(
        self,
        tx: Transaction,
        given: Mapping[str, Any],
    ) -> Mapping[str, str | list[str]]:
        """The service's own condition keys for a call's input, in lower case; asked only by a condition."""
        return {}

    def expect(self, caller: Principal, given: Mapping[str, Any]) -> None:
        """Refuse a call by what its input says of the resource and is not so; `guards` names the members it reads."""

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:  # noqa: ARG003
        """The error for one that is not there."""
        return cls.missing()

    @property
    def said_when_denied(self) -> Mapping[str, str]:
        """What even those hear who may not use it, as members of the error."""
        return {}

    guards: ClassVar[tuple[str, ...]] = ()

    def told_with_answers(self, caller: Principal, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Members that every answer about the resource carries, where the operation's output has them."""
        return {}

    @property
    def resource_tags(self) -> dict[str, str]:
        """Its tags; resources that have some say so."""
        return {}

    @classmethod
    def at(cls, home: Home, *key: str) -> Located:
        """The place of the resource with this key, whether or not it exists."""
        return Located(cls, home, key)

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        """The place that an input member points at: an ARN, or the key itself in the caller's own home."""
        if value.startswith("arn:"):
            return cls.locate_arn_in(value, home)
        return cls.at(cls.home_for(home), value)

    @classmethod
    def locate_own(cls, caller: Principal, home: Home) -> Located | None:  # noqa: ARG003
        """The place that a call means which names none, as `GetUser` means who asks; None when there is none."""
        return None

    @classmethod
    def locate_arn_in(cls, text: str, home: Home) -> Located:
        """The place an ARN names, which must be in the Region of the call; else the `missing` error."""
        located = cls.locate_arn(text)
        if cls.scope == "region" and located.home.region != home.region:
            raise cls.missing
        return located

    @classmethod
    def locate_arn(cls, text: str) -> Located:
        """The place an ARN names; the resource's `missing` error when it names none of these."""
        try:
            arn = Arn.parse(text)
        except ValueError:
            raise cls.missing from None
        match = cls.arn_regex.fullmatch(arn.resource)
        if match is None or arn.service != cls.service.arn_service:
            raise cls.missing
        return cls.at(home_of(arn.account, arn.region), *cls.key_of(match.groupdict()))

    @classmethod
    def key_of(cls, named: Mapping[str, str]) -> tuple[str, ...]:
        """The key that the fields of an ARN name; resources whose key is not written in their ARN say so."""
        return tuple(named[field] for field in cls.key_fields)

    @classmethod
    def home_for(cls, home: Home) -> Home:
        """The home that resources of this kind have, for a caller in `home`."""
        return home if cls.scope == "region" else home_of(home.account if cls.scope == "account" else "", "")


@dataclass(frozen=True, slots=True)
class Located:
    """A place where a resource is or might be: enough to authorise a call before saying whether it exists."""

    cls: type[Resource]
    home: Home
    key: tuple[str, ...]
    packed: Key = field(init=False, compare=False, repr=False)
    """The store's key."""
    _written: str = field(init=False, compare=False, repr=False)
    """Its ARN, once somebody has asked."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "packed", self.home.prefix + self.cls.collection + pack(*self.key))
        object.__setattr__(self, "_written", "")

    def read(self, tx: Transaction) -> Any:
        """The resource that is there, or None; a place that points at another, as an alias does, says which."""
        raw = tx.keys.get(self.packed)
        return None if raw is None else self.cls.codec.decode(raw)

    @property
    def arn(self) -> str:
        """The ARN that a resource here has or would have; fields that are not in its key take their defaults."""
        if not self._written:
            named = dict(zip(self.cls.key_fields, self.key, strict=True))
            values = tuple(named.get(field, "/" if field == "path" else "") for field in self.cls.arn_fields)
            object.__setattr__(self, "_written", _format(self.cls, self.home.account, self.home.region, values))
        return self._written

    @property
    def shown(self) -> str:
        """What a denial calls it."""
        return self.arn

    def arn_of(self, resource: Resource | None) -> str:
        """The ARN of what was found here, or of what would be here."""
        if resource is None or (type(resource) is self.cls and self.cls.key_fields == self.cls.arn_fields):
            return self.arn
        return resource.arn


def _as_group(field: re.Match[str]) -> str:
    return _WRITTEN.get(field[1], f"(?P<{field[1]}>.+)")


@lru_cache(maxsize=10_000)
def _format(cls: type[Resource], account: str, region: str, values: tuple[str, ...]) -> str:
    resource = cls.arn_pattern.format(**dict(zip(cls.arn_fields, values, strict=True)))
    return f"arn:{partition_of(region)}:{cls.service.arn_service}:{region}:{account}:{resource}"


@lru_cache(maxsize=10_000)
def _shard(account: str, region: str, incarnation: int) -> Key:
    return home_of(account, region).data + pack_int(incarnation)


_homes: dict[tuple[str, str], Home] = {}


def home_of(account: str, region: str) -> Home:
    """The home of an account in a Region; homes are made once, for their prefixes are looked at all the time."""
    home = _homes.get((account, region))
    if home is None:
        if len(_homes) >= 10_000:
            _homes.clear()
        home = _homes[account, region] = Home(account, region)
    return home


R = TypeVar("R", bound=Resource)
