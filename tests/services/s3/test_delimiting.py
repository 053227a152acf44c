"""Listings against a plain list of keys that is filtered and grouped as a whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.s3 import delimiting
from fogstead.services.s3.delimiting import Page, Position

KEYS = st.sets(st.text("ab/é\U0010ffff\0", min_size=1, max_size=6), max_size=40)
PREFIXES = st.text("ab/é\0", max_size=3)
DELIMITERS = st.sampled_from(["", "/", "a", "//", "é", "\0"])


class Rows:
    """Rows in order, and how many were read."""

    def __init__(self, keys: Sequence[str], tails: Sequence[bytes] = (b"",)) -> None:
        self.rows = sorted(((key.encode(), tail), key + tail.decode()) for key in keys for tail in tails)
        self.scans = self.read = 0

    def scan(self, low: Position, limit: int) -> Sequence[tuple[Position, str]]:
        at = bisect_left(self.rows, (low, ""))
        found = self.rows[at : at + limit]
        self.scans += 1
        self.read += len(found)
        return found


def grouped(keys: set[str], prefix: str, delimiter: str) -> list[str]:
    """The names of all entries of the listing, in order of their bytes."""
    names = set()
    for key in keys:
        if key.startswith(prefix):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key[len(prefix) :], "", "")
            names.add(prefix + head + found)
    return sorted(names, key=str.encode)


def names_of(page: Page[str]) -> list[str]:
    return sorted([*page.contents, *page.prefixes], key=str.encode)


def walked(
    rows: Rows,
    size: int,
    prefix: str,
    delimiter: str = "",
    follow: Callable[[Page[str]], Position | None] | None = None,
) -> list[Page[str]]:
    """All pages, each taken where the one before says that it goes on."""
    pages, low = [], delimiting.FIRST
    for _ in range(len(rows.rows) + 1):
        pages.append(delimiting.listed(rows.scan, prefix=prefix, delimiter=delimiter, low=low, max_keys=size))
        goes_on = follow(pages[-1]) if follow else pages[-1].low
        if goes_on is None:
            return pages
        assert goes_on > low
        low = goes_on
    raise AssertionError("more pages than rows")


@given(KEYS, PREFIXES, DELIMITERS, st.integers(1, 45))
def test_pages_of_any_size_are_together_the_list(keys: set[str], prefix: str, delimiter: str, size: int) -> None:
    pages = walked(Rows(sorted(keys)), size, prefix, delimiter)
    assert [name for page in pages for name in names_of(page)] == grouped(keys, prefix, delimiter)
    for page in pages[:-1]:
        assert len(names_of(page)) == size
        assert page.last == names_of(page)[-1]


@given(KEYS, PREFIXES, DELIMITERS, st.integers(1, 45))
def test_the_last_name_of_a_page_is_a_marker_that_leads_on(
    keys: set[str], prefix: str, delimiter: str, size: int
) -> None:
    def follow(page: Page[str]) -> Position | None:
        return None if page.last is None else delimiting.after_marker(page.last, prefix, delimiter)

    pages = walked(Rows(sorted(keys)), size, prefix, delimiter, follow)
    assert [name for page in pages for name in names_of(page)] == grouped(keys, prefix, delimiter)


@given(KEYS, st.text("ab/é\0", max_size=4), PREFIXES, DELIMITERS)
def test_a_marker_of_the_clients_own_hides_keys_up_to_it(
    keys: set[str], marker: str, prefix: str, delimiter: str
) -> None:
    low = delimiting.after_marker(marker, prefix, delimiter)
    page = delimiting.listed(Rows(sorted(keys)).scan, prefix=prefix, delimiter=delimiter, low=low, max_keys=99)
    is_group = delimiter in marker[len(prefix) :] and grouped({marker}, prefix, delimiter) == [marker]
    behind = {key for key in keys if key.encode() > marker.encode()}
    rest = {key for key in behind if not (delimiter and is_group and key.startswith(marker))}
    assert names_of(page) == grouped(rest, prefix, delimiter)


@given(KEYS, PREFIXES, st.integers(1, 9))
def test_rows_of_one_key_are_paged_apart(keys: set[str], prefix: str, size: int) -> None:
    tails = (b"1", b"2", b"3")
    found = [row for page in walked(Rows(sorted(keys), tails), size, prefix) for row in page.contents]
    kept = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
    assert found == [key + tail.decode() for key in kept for tail in tails]


def test_a_marker_skips_all_rows_of_its_key() -> None:
    rows = Rows(["a", "b"], (b"1", b"2"))
    page = delimiting.listed(rows.scan, low=delimiting.after_marker("a"), max_keys=9)
    assert page.contents == ["b1", "b2"]


def test_a_marker_within_a_common_prefix_shows_it_again_for_the_keys_behind() -> None:
    rows = Rows(["p/a", "p/b", "q"])
    for marker, wanted in (("p/a", ["p/", "q"]), ("p/", ["q"]), ("p/b", ["q"]), ("p", ["p/", "q"])):
        low = delimiting.after_marker(marker, "", "/")
        assert names_of(delimiting.listed(rows.scan, delimiter="/", low=low, max_keys=9)) == wanted


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_the_keys_of_a_common_prefix_are_leapt_over(page_size: int) -> None:
    rows = Rows([f"{folder}/{number:06}" for folder in "abc" for number in range(10_000)])
    page = delimiting.listed(rows.scan, delimiter="/", max_keys=page_size)
    assert page.prefixes == ["a/", "b/", "c/"][:page_size]
    assert page.truncated == (page_size < 3)
    assert rows.read < 100
    assert rows.scans <= 5


def test_many_common_prefixes_cost_few_rows_each() -> None:
    rows = Rows([f"{folder:04}/{number}" for folder in range(1001) for number in range(50)])
    page = delimiting.listed(rows.scan, delimiter="/", max_keys=1000)
    assert (len(page.prefixes), page.last) == (1000, "0999/")
    assert rows.read < 5_000


def test_a_list_without_a_delimiter_is_read_at_once() -> None:
    rows = Rows([f"{number:06}" for number in range(5000)])
    page = delimiting.listed(rows.scan, max_keys=1000)
    assert (len(page.contents), page.truncated, rows.scans, rows.read) == (1000, True, 1, 1001)


def test_a_delimiter_that_no_key_has_costs_few_scans() -> None:
    rows = Rows([f"{number:06}" for number in range(5000)])
    page = delimiting.listed(rows.scan, delimiter="/", max_keys=1000)
    assert (len(page.contents), page.truncated) == (1000, True)
    assert rows.scans <= 7


def test_nothing_is_asked_for_and_nothing_is_read() -> None:
    rows = Rows(["a"])
    assert delimiting.listed(rows.scan, max_keys=0) == Page([], [], None, None)
    assert rows.scans == 0


def test_the_key_that_is_the_prefix_is_listed() -> None:
    rows = Rows(["a", "a/", "a/b", "a/c/d"])
    page = delimiting.listed(rows.scan, prefix="a/", delimiter="/", max_keys=9)
    assert (page.contents, page.prefixes) == (["a/", "a/b"], ["a/c/"])
