"""Parameters: put, read, their versions, tiers and names."""

from __future__ import annotations

from typing import Any

import pytest

from sealed_services import refused


def put(ssm: Any, name: str, value: str = "one", **more: Any) -> Any:
    return ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})


def read(ssm: Any, name: str, **more: Any) -> Any:
    return ssm.get_parameter(Name=name, **more)["Parameter"]


@pytest.mark.parametrize("kind", ["String", "StringList", "SecureString"])
def test_a_parameter_is_read_as_it_was_put(ssm: Any, kind: str) -> None:
    assert put(ssm, "/shop/db", "é,b", Type=kind)["Version"] == 1
    shown = read(ssm, "/shop/db", WithDecryption=True)
    assert (shown["Name"], shown["Value"], shown["Type"], shown["Version"]) == ("/shop/db", "é,b", kind, 1)
    assert shown["ARN"].endswith(":parameter/shop/db")
    assert shown["DataType"] == "text"
    assert "Selector" not in shown


def test_a_name_without_a_hierarchy_has_a_slash_in_its_arn(ssm: Any) -> None:
    put(ssm, "db")
    arn = read(ssm, "db")["ARN"]
    assert arn.endswith(":parameter/db")
    assert read(ssm, arn)["Name"] == "db"


def test_what_is_not_there_is_not_found(ssm: Any) -> None:
    with refused("ParameterNotFound"):
        read(ssm, "/none")
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="/none")
    with refused("ParameterNotFound"):
        read(ssm, "arn:aws:ssm:eu-west-1:111111111111:parameter/none")


def test_a_parameter_is_overwritten_only_when_that_is_said(ssm: Any) -> None:
    put(ssm, "/db")
    with refused("ParameterAlreadyExists", "set the overwrite option in the request to true"):
        put(ssm, "/db", "two")
    assert put(ssm, "/db", "two", Overwrite=True)["Version"] == 2
    assert read(ssm, "/db")["Value"] == "two"


def test_an_overwrite_keeps_what_it_does_not_say(ssm: Any) -> None:
    put(ssm, "/db", "1", Description="a number", AllowedPattern=r"\d+", Tags=[{"Key": "a", "Value": "b"}])
    ssm.put_parameter(Name="/db", Value="2", Overwrite=True)
    shown = ssm.describe_parameters()["Parameters"][0]
    assert (shown["Type"], shown["Description"], shown["AllowedPattern"]) == ("String", "a number", r"\d+")
    with refused("ParameterPatternMismatchException"):
        put(ssm, "/db", "three", Overwrite=True)
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/db")["TagList"]


def test_versions_are_read_by_number(ssm: Any) -> None:
    put(ssm, "/db", "one")
    put(ssm, "/db", "two", Overwrite=True)
    assert (read(ssm, "/db:1")["Value"], read(ssm, "/db:1")["Selector"]) == ("one", ":1")
    assert read(ssm, read(ssm, "/db")["ARN"] + ":2")["Value"] == "two"
    with refused("ParameterVersionNotFound", "Systems Manager could not find version 3 of /db."):
        read(ssm, "/db:3")
    history = ssm.get_parameter_history(Name="/db")["Parameters"]
    assert [(one["Version"], one["Value"], one["Labels"]) for one in history] == [(1, "one", []), (2, "two", [])]


def test_several_are_read_at_once_in_the_order_of_their_names(ssm: Any) -> None:
    for name in ("/b", "/a"):
        put(ssm, name, name, Type="SecureString")
    found = ssm.get_parameters(Names=["/b", "/none", "/a:1", "/a:9"], WithDecryption=True)
    assert [one["Value"] for one in found["Parameters"]] == ["/a", "/b"]
    assert found["InvalidParameters"] == ["/none", "/a:9"]
    assert ssm.get_parameters(Names=["/a"])["InvalidParameters"] == []


def test_deleted_parameters_begin_anew(ssm: Any) -> None:
    for name in ("/a", "/b", "/c"):
        put(ssm, name)
    put(ssm, "/a", "two", Overwrite=True)
    gone = ssm.delete_parameters(Names=["/a", "/none", "/b"])
    assert (gone["DeletedParameters"], gone["InvalidParameters"]) == (["/a", "/b"], ["/none"])
    ssm.delete_parameter(Name="/c")
    assert ssm.describe_parameters()["Parameters"] == []
    assert put(ssm, "/a")["Version"] == 1
    with refused("ParameterVersionNotFound"):
        read(ssm, "/a:2")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("aws-thing", "ValidationException"),
        ("/awsthing/db", "ValidationException"),
        ("SSM-thing", "ValidationException"),
        ("/ssm/db", "ValidationException"),
        ("/aws/db", "AccessDeniedException"),
        ("a/b", "ValidationException"),
        ("/a//b", "ValidationException"),
        ("/a/", "ValidationException"),
        ("a b", "ValidationException"),
        ("é", "ValidationException"),
        ("/db:1", "ValidationException"),
        ("arn:aws:ssm:us-east-1:111111111111:parameter/db", "ValidationException"),
        ("/" + "/".join("abcdefghijklmnop"), "HierarchyLevelLimitExceededException"),
        ("/" + "x" * 1000, "ValidationException"),
    ],
)
def test_names_that_are_none_are_refused(ssm: Any, name: str, code: str) -> None:
    with refused(code):
        put(ssm, name)
    assert ssm.describe_parameters()["Parameters"] == []


