"""Aliases: names that point at keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .helpers import pair_of, refused


def test_an_alias_points_at_one_key_at_a_time(kms: Any, key: str) -> None:
    other = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/shop")["KeyMetadata"]["Arn"] == key
    kms.update_alias(AliasName="alias/shop", TargetKeyId=other)
    assert kms.describe_key(KeyId="alias/shop")["KeyMetadata"]["Arn"] == other
    assert kms.list_aliases(KeyId=key)["Aliases"] == []
    listed = kms.list_aliases(KeyId=other)["Aliases"]
    assert [(one["AliasName"], one["TargetKeyId"]) for one in listed] == [("alias/shop", other.rpartition("/")[2])]
    kms.delete_alias(AliasName="alias/shop")
    refused("NotFoundException", kms.describe_key, KeyId="alias/shop")
    refused("NotFoundException", kms.delete_alias, AliasName="alias/shop")


def test_a_name_is_given_once(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    said = refused("AlreadyExistsException", kms.create_alias, AliasName="alias/shop", TargetKeyId=key)
    assert said == f"An alias with the name {key.partition('key/')[0]}alias/shop already exists"


def test_names_have_a_form(kms: Any, key: str) -> None:
    said = refused("ValidationException", kms.create_alias, AliasName="shop", TargetKeyId=key)
    assert said.startswith('Alias must start with the prefix "alias/".')
    refused("NotAuthorizedException", kms.create_alias, AliasName="alias/aws/s3", TargetKeyId=key)
    refused("InvalidAliasNameException", kms.create_alias, AliasName="alias/a:b", TargetKeyId=key)
    refused("ValidationException", kms.create_alias, AliasName="alias/a b", TargetKeyId=key)
    refused("NotFoundException", kms.create_alias, AliasName="alias/a", TargetKeyId="alias/b")
    assert kms.list_aliases()["Aliases"] == []


def test_an_alias_stays_with_keys_of_one_kind(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    for other in (pair_of(kms, "ECC_NIST_P256"), pair_of(kms, "HMAC_256", "GENERATE_VERIFY_MAC")):
        refused("ValidationException", kms.update_alias, AliasName="alias/shop", TargetKeyId=other["KeyId"])
    assert kms.describe_key(KeyId="alias/shop")["KeyMetadata"]["Arn"] == key


def test_a_key_has_at_most_50_aliases(kms: Any, key: str) -> None:
    for number in range(50):
        kms.create_alias(AliasName=f"alias/a{number}", TargetKeyId=key)
    refused("LimitExceededException", kms.create_alias, AliasName="alias/more", TargetKeyId=key)
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["Aliases"]) for page in pages] == [20, 20, 10]


def test_management_takes_no_alias(kms: Any, key: str) -> None:
    """API reference: "Specify the key ID or key ARN of the KMS key"."""
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    arn = key.partition("key/")[0] + "alias/shop"
    said = refused("InvalidArnException", kms.disable_key, KeyId=arn)
    assert said == "Key Aliases are not supported for this operation."
    refused("NotFoundException", kms.disable_key, KeyId="alias/shop")


def test_aliases_of_another_account_are_used_where_its_key_allows_it(
    client: Callable[..., Any], key: str, account: str
) -> None:
    kms, other = client("kms"), client("kms", account="666666666666")
    kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
    arn = key.partition("key/")[0] + "alias/shop"
    refused("AccessDeniedException", other.encrypt, KeyId=arn, Plaintext=b"x")
    refused("AccessDeniedException", other.encrypt, KeyId=arn.replace("shop", "none"), Plaintext=b"x")
    kms.create_grant(KeyId=key, GranteePrincipal="666666666666", Operations=["Encrypt"])
    assert other.encrypt(KeyId=arn, Plaintext=b"x")["KeyId"] == key
    refused("NotFoundException", other.encrypt, KeyId="alias/shop", Plaintext=b"x")
