"""Users and roles by ARN and by id, of the account and of others, for those who name them in trust policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from fogstead.kernel.arns import Arn
from fogstead.kernel.resource import home_of
from fogstead.services.iam.names import Named, by_id, named

if TYPE_CHECKING:
    from fogstead.kernel.calls import Call
    from fogstead.kernel.transaction import Transaction

T = TypeVar("T")


def at_arn(tx: Transaction, arn: str, kinds: Mapping[str, type[Named]]) -> Named | None:
    """Who has this ARN in the transaction's own account, or None. `kinds` are classes by how their ARNs begin."""
    try:
        resource = Arn.parse(arn).resource
    except ValueError:
        return None
    cls = kinds.get(resource.partition("/")[0])
    found = None if cls is None else named(tx, cls, resource.rpartition("/")[2])
    return found if found is not None and found.arn == arn else None


def ids_of(
    tx: Transaction, wanted: Iterable[tuple[str, str]], kinds: Mapping[str, type[Named]]
) -> dict[str, str | None]:
    """The unique ids of ARNs, each given with its account; None for those that are nobody's."""

    def read(there: Transaction, arn: str) -> str | None:
        found = at_arn(there, arn, kinds)
        return None if found is None else found.unique_id

    return _of_each(tx, "ids", wanted, read)


def arns_of(tx: Transaction, wanted: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """The ARNs of unique ids, each given with its account; None for those who are gone."""

    def read(there: Transaction, unique_id: str) -> str | None:
        found = by_id(there, unique_id)
        return None if found is None else found.arn

    return _of_each(tx, "arns", wanted, read)


def _of_each(
    tx: Transaction, what: str, wanted: Iterable[tuple[str, str]], read: Callable[[Transaction, str], T]
) -> dict[str, T]:
    """By name. Those of other accounts are asked for all at once."""
    names = sorted(set(wanted), key=lambda pair: (pair[1], pair[0]))
    foreign = [(name, account) for name, account in names if account != tx.home.account]
    found = {name: read(tx, name) for name, account in names if account == tx.home.account}

    async def ask(call: Call) -> dict[str, T]:
        answers = {}
        for name, account in foreign:
            answers[name] = await call.transact(read, name, home=home_of(account, ""))
        return answers

    return {**found, **tx.ask((what, tuple(foreign)), ask)} if foreign else found
