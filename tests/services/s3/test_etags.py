"""ETags of multipart objects, and the forms in which clients send them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.s3 import etags

TAG = hashlib.md5(b"x").hexdigest()


def test_a_multipart_tag_is_the_md5_of_md5s_and_their_number() -> None:
    md5s = [hashlib.md5(part).digest() for part in (b"one", b"two", b"three")]
    assert etags.of_parts(iter(md5s)) == hashlib.md5(b"".join(md5s)).hexdigest() + "-3"


@given(st.text("0123456789abcdef-", min_size=1))
def test_quotes_come_and_go(tag: str) -> None:
    assert etags.unquoted(etags.quoted(tag)) == tag == etags.unquoted(tag)


@pytest.mark.parametrize(("text", "bare"), [('"', '"'), ('""', ""), (' "a" ', "a"), ('"a', '"a')])
def test_only_a_pair_of_quotes_is_taken_away(text: str, bare: str) -> None:
    assert etags.unquoted(text) == bare


@pytest.mark.parametrize("condition", [TAG, f'"{TAG}"', "*", f'"other", "{TAG}"', f' {TAG} ,"x"'])
def test_a_condition_names_a_tag(condition: str) -> None:
    assert etags.matches(condition, TAG)


@pytest.mark.parametrize("condition", ["", "other", f'"{TAG[:-1]}"', f'"{TAG}-1"', '"a","b"'])
def test_a_condition_does_not_name_other_tags(condition: str) -> None:
    assert not etags.matches(condition, TAG)


def test_a_weak_tag_counts_only_in_a_weak_comparison() -> None:
    assert etags.matches(f'W/"{TAG}"', TAG, weakly=True)
    assert not etags.matches(f'W/"{TAG}"', TAG)
