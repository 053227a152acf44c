"""Names of buckets, keys, metadata and tags: what passes, what is refused, and with which words."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.errors import ServiceError
from fogstead.services.s3 import names
from fogstead.services.s3.service import (
    BadRequest,
    InvalidArgument,
    InvalidBucketName,
    InvalidTag,
    KeyTooLongError,
    MalformedXML,
    MetadataTooLarge,
)


# ------------------------------------------------------------- buckets and keys
@pytest.mark.parametrize(
    "name",
    ["abc", "a" * 63, "a.b.c", "log-delivery-march-2020", "www.example.com", "1.2.3", "1.2.3.4a", "0-0", "a--b",
     "sthree", "xn-a", "s3alias", "a-an.b", "can"],
)  # fmt: skip
def test_a_bucket_may_be_called(name: str) -> None:
    names.check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 64, "Abc", "a_b", "a b", "-ab", "ab-", ".ab", "ab.", "a..b", "a.-b", "a-.b", "1.2.3.4",
     "192.168.500.4", "xn--abc", "sthree-abc", "sthree-configurator", "amzn-s3-demo-bucket", "abc-s3alias",
     "abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3", "bücher", "abc\n", "١٢٣", "abc-an"],
)  # fmt: skip
def test_no_bucket_may_be_called(name: str) -> None:
    with pytest.raises(InvalidBucketName) as refused:
        names.check_bucket_name(name)
    assert refused.value.members == {"BucketName": name}


def test_the_regional_namespace_of_an_account_has_its_suffix_to_itself() -> None:
    names.check_bucket_name("logs-123456789012-us-east-1-an", account_regional=True)
    with pytest.raises(InvalidBucketName):
        names.check_bucket_name("logs", account_regional=True)


def test_a_long_name_of_a_bucket_is_refused_at_once() -> None:
    with pytest.raises(InvalidBucketName):
        names.check_bucket_name("a-" * 50_000 + "!")


def test_a_key_has_at_most_1024_bytes() -> None:
    for key in ("k", "k" * 1024, "ü" * 512, "a/../x", " ", "\n"):
        names.check_key(key)
    with pytest.raises(KeyTooLongError) as refused:
        names.check_key("k" + "ü" * 512)
    assert refused.value.members == {"Size": 1025, "MaxSizeAllowed": 1024}


# ------------------------------------------------------------- metadata
def test_metadata_is_kept_under_small_letters() -> None:
    assert names.checked_metadata({"Color": "Red", "x-y_z": ""}) == {"color": "Red", "x-y_z": ""}


def test_metadata_has_two_kibibytes_for_names_and_values() -> None:
    names.checked_metadata({"a": "v" * 1023, "b": "v" * 1023})
    with pytest.raises(MetadataTooLarge) as refused:
        names.checked_metadata({"a": "v" * 1023, "b": "v" * 1022 + "ü"})
    assert refused.value.members == {"Size": 2049, "MaxSizeAllowed": 2048}


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ü", "a\n"])
def test_metadata_has_names_of_headers(name: str) -> None:
    with pytest.raises(InvalidArgument):
        names.checked_metadata({name: "v"})


# ------------------------------------------------------------- tags
def tag_set(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


SIGNS = st.characters(categories=["L", "N", "Zs"], include_characters="+-=._:/@", max_codepoint=0xFFFF)
TAGS = st.dictionaries(
    st.text(SIGNS, min_size=1, max_size=128).filter(lambda key: not key.lower().startswith("aws:")),
    st.text(SIGNS, max_size=256),
    max_size=10,
)


@given(TAGS)
def test_tags_that_are_allowed_are_kept_in_every_form(tags: dict[str, str]) -> None:
    assert names.object_tags(tag_set(tags)) == tags
    assert names.bucket_tags(tag_set(tags)) == tags
    assert names.header_tags(urlencode(tags)) == tags


@pytest.mark.parametrize(
    ("header", "tags"),
    [("", {}), ("&", {}), ("&&", {}), ("key", {"key": ""}), ("key=", {"key": ""}), ("a=1&b", {"a": "1", "b": ""}),
     ("a=b=c", {"a": "b=c"}), ("a+b=c%20d", {"a b": "c d"}), ("%C3%BC=x", {"ü": "x"})],
)  # fmt: skip
def test_a_header_of_tags_is_read_as_a_query(header: str, tags: dict[str, str]) -> None:
    assert names.header_tags(header) == tags


@pytest.mark.parametrize("header", ["a=1&a=2", "a=&a=", "a=%FF", "%C3=x"])
def test_a_header_that_is_no_query_of_single_names_is_refused(header: str) -> None:
    with pytest.raises(InvalidArgument, match="without tag name duplicates") as refused:
        names.header_tags(header)
    assert refused.value.members == {"ArgumentName": "x-amz-tagging", "ArgumentValue": header}


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("", "v", "The TagKey you have provided is invalid"),
        ("k" * 129, "v", "The TagKey you have provided is invalid"),
        ("\U00010330" * 65, "v", "The TagKey you have provided is invalid"),
        ("k!", "v", "The TagKey you have provided is invalid"),
        ("k\n", "v", "The TagKey you have provided is invalid"),
        ("k", "v" * 257, "The TagValue you have provided is invalid"),
        ("k", "a,b", "The TagValue you have provided is invalid"),
        ("aws:k", "v", "Your TagKey cannot be prefixed with aws:"),
        ("AWS:k", "v", "Your TagKey cannot be prefixed with aws:"),
    ],
)
def test_a_tag_that_is_not_allowed_is_refused_with_its_reason(key: str, value: str, sentence: str) -> None:
    with pytest.raises(InvalidTag) as refused:
        names.object_tags([{"Key": key, "Value": value}])
    assert refused.value.message == sentence
    with pytest.raises(InvalidTag):
        names.header_tags("x=1&" + urlencode({key: value}))


def test_tags_at_their_limits_are_allowed() -> None:
    tags = {"\U00010330" * 64: "v" * 256, "k" * 128: "\U00010330" * 128}
    assert names.object_tags(tag_set(tags)) == tags


def test_a_bucket_takes_no_tags_of_the_system() -> None:
    with pytest.raises(InvalidTag, match="System tags cannot be added/updated by requester"):
        names.bucket_tags([{"Key": "aws:cloudformation:stack", "Value": "v"}])


def test_a_tag_comes_once() -> None:
    with pytest.raises(InvalidTag, match="Cannot provide multiple Tags with the same key") as refused:
        names.object_tags([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])
    assert refused.value.members == {"TagKey": "k"}


def test_objects_have_ten_tags_and_buckets_fifty() -> None:
    def some(count: int) -> list[dict[str, str]]:
        return tag_set({f"k{number}": "" for number in range(count)})

    assert len(names.object_tags(some(10))) == 10
    assert len(names.bucket_tags(some(50))) == 50
    for refuse, sentence in (
        (lambda: names.object_tags(some(11)), "Object tags cannot be greater than 10"),
        (
            lambda: names.header_tags("&".join(f"k{number}" for number in range(11))),
            "Object tags cannot be greater than 10",
        ),
        (lambda: names.bucket_tags(some(51)), "Bucket tag count cannot be greater than 50"),
    ):
        with pytest.raises(BadRequest, match=sentence):
            refuse()


@pytest.mark.parametrize("tag", [{}, {"Key": "k"}, {"Value": "v"}])
def test_a_tag_has_a_key_and_a_value(tag: dict[str, str]) -> None:
    with pytest.raises(MalformedXML):
        names.object_tags([tag])


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_as_an_error_of_the_service(text: str) -> None:
    for check in (names.check_bucket_name, names.check_key, names.header_tags):
        with suppress(ServiceError):
            check(text)
