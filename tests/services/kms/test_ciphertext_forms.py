"""Ciphertext blobs alone: what was sealed opens, and nothing else does."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.kms import ciphertexts
from fogstead.services.kms.ciphertexts import Label, NotACiphertext

_PLAIN_LABEL = Label("000000000042", "1234abcd-12ab-34cd-56ef-1234567890ab", "0f" * 32)
_SECRET = bytes(range(32))
_labels = st.builds(
    Label,
    account=st.integers(0, 10**12 - 1).map(lambda number: f"{number:012}"),
    key_id=st.one_of(
        st.uuids().map(str),
        st.binary(min_size=16, max_size=16).map(lambda raw: f"mrk-{raw.hex()}"),
    ),
    material_id=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


def _opened(blob: bytes, context: dict[str, str]) -> bytes:
    ciphertexts.label_of(blob)
    return ciphertexts.unseal(blob, _SECRET, context)


_contexts = st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4)


@given(label=_labels, secret=st.binary(min_size=32, max_size=32), plain=st.binary(max_size=300), context=_contexts)
def test_what_was_sealed_opens_and_says_of_which_key_it_is(
    label: Label, secret: bytes, plain: bytes, context: dict[str, str]
) -> None:
    blob = ciphertexts.seal(label, secret, plain, context, os.urandom)
    assert ciphertexts.label_of(blob) == label
    assert ciphertexts.unseal(blob, secret, dict(reversed(context.items()))) == plain


@given(at=st.integers(0, 150), flip=st.integers(1, 255))
def test_no_byte_of_a_blob_can_be_changed(at: int, flip: int) -> None:
    blob = bytearray(ciphertexts.seal(_PLAIN_LABEL, _SECRET, b"p" * 64, {"a": "b"}, os.urandom))
    blob[at % len(blob)] ^= flip
    with pytest.raises(NotACiphertext):
        _opened(bytes(blob), {"a": "b"})


@given(written=_contexts, read=_contexts)
def test_another_context_does_not_open(written: dict[str, str], read: dict[str, str]) -> None:
    blob = ciphertexts.seal(_PLAIN_LABEL, _SECRET, b"plain", written, os.urandom)
    if written == read:
        assert ciphertexts.unseal(blob, _SECRET, read) == b"plain"
    else:
        with pytest.raises(NotACiphertext):
            ciphertexts.unseal(blob, _SECRET, read)


def test_contexts_that_only_look_alike_when_written_one_after_another_differ() -> None:
    assert ciphertexts.written_context({"ab": "c"}) != ciphertexts.written_context({"a": "bc"})


def test_the_same_plaintext_never_gives_the_same_blob() -> None:
    blobs = {ciphertexts.seal(_PLAIN_LABEL, _SECRET, b"same", {}, os.urandom) for _ in range(50)}
    assert len(blobs) == 50


@given(st.binary(max_size=200))
def test_other_bytes_are_no_blob_or_do_not_open(raw: bytes) -> None:
    with pytest.raises(NotACiphertext):
        _opened(raw, {})
