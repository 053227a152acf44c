"""Passwords drawn at random."""

from __future__ import annotations

import string
from typing import Any

import pytest

from fogstead.services.secretsmanager.drawing import number_below, signs
from sealed_services import refused

KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)


def drawn(secrets: Any, **given: Any) -> str:
    return str(secrets.get_random_password(**given)["RandomPassword"])


def test_a_password_has_32_signs_of_every_kind_and_is_another_each_time(secrets: Any) -> None:
    passwords = {drawn(secrets) for _ in range(10)}
    assert len(passwords) == 10
    for password in passwords:
        assert len(password) == 32
        assert all(set(kind) & set(password) for kind in KINDS)
        assert " " not in password


def test_a_short_password_has_one_of_each_kind(secrets: Any) -> None:
    for _ in range(20):
        password = drawn(secrets, PasswordLength=5, IncludeSpace=True)
        assert all(set(kind) & set(password) for kind in (*KINDS, " "))


def test_what_is_excluded_does_not_occur(secrets: Any) -> None:
    only_digits = {"ExcludeLowercase": True, "ExcludeUppercase": True, "ExcludePunctuation": True}
    password = drawn(secrets, PasswordLength=4096, ExcludeCharacters="0123456", **only_digits)
    assert (set(password), len(password)) == (set("789"), 4096)


def test_what_cannot_be_drawn_is_refused(secrets: Any) -> None:
    with refused("InvalidParameterException", "too short based on the required types"):
        drawn(secrets, PasswordLength=3)
    assert len(drawn(secrets, PasswordLength=3, RequireEachIncludedType=False)) == 3
    with refused("InvalidRequestException"):
        drawn(secrets, ExcludeCharacters=string.printable)


@pytest.mark.parametrize("bound", [1, 3, 62, 94])
def test_every_sign_is_as_likely(bound: int) -> None:
    """Each byte comes once: those that would favour some signs are thrown away."""
    count = 256 - 256 % bound
    every = signs(lambda _size: bytes(range(256)), string.printable[:bound], count)
    assert {every.count(sign) for sign in string.printable[:bound]} == {256 // bound}


def test_a_number_is_below_its_bound_however_the_bytes_fall() -> None:
    falls = iter([b"\xff\xff", b"\x00\x05"])
    assert number_below(lambda _size: next(falls), 10) == 5
