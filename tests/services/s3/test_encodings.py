"""How listings write keys under `encoding-type=url`."""

from __future__ import annotations

import string
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.s3 import encodings
from fogstead.services.s3.service import InvalidArgument


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a b.txt", "a+b.txt"),
        ("a+b.txt", "a%2Bb.txt"),
        ("100%.csv", "100%25.csv"),
        ("run books/x.txt", "run+books/x.txt"),
        ("test_file(3).png", "test_file%283%29.png"),
        ("한글/x", "%ED%95%9C%EA%B8%80/x"),
        ("line\nbreak\x01", "line%0Abreak%01"),
        ("a~b*c=d:e", "a%7Eb*c%3Dd%3Ae"),
    ],
)
def test_a_key_is_written_as_in_a_form_but_for_slashes(key: str, shown: str) -> None:
    assert encodings.shown(key, "url") == shown
    assert encodings.shown(key, None) == key


@given(st.text())
def test_an_encoded_key_is_plain_ascii_and_can_be_read_back(key: str) -> None:
    shown = encodings.url_encoded(key)
    assert set(shown) <= set(string.ascii_letters + string.digits + "-_.*/+%")
    assert unquote_plus(shown) == key


def test_there_is_one_encoding() -> None:
    encodings.check_encoding_type(None)
    encodings.check_encoding_type("url")
    with pytest.raises(InvalidArgument, match="Invalid Encoding Method specified in Request") as refused:
        encodings.check_encoding_type("URL")
    assert refused.value.members == {"ArgumentName": "encoding-type", "ArgumentValue": "URL"}
