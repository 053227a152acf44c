"""Secrets: made, found by name and ARN, described, tagged, listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sealed_services import refused

TOKEN = "0" * 32


def test_what_was_created_is_described(secrets: Any) -> None:
    made = secrets.create_secret(Name="db", Description="of the shop", Tags=[{"Key": "team", "Value": "a"}])
    shown = secrets.describe_secret(SecretId=made["ARN"])
    assert (shown["Name"], shown["Description"]) == ("db", "of the shop")
    assert shown["Tags"] == [{"Key": "team", "Value": "a"}]
    assert not {"VersionIdsToStages", "KmsKeyId", "DeletedDate", "LastAccessedDate", "RotationEnabled"} & set(shown)


def test_an_arn_ends_with_six_signs_that_differ_each_time(secrets: Any) -> None:
    ends = set()
    for _ in range(3):
        arn = secrets.create_secret(Name="db")["ARN"]
        match = re.fullmatch(r"arn:aws:secretsmanager:us-east-1:\d{12}:secret:db-([A-Za-z0-9]{6})", arn)
        assert match
        ends.add(match[1])
        secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    assert len(ends) == 3


def test_a_secret_is_found_by_name_by_arn_and_by_the_beginning_of_its_arn(secrets: Any) -> None:
    arn = secrets.create_secret(Name="shop/db-abcdef")["ARN"]
    for pointer in ("shop/db-abcdef", arn, arn[:-7]):
        assert secrets.describe_secret(SecretId=pointer)["ARN"] == arn
    for pointer in ("shop/db", arn[:-6] + "000000", arn[:-9], arn.replace("us-east-1", "eu-west-1")):
        with refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret."):
            secrets.describe_secret(SecretId=pointer)


def test_a_name_is_used_once(secrets: Any) -> None:
    secrets.create_secret(Name="db", SecretString="a")
    with refused("ResourceExistsException", "The operation failed because the secret db already exists."):
        secrets.create_secret(Name="db", SecretString="a")


def test_a_repeated_creation_is_harmless_only_with_the_same_value(secrets: Any) -> None:
    first = secrets.create_secret(Name="db", SecretString="a", ClientRequestToken=TOKEN)
    again = secrets.create_secret(Name="db", SecretString="a", ClientRequestToken=TOKEN)
    assert (again["ARN"], again["VersionId"]) == (first["ARN"], TOKEN)
    with refused("ResourceExistsException", "already in use for a version"):
        secrets.create_secret(Name="db", SecretString="b", ClientRequestToken=TOKEN)
    secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    assert secrets.create_secret(Name="db", SecretString="b", ClientRequestToken=TOKEN)["ARN"] != first["ARN"]


@pytest.mark.parametrize("name", ["a b", "é", "a#b", "a:b"])
def test_names_are_of_few_signs(secrets: Any, name: str) -> None:
    with refused("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters"):
        secrets.create_secret(Name=name)
    with refused("ValidationException", "Invalid name."):
        secrets.get_secret_value(SecretId=name)


def test_a_description_is_changed_without_a_new_version(secrets: Any) -> None:
    secrets.create_secret(Name="db", SecretString="a")
    before = secrets.describe_secret(SecretId="db")
    assert "VersionId" not in secrets.update_secret(SecretId="db", Description="new")
    after = secrets.describe_secret(SecretId="db")
    assert after["Description"] == "new"
    assert after["VersionIdsToStages"] == before["VersionIdsToStages"]
    assert after["LastChangedDate"] >= before["LastChangedDate"]


def test_tags_come_and_go(secrets: Any) -> None:
    secrets.create_secret(Name="db")
    secrets.tag_resource(SecretId="db", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId="db", TagKeys=["a", "none"])
    assert secrets.describe_secret(SecretId="db")["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("InvalidParameterException"):
        secrets.tag_resource(SecretId="db", Tags=[{"Key": "aws:x", "Value": "1"}])
    with refused("InvalidParameterException", "50"):
        secrets.tag_resource(SecretId="db", Tags=[{"Key": f"t{n}", "Value": "1"} for n in range(50)])


def names(secrets: Any, **given: Any) -> list[str]:
    return [secret["Name"] for secret in secrets.list_secrets(**given)["SecretList"]]


def filtered(secrets: Any, key: str, *values: str) -> list[str]:
    return names(secrets, Filters=[{"Key": key, "Values": list(values)}], SortBy="name")


@pytest.fixture
def shop(secrets: Any) -> Any:
    """Four secrets."""
    secrets.create_secret(Name="prod/db", Description="Orders of the shop", Tags=[{"Key": "team", "Value": "blue"}])
    secrets.create_secret(Name="prod/api", Description="payments", Tags=[{"Key": "team", "Value": "red"}])
    secrets.create_secret(Name="test/db", Tags=[{"Key": "Stage", "Value": "blue"}])
    secrets.create_secret(Name="Prod")
    return secrets


def test_filters_are_prefixes(shop: Any) -> None:
    assert filtered(shop, "name", "prod/") == ["prod/api", "prod/db"]
    assert filtered(shop, "name", "prod/a", "test") == ["prod/api", "test/db"]
    assert filtered(shop, "description", "orders OF") == ["prod/db"]
    assert filtered(shop, "tag-key", "te") == ["prod/api", "prod/db"]
    assert filtered(shop, "tag-key", "Te") == []
    assert filtered(shop, "tag-value", "blu") == ["prod/db", "test/db"]
    assert filtered(shop, "all", "SHOP blue") == ["prod/db"]
    assert filtered(shop, "owning-service", "rds") == []


def test_a_filter_may_say_what_is_not_wanted(shop: Any) -> None:
    assert filtered(shop, "name", "!prod/") == ["Prod", "test/db"]
    assert filtered(shop, "tag-value", "blue", "!b") == []


def test_all_filters_have_to_fit(shop: Any) -> None:
    both = [{"Key": "name", "Values": ["prod"]}, {"Key": "tag-value", "Values": ["blue"]}]
    assert names(shop, Filters=both) == ["prod/db"]


@pytest.mark.parametrize("order", ["created-date", "name", "last-changed-date", "last-accessed-date"])
def test_backwards_is_forwards_turned_round(shop: Any, order: str) -> None:
    shop.update_secret(SecretId="prod/db", Description="changed")
    forwards = names(shop, SortBy=order, SortOrder="asc")
    assert names(shop, SortBy=order, SortOrder="desc") == forwards[::-1]
    pages = shop.get_paginator("list_secrets").paginate(
        SortBy=order, SortOrder="desc", PaginationConfig={"PageSize": 1}
    )
    assert [secret["Name"] for page in pages for secret in page["SecretList"]] == forwards[::-1]
    if order == "name":
        assert forwards == ["Prod", "prod/api", "prod/db", "test/db"]
    if order == "created-date":
        assert forwards == ["prod/db", "prod/api", "test/db", "Prod"]
    if order == "last-changed-date":
        assert forwards[-1] == "prod/db"


@pytest.mark.parametrize("member", ["Type", "CrossAccountPrimaryARN"])
def test_what_is_not_there_yet_is_refused_by_name(secrets: Any, member: str) -> None:
    with refused("NotImplemented", member):
        secrets.create_secret(Name="db", **{member: "arn:aws:secretsmanager:us-east-1:1:secret:x"})


def test_a_secret_cannot_be_rotated_yet(secrets: Any) -> None:
    secrets.create_secret(Name="db", SecretString="a")
    with refused("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."):
        secrets.rotate_secret(SecretId="db")
    with refused("NotImplemented", "RotationLambdaARN"):
        secrets.rotate_secret(SecretId="db", RotationLambdaARN="arn:aws:lambda:us-east-1:111111111111:function:f")
    secrets.cancel_rotate_secret(SecretId="db")
    assert "RotationEnabled" not in secrets.describe_secret(SecretId="db")


def test_another_account_has_its_own_secret_of_the_name(secrets: Any, client: Callable[..., Any]) -> None:
    secrets.create_secret(Name="db")
    with refused("ResourceNotFoundException"):
        client("secretsmanager", account="999999999999").describe_secret(SecretId="db")
