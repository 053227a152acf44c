"""What users, groups, roles and their like share: a name whose case does not count, a path, and an id used only once.

The key of such a resource is its name in lower case; the name as it was given stands in its ARN, where case does count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.primitives.store.packing import pack
from fogstead.services.iam.service import EntityAlreadyExists, NoSuchEntity, iam

_IDS = pack("iam-id")


@dataclass(frozen=True, slots=True)
class Place(Located):
    """Where a name is or would be, and how it was written."""

    name: str
    path: str = "/"

    @property
    def arn(self) -> str:
        """In the case of the call: what it would be called if it were made by it."""
        named = self.cls.arn_pattern.format(name=self.name, path=self.path)
        return f"arn:aws:iam::{self.home.account}:{named}"


class Named(Resource):
    """The base of those; `noun` is what sentences call them."""

    noun: ClassVar[str]

    name: str
    folded: str
    path: str = "/"
    unique_id: str = ""

    @property
    def locator(self) -> Located:
        return self.place(self.home, self.name, self.path)

    @classmethod
    def place(cls, home: Home, name: str, path: str = "/") -> Place:
        """Where a name is or would be."""
        return Place(cls, cls.home_for(home), (name.lower(),), name, path)

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:
        return cls.place(home, value)

    @classmethod
    def locate_new(cls, member: str) -> Any:
        """For operations that create: the ARN has the path that was asked for."""
        return lambda given, home: cls.place(home, given[member], given.get("Path") or "/")

    @classmethod
    def key_of(cls, named: Mapping[str, str]) -> tuple[str, ...]:
        return (named["name"].lower(),)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        name = located.name if isinstance(located, Place) else located.key[0]
        return NoSuchEntity(f"The {cls.noun} with name {name} cannot be found.")

    @classmethod
    def taken(cls, name: str) -> ServiceError:
        """The error for a name that is in use."""
        return EntityAlreadyExists(f"{cls.noun[:1].upper()}{cls.noun[1:]} with name {name} already exists.")


N = TypeVar("N", bound=Named)


def named(tx: Transaction, cls: type[N], name: str) -> N | None:
    """The resource of this name, in whatever case, or None."""
    return tx.find(cls, name.lower())


def get_named(tx: Transaction, cls: type[N], name: str) -> N:
    """The same; NoSuchEntity in AWS's sentence when there is none."""
    found = named(tx, cls, name)
    if found is None:
        raise cls.not_found(cls.place(tx.home, name))
    return found


def refuse_taken(tx: Transaction, cls: type[Named], name: str) -> None:
    """EntityAlreadyExists when the name is in use, in whatever case."""
    if named(tx, cls, name) is not None:
        raise cls.taken(name)


def by_id(tx: Transaction, unique_id: str) -> Named | None:
    """What has this id, or None; ids are never used again."""
    row = tx.keys.get(tx.home.prefix + _IDS + pack(unique_id))
    if row is None:
        return None
    kind, _, folded = row.decode().partition("/")
    found: Named | None = tx.find(cast("type[Named]", iam.resources[kind]), folded)
    return found


def create_named(tx: Transaction, resource: N) -> N:
    """Keep a new one, and where its id leads."""
    made = tx.create(resource)
    _note_id(tx, made)
    return made


def rename(tx: Transaction, resource: N, name: str, path: str) -> N:
    """Keep it under another name or path. It stays the same thing: its id and its own rows are as they were."""
    if name.lower() != resource.folded or name != resource.name:
        refuse_taken(tx, type(resource), name)
        tx.keys.delete(resource.locator.packed)
    renamed = tx.replace(resource, name=name, folded=name.lower(), path=path)
    _note_id(tx, renamed)
    return renamed


def delete_named(tx: Transaction, resource: Named) -> None:
    """Remove it, and its id."""
    tx.keys.delete(tx.home.prefix + _IDS + pack(resource.unique_id))
    tx.delete(resource)


def _note_id(tx: Transaction, resource: Named) -> None:
    row = f"{type(resource).__name__}/{resource.folded}"
    tx.keys.put(tx.home.prefix + _IDS + pack(resource.unique_id), row.encode())
