"""What the fields of a form stand for, without a cloud."""

from __future__ import annotations

from typing import Any

import pytest

from fogstead.services.s3.form_fields import as_put, filled
from fogstead.services.s3.forms import FormIntake, _location, _page, _policy_of
from fogstead.services.s3.names import header_tags
from fogstead.services.s3.post_policies import PostPolicy, SizeRange
from fogstead.services.s3.service import (
    EntityTooLarge,
    EntityTooSmall,
    InvalidArgument,
    InvalidTag,
    MalformedXML,
    UserKeyMustBeSpecified,
)

SIGNED = {"policy": "e30=", "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": "c", "x-amz-date": "d"}


def form(file_name: str = "", **fields: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return {"Bucket": "b", "Fields": named, "FileName": file_name}


def tagging(*tags: tuple[str, str]) -> str:
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    return f"<Tagging><TagSet>{inside}</TagSet></Tagging>"


# --------------------------------------------------------------------------- fields
def test_what_is_no_form_stays_as_it_is() -> None:
    given = {"Bucket": "b", "Key": "k"}
    assert as_put(given) is given


def test_fields_are_called_as_the_headers_they_stand_for() -> None:
    put = as_put(
        form(
            key="k",
            acl="private",
            content_type="text/html",
            content_md5="m",
            x_amz_storage_class="STANDARD_IA",
            x_amz_checksum_sha256="s",
            x_amz_meta_who="me",
            x_amz_server_side_encryption="AES256",
            x_amz_server_side_encryption_aws_kms_key_id="key",
            x_amz_acl="public-read",
            x_amz_tagging="a=b",
            if_none_match="*",
            submit="ok",
        )
    )
    assert put == {
        "Bucket": "b",
        "Key": "k",
        "ACL": "private",
        "ContentType": "text/html",
        "ContentMD5": "m",
        "StorageClass": "STANDARD_IA",
        "ChecksumSHA256": "s",
        "Metadata": {"who": "me"},
        "ServerSideEncryption": "AES256",
        "SSEKMSKeyId": "key",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [("f.png", "f.png"), ("/pictures/f.png", "f.png"), ("C:\\pictures\\f.png", "f.png"), ("a/", ""), ("", "")],
)
def test_the_files_name_is_filled_in_everywhere_without_its_path(path: str, name: str) -> None:
    assert filled(form(path, key="a/${filename}", x_amz_meta_of="${filename}${filename}")) == {
        "key": f"a/{name}",
        "x-amz-meta-of": name + name,
    }


def test_a_form_needs_a_key() -> None:
    with pytest.raises(UserKeyMustBeSpecified, match="'key'"):
        as_put(form())
    for fields in (form(key=""), form("a/", key="${filename}")):
        with pytest.raises(InvalidArgument, match="length greater than 0"):
            as_put(fields)


@pytest.mark.parametrize("tags", [[("a", "b")], [("a b", "c=d"), ("ü", "")], []])
def test_tags_come_as_a_document(tags: list[tuple[str, str]]) -> None:
    assert header_tags(as_put(form(key="k", tagging=tagging(*tags)))["Tagging"]) == dict(tags)


def test_a_document_of_tags_may_have_a_namespace() -> None:
    document = tagging(("a", "b")).replace("<Tagging>", '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">')
    assert as_put(form(key="k", tagging=document))["Tagging"] == "a=b"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "a=b",
        "<Tagging>",
        "<Tagging/>",
        "<Tags><TagSet/></Tags>",
        "<Tagging><TagSet/><TagSet/></Tagging>",
        "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        '<!DOCTYPE T [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + tagging(("a", "&e;")),
        tagging(("a", "\x00")),
    ],
)
def test_what_is_no_document_of_tags_is_refused(document: str) -> None:
    with pytest.raises(MalformedXML):
        as_put(form(key="k", tagging=document))


def test_tags_of_forms_are_held_to_the_rules_of_tags() -> None:
    with pytest.raises(InvalidTag):
        as_put(form(key="k", tagging=tagging(("aws:a", "b"))))
    with pytest.raises(InvalidTag):
        as_put(form(key="k", tagging=tagging(("a", "1"), ("a", "2"))))


# --------------------------------------------------------------------------- signatures
@pytest.mark.parametrize(
    "fields",
    [
        {"policy": "e30="},
        {"policy": "e30=", "signature": "s"},
        {"policy": "e30=", "awsaccesskeyid": "a"},
        {"signature": "s", "awsaccesskeyid": "a"},
        SIGNED,
        *[
            {one: value for one, value in {**SIGNED, "x-amz-signature": "s"}.items() if one != name}
            for name in (*SIGNED, "x-amz-signature")
        ],
    ],
    ids="+".join,
)
def test_who_signs_or_brings_a_policy_needs_all_that_belongs_to_it(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument, match="Bucket POST must contain a field named"):
        _policy_of(fields)


def test_a_form_that_nobody_signed_has_no_policy() -> None:
    assert _policy_of({"key": "k", "content-type": "text/html"}) is None


def test_forms_are_signed_by_one_algorithm() -> None:
    with pytest.raises(InvalidArgument, match="AWS4-HMAC-SHA256"):
        _policy_of({**SIGNED, "x-amz-signature": "s", "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"})


# --------------------------------------------------------------------------- sizes
def test_a_file_that_is_too_long_is_refused_while_it_comes() -> None:
    intake = FormIntake({}, PostPolicy(1, (), SizeRange(2, 4)))
    intake.update(b"1234")
    with pytest.raises(EntityTooLarge):
        intake.update(b"5")


def test_a_file_that_is_too_short_is_refused_when_it_ends() -> None:
    intake = FormIntake({}, PostPolicy(1, (), SizeRange(2, 4)))
    intake.update(b"1")
    with pytest.raises(EntityTooSmall):
        intake.check(1, {})


# --------------------------------------------------------------------------- answers
@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("https://a.example/done", "https://a.example/done?bucket=b&key=a%2F%20%C3%BC&etag=%22e%22"),
        ("http://a.example?x=1&y", "http://a.example?x=1&y&bucket=b&key=a%2F%20%C3%BC&etag=%22e%22"),
        ("https://a.example/#top", "https://a.example/?bucket=b&key=a%2F%20%C3%BC&etag=%22e%22#top"),
        ("", ""),
        ("nowhere", ""),
        ("/done", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("javascript:alert(1)", ""),
        ("https://a.example/\r\nset-cookie: a=b", ""),
    ],
)
def test_a_page_is_told_of_the_upload_if_it_is_one(page: str, told: str) -> None:
    assert _page(page, "b", "a/ ü", '"e"') == told


@pytest.mark.parametrize(
    ("base", "bucket", "place"),
    [
        ("http://127.0.0.1:4566", "b", "http://127.0.0.1:4566/b/a%2Fk"),
        ("http://b.s3.localhost:4566", "b", "http://b.s3.localhost:4566/a%2Fk"),
        ("http://b.s3.eu-west-1.amazonaws.com", "b", "http://b.s3.eu-west-1.amazonaws.com/a%2Fk"),
        ("http://s3.localhost:4566", "s3x", "http://s3.localhost:4566/s3x/a%2Fk"),
    ],
)
def test_the_location_is_where_the_object_is_found(base: str, bucket: str, place: str) -> None:
    assert _location(base, bucket, "a/k") == place
