"""What is kept of a user or a root beside itself: keys, certificates, a password. Few of each, under the owner's id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.resource import Located, Resource
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.service import InvalidInput, NoSuchEntity

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction


class Belonging(Resource):
    """The base of those; `owner` is the id of a user, or a root's account number. `noun` is what sentences call it."""

    noun: ClassVar[str]

    owner: str
    id: str
    status: str = "Active"

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return NoSuchEntity(f"The {cls.noun} with id {located.key[-1]} cannot be found.")


B = TypeVar("B", bound=Belonging)


def belongings(tx: Transaction, cls: type[B], owner: str) -> list[B]:
    """All of a kind that somebody has, the oldest first."""
    return sorted(tx.all(cls, prefix=owner), key=lambda one: one.incarnation)


def page_of_belongings(tx: Transaction, cls: type[B], owner: str, show: Callable[[B], Any]) -> Page:
    """The page of them that the call asks for, the oldest first."""
    return page_of(tx, tx.all(cls, prefix=owner), key=lambda one: f"{one.incarnation:020}", show=show)


def refuse_expiry(status: str) -> str:
    """A status that can be set; the model also has one that only time brings."""
    if status not in {"Active", "Inactive"}:
        raise InvalidInput(f"The status can be set to Active or Inactive, not to {status}.")
    return status
