"""Tokens: sealed, bound to their key, and as long as somebody asks for."""

from __future__ import annotations

import dataclasses
import os

import pytest

from fogstead.kernel.identity import Principal, Session
from fogstead.kernel.sessions import TOKEN_CHARACTERS_MAX, mint, open_token
from fogstead.primitives.vault import forgetful

ROLE = "arn:aws:iam::111111111111:role/worker"
PRINCIPAL = Principal(
    "role",
    "111111111111",
    "arn:aws:sts::111111111111:assumed-role/worker/me",
    "AROAWORKER:me",
    tags={"team": "blue"},
    name="worker",
    session=Session(1_000, 2_000, name="me", issuer_arn=ROLE, policies=("{}",), transitive=("team",)),
)
VAULT = forgetful()


def test_a_token_holds_all_there_is_to_know_of_a_session() -> None:
    made = mint(VAULT, PRINCIPAL, os.urandom)
    assert made.access_key.startswith("ASIA")
    assert made.session_token is not None
    opened = open_token(VAULT, made.access_key, made.session_token)
    assert opened == made
    assert opened.principal == dataclasses.replace(PRINCIPAL, access_key=made.access_key)


@pytest.mark.parametrize("characters", [0, 500, 501, 4_095, 4_096])
def test_a_token_is_at_least_as_long_as_it_was_asked_to_be(characters: int) -> None:
    made = mint(VAULT, PRINCIPAL, os.urandom, characters_min=characters)
    assert made.session_token is not None
    shortest = mint(VAULT, PRINCIPAL, os.urandom).session_token
    assert shortest is not None
    assert characters <= len(made.session_token) < max(characters, len(shortest) + 12) + 4
    assert open_token(VAULT, made.access_key, made.session_token) == made


def test_a_token_of_many_alike_tags_is_small() -> None:
    tags = {f"department-{number}": "engineering" for number in range(40)}
    made = mint(VAULT, dataclasses.replace(PRINCIPAL, tags=tags), os.urandom)
    assert made.session_token is not None
    assert len(made.session_token) < 1_000


def test_a_token_is_good_with_its_own_key_only() -> None:
    one, other = mint(VAULT, PRINCIPAL, os.urandom), mint(VAULT, PRINCIPAL, os.urandom)
    assert one.session_token is not None
    assert open_token(VAULT, other.access_key, one.session_token) is None
    assert open_token(forgetful(), one.access_key, one.session_token) is None


@pytest.mark.parametrize("token", ["", "AAAA", "no base 64", "é", "A" * (TOKEN_CHARACTERS_MAX + 4)])
def test_other_text_is_no_token(token: str) -> None:
    assert open_token(VAULT, "ASIAABCDEFGHIJKLMNOP", token) is None


def test_a_changed_token_is_none() -> None:
    made = mint(VAULT, PRINCIPAL, os.urandom)
    assert made.session_token is not None
    changed = made.session_token[:40] + ("A" if made.session_token[40] != "A" else "B") + made.session_token[41:]
    assert open_token(VAULT, made.access_key, changed) is None
