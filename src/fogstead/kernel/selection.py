"""Which audit records somebody wants: selectors, compiled once, asked about every data call.

A selector is conditions on fields that all have to hold; of several selectors one is enough. A condition takes the
values it names and refuses those it names with a Not; a refusal wins. Source: CloudTrail User Guide, "Logging data
events", how several conditions for a field are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from fogstead.primitives.store import SYSTEM, Keys, after, end_of
from fogstead.primitives.store.packing import pack, unpack

ROWS: Final = SYSTEM.prefix + pack("audit-selection")
_READ_EACH_TIME = 1000


class Condition(msgspec.Struct, frozen=True, array_like=True):
    """What a field may be and may not be."""

    field: str
    equals: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts: tuple[str, ...] = ()
    not_ends: tuple[str, ...] = ()


Selector = tuple[Condition, ...]


class Seen(NamedTuple):
    """What selectors look at in a call or in its record."""

    category: str
    """Management or Data."""
    event_name: str
    event_source: str
    read_only: bool
    identity_arn: str
    from_console: bool
    resources: Sequence[tuple[str, str]]
    """Type and ARN of each."""


_FIELDS: Final[Mapping[str, Callable[[Seen], Sequence[str]]]] = {
    "eventCategory": lambda seen: (seen.category,),
    "eventName": lambda seen: (seen.event_name,),
    "eventSource": lambda seen: (seen.event_source,),
    "eventType": lambda _seen: ("AwsApiCall",),
    "readOnly": lambda seen: ("true" if seen.read_only else "false",),
    "resources.type": lambda seen: [kind for kind, _ in seen.resources],
    "resources.ARN": lambda seen: [arn for _, arn in seen.resources],
    "userIdentity.arn": lambda seen: (seen.identity_arn,),
    "sessionCredentialFromConsole": lambda seen: ("true" if seen.from_console else "false",),
}
FIELDS: Final = frozenset(_FIELDS)

Test = Callable[[Seen], bool]


def compiled(selectors: Iterable[Selector]) -> Test:
    """Whether any of the selectors takes what was seen."""
    tests = [tuple(_compiled_condition(one) for one in selector) for selector in selectors]
    return lambda seen: any(all(test(seen) for test in selector) for selector in tests)


def _compiled_condition(condition: Condition) -> Test:
    values_of = _FIELDS[condition.field]
    equals, not_equals = frozenset(condition.equals), frozenset(condition.not_equals)
    starts, ends = condition.starts, condition.ends
    not_starts, not_ends = condition.not_starts, condition.not_ends
    takes_any = not (equals or starts or ends)

    def test(seen: Seen) -> bool:
        values = values_of(seen)
        if any(value in not_equals or value.startswith(not_starts) or value.endswith(not_ends) for value in values):
            return False
        return takes_any or any(value in equals or value.startswith(starts) or value.endswith(ends) for value in values)

    return test


def wants_data(selectors: Iterable[Selector]) -> bool:
    """Whether any of them may take data events."""
    return any(
        condition.field == "eventCategory" and "Data" in condition.equals
        for selector in selectors
        for condition in selector
    )


class Wish(msgspec.Struct, frozen=True, array_like=True):
    """What a trail or an event data store takes: of one Region, or of all where it is empty."""

    selectors: tuple[Selector, ...]
    region: str = ""


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Wish)


class DataSelection:
    """The wishes of all accounts that take data events, at hand. They are kept in the store by whoever sets them."""

    def __init__(self) -> None:
        self._by_account: dict[str, dict[str, tuple[str, Test]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_account)

    def __contains__(self, account: str) -> bool:
        return account in self._by_account

    def takes(self, account: str, region: str, seen: Seen) -> bool:
        """Whether anybody in an account selects this."""
        wishes = self._by_account.get(account, {}).values()
        return any(where in ("", region) and test(seen) for where, test in wishes)

    def read(self, keys: Keys) -> None:
        """Take up what the store has."""
        self._by_account.clear()
        low, high = ROWS, end_of(ROWS)
        while rows := keys.scan(low, high, limit=_READ_EACH_TIME):
            for row, value in rows:
                account, owner = unpack(row[len(ROWS) :])
                self.set(str(account), str(owner), _decoder.decode(value))
            low = after(rows[-1][0])

    def set(self, account: str, owner: str, wish: Wish | None) -> None:
        """What an owner, by its ARN, takes from now on."""
        others = {name: test for name, test in self._by_account.get(account, {}).items() if name != owner}
        if wish is not None and wants_data(wish.selectors):
            others[owner] = (wish.region, compiled(wish.selectors))
        if others:
            self._by_account[account] = others
        else:
            self._by_account.pop(account, None)


def keep(keys: Keys, account: str, owner: str, wish: Wish | None) -> None:
    """Write what an owner takes, in the commit of the change that causes it."""
    row = ROWS + pack(account, owner)
    if wish is not None and wants_data(wish.selectors):
        keys.put(row, _encode(wish))
    else:
        keys.delete(row)
