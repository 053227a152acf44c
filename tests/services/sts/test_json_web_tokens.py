"""Signed tokens: read strictly, verified by keys that fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.sts.json_web_tokens import ALGORITHMS, NotAToken, is_signed_by, keys_for, read

from .identity_provider import SigningKey, encoded

CLAIMS = {"iss": "https://id.example.com", "sub": "me"}
KEYS = {algorithm: SigningKey(algorithm) for algorithm in ALGORITHMS}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_is_verified_by_the_key_that_signed_it_and_by_no_other(algorithm: str) -> None:
    token = read(KEYS[algorithm].token(CLAIMS))
    assert (token.claims, token.key_id) == (CLAIMS, "one")
    fitting = keys_for(token, [key.public for key in KEYS.values()])
    assert fitting == [KEYS[algorithm].public]
    assert is_signed_by(token, fitting[0])
    other = read(KEYS[algorithm].token({**CLAIMS, "sub": "you"}))
    forged = read(f"{other.signed.decode()}.{encoded(token.signature)}")
    assert not is_signed_by(forged, fitting[0])


def test_a_token_without_a_keys_name_may_be_any_keys_of_its_kind() -> None:
    token = read(KEYS["ES256"].token(CLAIMS, kid=""))
    assert keys_for(token, [KEYS["ES256"].public, KEYS["RS256"].public]) == [KEYS["ES256"].public]


def test_keys_for_encryption_verify_nothing() -> None:
    token = read(KEYS["RS256"].token(CLAIMS))
    assert keys_for(token, [{**KEYS["RS256"].public, "use": "enc"}]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"n": "AQAB"},
        {"n": 7},
        {"n": None},
        {"e": ""},
        {"e": encoded(b"\x01" * 9)},
        {"n": encoded(b"\xff" * 2000)},
        {"n": "é"},
    ],
)
def test_what_is_no_rsa_key_verifies_nothing(changes: dict[str, Any]) -> None:
    assert not is_signed_by(read(KEYS["RS256"].token(CLAIMS)), {**KEYS["RS256"].public, **changes})


@pytest.mark.parametrize("changes", [{"crv": "P-384"}, {"crv": 7}, {"x": "AA"}, {"y": None}])
def test_what_is_no_point_on_its_curve_verifies_nothing(changes: dict[str, Any]) -> None:
    assert not is_signed_by(read(KEYS["ES256"].token(CLAIMS)), {**KEYS["ES256"].public, **changes})


def test_signatures_of_another_length_are_none() -> None:
    token = KEYS["ES256"].token(CLAIMS)
    assert not is_signed_by(read(token[:-4]), KEYS["ES256"].public)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": None},
        {"alg": ["RS256"]},
        {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "crit": ["exp"]},
    ],
)
def test_other_headers_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(NotAToken):
        read(f"{encoded(header)}.{encoded(CLAIMS)}.AAAA")


@pytest.mark.parametrize(
    "text",
    ["", "..", "a.b", "a.b.c.d", "e30=.e30.", f"{encoded(b'[]')}.e30.", f"{encoded(b'{')}.e30.", "é.é.é", "e 0.e30.AA"],
)
def test_other_texts_are_no_tokens(text: str) -> None:
    with pytest.raises(NotAToken):
        read(text)


def test_a_name_that_appears_twice_is_refused() -> None:
    header, twice = encoded({"alg": "RS256"}), encoded(b'{"sub":"me","sub":"you"}')
    with pytest.raises(NotAToken):
        read(f"{header}.{twice}.AAAA")


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,20}"))
def test_no_text_makes_reading_fail_otherwise(text: str) -> None:
    try:
        token = read(text)
    except NotAToken:
        return
    assert not is_signed_by(token, KEYS["RS256"].public)
