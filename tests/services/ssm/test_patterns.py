"""Patterns of allowed values, beside Python's own engine and against those that would take for ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import NotImplementedHere
from fogstead.services.ssm.patterns import PatternFault, matches

_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "^", "$", r"\.", "[a-c1-3]", r"[\d-]"])
_TIMES = st.sampled_from(["", "*", "+", "?", "{2}", "{0,2}", "{1,}", "{0}", "*?"])


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    piece = st.builds(lambda one, times: f"(?:{one}){times}", inner, _TIMES)
    return st.lists(piece, min_size=1, max_size=3).map("".join) | st.lists(inner, min_size=2, max_size=3).map("|".join)


PATTERNS = st.recursive(_ATOMS, _joined, max_leaves=6)


@given(PATTERNS, st.text("ab1.-\n", max_size=6))
def test_what_matches_is_what_python_matches(pattern: str, value: str) -> None:
    # Python's dollar also stands before a last line break, and its \d takes digits of all scripts.
    theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII).fullmatch(value)
    assert matches(pattern, value) == (theirs is not None)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        (r"^\d+$", "123", True),
        (r"\d+", "123a", False),
        (r"[a-zA-Z0-9_.+-]+@[a-z]+\.(com|org)", "a.b+c@example.org", True),
        ("[]a]", "a", True),
        (r"[\]\\-]+", "]\\-", True),
        ("a{3}", "aa", False),
        ("é+", "éé", True),
        ("", "", True),
        (r"\Aab\z", "ab", True),
    ],
)
def test_patterns_mean_what_people_write(pattern: str, value: str, fits: bool) -> None:
    assert matches(pattern, value) == fits


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a)", "[", "[]", "*", "a**", "a{2,1}", "a{x}", "[b-a]", "\\", "a" + "(" * 60]
)
def test_what_is_no_pattern_is_a_fault(pattern: str) -> None:
    with pytest.raises(PatternFault):
        matches(pattern, "a")


@pytest.mark.parametrize(
    "pattern", ["(?=a)a", "(?i)a", r"(a)\1", "a++", "(?<name>a)", "[a&&b]", "[a[b]]", r"\p{Alpha}"]
)
def test_what_is_not_read_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(NotImplementedHere):
        matches(pattern, "a")


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)*b"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """An engine that goes back and tries again would not come back from these."""
    assert not matches(pattern, "a" * 8192)


def test_a_pattern_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(PatternFault, match="too long"):
        matches("((a*){20}){20}b", "a" * 8192)


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "a{1001}", "(((((a{9}){9}){9}){9}){9})"])
def test_a_pattern_that_is_too_large_is_a_fault(pattern: str) -> None:
    with pytest.raises(PatternFault):
        matches(pattern, "a")
