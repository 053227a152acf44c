"""Small secrets at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.primitives.vault import NotSealedHere, Vault, forgetful

VAULT = forgetful()


@given(plain=st.binary(max_size=200), about=st.binary(max_size=50))
def test_what_was_sealed_opens(plain: bytes, about: bytes) -> None:
    assert VAULT.open("thing", VAULT.seal("thing", plain, about), about) == plain


@given(where=st.integers(0, 40), change=st.integers(1, 255))
def test_a_changed_byte_does_not_open(where: int, change: int) -> None:
    sealed = bytearray(VAULT.seal("thing", b"twelve bytes", b"whose"))
    sealed[where] ^= change
    with pytest.raises(NotSealedHere):
        VAULT.open("thing", bytes(sealed), b"whose")


@pytest.mark.parametrize(("purpose", "about"), [("other", b"whose"), ("thing", b"another's"), ("thing", b"")])
def test_no_sealed_thing_passes_for_another(purpose: str, about: bytes) -> None:
    sealed = VAULT.seal("thing", b"secret", b"whose")
    with pytest.raises(NotSealedHere):
        VAULT.open(purpose, sealed, about)


def test_another_root_key_does_not_open_it() -> None:
    with pytest.raises(NotSealedHere):
        forgetful().open("thing", VAULT.seal("thing", b"secret"))


@pytest.mark.parametrize("size", [0, 1, 12, 13, 20])
def test_too_little_is_not_sealed(size: int) -> None:
    with pytest.raises(NotSealedHere):
        VAULT.open("thing", b"\x01" * size)


def test_the_same_thing_is_never_sealed_twice_alike() -> None:
    vault = Vault(lambda purpose, about: bytes(32))
    assert vault.seal("thing", b"secret") != vault.seal("thing", b"secret")


def test_only_the_secret_it_was_sealed_with_opens_a_thing() -> None:
    sealed = VAULT.seal("thing", b"plain", b"whose", b"secret")
    assert VAULT.open("thing", sealed, b"whose", b"secret") == b"plain"
    for other in (b"", b"another"):
        with pytest.raises(NotSealedHere):
            VAULT.open("thing", sealed, b"whose", other)
    with pytest.raises(NotSealedHere):
        VAULT.open("thing", VAULT.seal("thing", b"plain", b"whose"), b"whose", b"secret")
