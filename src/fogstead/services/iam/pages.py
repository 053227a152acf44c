"""Pages of lists that are no list of resources: what lies within one record, and rows of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from fogstead.kernel.pages import Page
from fogstead.primitives.store import Key, after, end_of

if TYPE_CHECKING:
    from fogstead.kernel.transaction import Transaction

ITEMS_DEFAULT: Final = 100
ITEMS_MAX: Final = 1000

T = TypeVar("T")


def page_of(tx: Transaction, items: Iterable[T], *, key: Callable[[T], str], show: Callable[[T], Any]) -> Page:
    """The page that the call asks for, in the order of the items' keys, which are all different."""
    cut = tx.cut(size_default=ITEMS_DEFAULT, size_max=ITEMS_MAX)
    after = "" if cut.after is None else cut.after.decode()
    left = sorted((item for item in items if key(item) > after), key=key)
    token = cut.token(key(left[cut.size - 1]).encode()) if len(left) > cut.size else None
    return Page([show(item) for item in left[: cut.size]], token)


def page_of_rows(tx: Transaction, prefix: Key, *, show: Callable[[bytes], Any]) -> Page:
    """The same of the rows below a prefix, in the order of their keys."""
    cut = tx.cut(size_default=ITEMS_DEFAULT, size_max=ITEMS_MAX)
    rows = tx.keys.scan(prefix if cut.after is None else after(cut.after), end_of(prefix), limit=cut.size + 1)
    token = cut.token(rows[cut.size - 1][0]) if len(rows) > cut.size else None
    return Page([show(value) for _, value in rows[: cut.size]], token)


def with_page(page: Page, member: str) -> dict[str, Any]:
    """A page under its own member, beside what else an answer says."""
    shown = {member: page.items, "IsTruncated": page.token is not None}
    return shown if page.token is None else {**shown, "Marker": page.token}