def test_a_hierarchy_has_fifteen_levels_and_spaces_around_do_not_count(ssm: Any) -> None:
    put(ssm, " /" + "/".join("abcdefghijklmno") + " ")
    assert read(ssm, "/" + "/".join("abcdefghijklmno"))["Value"] == "one"


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"Value": ""}, "ValidationException", "greater than or equal to 1"),
        ({"Value": "{{ssm:other}}"}, "ValidationException", "can't nest another parameter"),
        ({"Value": "x" * 4097}, "ValidationException", "Standard tier parameters support a maximum"),
        ({"Value": "x" * 8193, "Tier": "Advanced"}, "ValidationException", "Advanced tier parameters"),
        ({"KeyId": "alias/aws/ssm"}, "ValidationException", "KeyId is required for SecureString type parameter only"),
        ({"DataType": "none"}, "ValidationException", "Data type names are all lowercase"),
        ({"DataType": "aws:ec2:image"}, "NotImplemented", "aws:ec2:image"),
        ({"DataType": "aws:ssm:integration"}, "NotImplemented", "aws:ssm:integration"),
        ({"AllowedPattern": "("}, "InvalidAllowedPatternException", ""),
        ({"AllowedPattern": r"\d+"}, "ParameterPatternMismatchException", r"allowedPattern: \d+"),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "ValidationException", "reserved"),
    ],
)
def test_what_cannot_be_put_is_refused_and_leaves_nothing(ssm: Any, given: Any, code: str, text: str) -> None:
    with refused(code, text):
        put(ssm, "/db", **{"value": given.pop("Value", "one"), **given})
    assert ssm.describe_parameters()["Parameters"] == []


def test_a_new_parameter_has_a_type(ssm: Any) -> None:
    with refused("ValidationException", "A parameter type is required when you create a parameter."):
        ssm.put_parameter(Name="/db", Value="one")


def test_tags_are_given_only_with_a_new_parameter(ssm: Any) -> None:
    put(ssm, "/db")
    with refused("ValidationException", "tags and overwrite can't be used together"):
        put(ssm, "/db", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])


def test_an_advanced_parameter_stays_one(ssm: Any) -> None:
    assert put(ssm, "/db", "x" * 8192, Tier="Advanced")["Tier"] == "Advanced"
    assert put(ssm, "/db", "x", Overwrite=True)["Tier"] == "Advanced"
    with refused("ValidationException", "You can't downgrade a parameter"):
        put(ssm, "/db", "x", Overwrite=True, Tier="Standard")


def test_intelligent_tiering_takes_the_tier_that_is_needed(ssm: Any) -> None:
    tier = {"Tier": "Intelligent-Tiering"}
    assert put(ssm, "/db", "x", **tier)["Tier"] == "Standard"
    assert put(ssm, "/db", "x" * 4097, Overwrite=True, **tier)["Tier"] == "Advanced"
    assert put(ssm, "/db", "x", Overwrite=True, **tier)["Tier"] == "Advanced"


def test_a_type_may_change(ssm: Any) -> None:
    put(ssm, "/db", "one")
    put(ssm, "/db", "two", Type="SecureString", Overwrite=True)
    assert read(ssm, "/db", WithDecryption=True)["Value"] == "two"
    put(ssm, "/db", "three", Type="String", Overwrite=True)
    history = ssm.get_parameter_history(Name="/db", WithDecryption=True)["Parameters"]
    assert [(one["Type"], one["Value"], one.get("KeyId")) for one in history] == [
        ("String", "one", None),
        ("SecureString", "two", "alias/aws/ssm"),
        ("String", "three", None),
    ]


def test_a_hundred_versions_are_kept_and_a_label_holds_the_oldest(ssm: Any) -> None:
    for number in range(1, 102):
        put(ssm, "/db", str(number), Overwrite=True)
    pages = ssm.get_paginator("get_parameter_history").paginate(Name="/db")
    kept = [one["Version"] for page in pages for one in page["Parameters"]]
    assert kept == list(range(2, 102))
    ssm.label_parameter_version(Name="/db", ParameterVersion=2, Labels=["kept"])
    with refused("ParameterMaxVersionLimitExceeded", "Version 2, the oldest version, can't be deleted"):
        put(ssm, "/db", "102", Overwrite=True)
    ssm.label_parameter_version(Name="/db", ParameterVersion=101, Labels=["kept"])
    assert put(ssm, "/db", "102", Overwrite=True)["Version"] == 102


def test_public_parameters_are_not_here(ssm: Any) -> None:
    with refused("NotImplemented", "/aws/service/ami"):
        read(ssm, "/aws/service/ami")
