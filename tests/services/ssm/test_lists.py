"""Hierarchies, descriptions, filters, tags and labels."""

from __future__ import annotations

from typing import Any

import pytest

from sealed_services import refused


@pytest.fixture
def shop(ssm: Any) -> Any:
    """A hierarchy, and a parameter beside it."""
    for name, more in (
        ("/shop/db", {"Type": "SecureString", "Tags": [{"Key": "team", "Value": "blue"}]}),
        ("/shop/api", {"Tier": "Advanced"}),
        ("/shop/db/host", {"Type": "StringList"}),
        ("/shopping", {}),
        ("alone", {}),
    ):
        ssm.put_parameter(Name=name, Value="v", **{"Type": "String", **more})
    return ssm


def below(ssm: Any, path: str, **more: Any) -> list[str]:
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, **more)
    return [one["Name"] for page in pages for one in page["Parameters"]]


def test_a_path_has_what_lies_below_it(shop: Any) -> None:
    assert below(shop, "/shop") == below(shop, "/shop/") == ["/shop/api", "/shop/db"]
    assert below(shop, "/shop", Recursive=True) == ["/shop/api", "/shop/db", "/shop/db/host"]
    assert below(shop, "/shop", Recursive=True, PaginationConfig={"PageSize": 1}) == [
        "/shop/api",
        "/shop/db",
        "/shop/db/host",
    ]
    assert below(shop, "/") == ["/shopping", "alone"]
    assert len(below(shop, "/", Recursive=True)) == 5
    assert below(shop, "/none") == []
    with refused("ValidationException", "must begin with a forward slash"):
        below(shop, "shop")


def test_a_path_is_filtered(shop: Any) -> None:
    def filtered(key: str, *values: str, **more: Any) -> list[str]:
        one = {"Key": key, "Values": list(values), **more}
        return below(shop, "/shop", Recursive=True, ParameterFilters=[one])

    assert filtered("Type", "SecureString", "StringList") == ["/shop/db", "/shop/db/host"]
    assert filtered("KeyId", "alias/", Option="BeginsWith") == ["/shop/db"]
    shop.put_parameter(Name="/shop/api", Value="new", Overwrite=True)
    shop.label_parameter_version(Name="/shop/api", ParameterVersion=1, Labels=["prod"])
    assert filtered("Label", "prod") == ["/shop/api"]
    label = [{"Key": "Label", "Values": ["prod"]}]
    found = shop.get_parameters_by_path(Path="/shop", ParameterFilters=label)["Parameters"][0]
    assert (found["Value"], found["Selector"]) == ("v", ":prod")
    for key in ("Name", "Path", "Tier", "DataType", "tag:team"):
        with refused("InvalidFilterKey"):
            filtered(key, "x")
    with refused("InvalidFilterOption"):
        filtered("Label", "prod", Option="BeginsWith")


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        ({"Key": "Name", "Values": ["alone"]}, ["alone"]),
        ({"Key": "Name", "Option": "BeginsWith", "Values": ["/shop/"]}, ["/shop/api", "/shop/db", "/shop/db/host"]),
        ({"Key": "Name", "Option": "Contains", "Values": ["host", "alo"]}, ["/shop/db/host", "alone"]),
        ({"Key": "Type", "Values": ["SecureString"]}, ["/shop/db"]),
        ({"Key": "KeyId", "Values": ["alias/aws/ssm"]}, ["/shop/db"]),
        ({"Key": "Tier", "Values": ["Advanced"]}, ["/shop/api"]),
        ({"Key": "Path", "Values": ["/shop"]}, ["/shop/api", "/shop/db"]),
        ({"Key": "Path", "Option": "Recursive", "Values": ["/shop/db"]}, ["/shop/db/host"]),
        ({"Key": "Path", "Option": "OneLevel", "Values": ["/"]}, ["/shopping", "alone"]),
        ({"Key": "tag:team", "Values": ["blue"]}, ["/shop/db"]),
        ({"Key": "tag:team", "Option": "BeginsWith", "Values": ["b"]}, ["/shop/db"]),
        ({"Key": "tag:team"}, ["/shop/db"]),
        ({"Key": "tag:none"}, []),
    ],
)
def test_descriptions_are_filtered(shop: Any, one: Any, wanted: list[str]) -> None:
    found = shop.describe_parameters(ParameterFilters=[one])["Parameters"]
    assert [entry["Name"] for entry in found] == wanted


@pytest.mark.parametrize(
    ("one", "code"),
    [
        ({"Key": "Label", "Values": ["x"]}, "InvalidFilterKey"),
        ({"Key": "Name"}, "InvalidFilterValue"),
        ({"Key": "Type", "Option": "Contains", "Values": ["S"]}, "InvalidFilterOption"),
        ({"Key": "Path", "Option": "Equals", "Values": ["/a"]}, "InvalidFilterOption"),
        ({"Key": "Path", "Values": ["a"]}, "InvalidFilterValue"),
    ],
)
def test_a_filter_that_is_none_is_refused(ssm: Any, one: Any, code: str) -> None:
    with refused(code):
        ssm.describe_parameters(ParameterFilters=[one])


def test_the_older_filters_still_work(shop: Any) -> None:
    found = shop.describe_parameters(Filters=[{"Key": "Name", "Values": ["/shop/"]}])["Parameters"]
    assert len(found) == 3
    with refused("InvalidFilterKey", "either Filters or ParameterFilters"):
        shop.describe_parameters(
            Filters=[{"Key": "Type", "Values": ["String"]}], ParameterFilters=[{"Key": "Type", "Values": ["String"]}]
        )
    with refused("NotImplemented", "Shared"):
        shop.describe_parameters(Shared=True)


def test_a_description_tells_all_but_the_value(shop: Any) -> None:
    shown = shop.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/shop/db"]}])["Parameters"][0]
    assert (shown["KeyId"], shown["Version"], shown["Tier"]) == ("alias/aws/ssm", 1, "Standard")
    assert shown["LastModifiedUser"].endswith(":root")
    assert "Value" not in shown


def test_tags_come_and_go(ssm: Any) -> None:
    ssm.put_parameter(Name="/db", Value="v", Type="String")
    where = {"ResourceType": "Parameter", "ResourceId": "/db"}
    ssm.add_tags_to_resource(**where, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ssm.remove_tags_from_resource(**where, TagKeys=["a", "none"])
    assert ssm.list_tags_for_resource(**where)["TagList"] == [{"Key": "b", "Value": "2"}]
    with refused("TooManyTagsError"):
        ssm.add_tags_to_resource(**where, Tags=[{"Key": f"t{n}", "Value": "1"} for n in range(50)])
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/none")
    with refused("NotImplemented", "Document"):
        ssm.list_tags_for_resource(ResourceType="Document", ResourceId="x")


@pytest.fixture
def two(ssm: Any) -> Any:
    """A parameter `/db` with two versions."""
    ssm.put_parameter(Name="/db", Value="one", Type="String")
    ssm.put_parameter(Name="/db", Value="two", Overwrite=True)
    return ssm


def label(ssm: Any, *labels: str, **more: Any) -> Any:
    return ssm.label_parameter_version(Name="/db", Labels=list(labels), **more)


def test_a_label_moves_from_version_to_version(two: Any) -> None:
    assert label(two, "prod", ParameterVersion=1)["ParameterVersion"] == 1
    assert two.get_parameter(Name="/db:prod")["Parameter"]["Value"] == "one"
    assert label(two, "prod")["ParameterVersion"] == 2
    assert two.get_parameter(Name="/db:prod")["Parameter"]["Value"] == "two"
    gone = two.unlabel_parameter_version(Name="/db", ParameterVersion=2, Labels=["prod", "none"])
    assert (gone["RemovedLabels"], gone["InvalidLabels"]) == (["prod"], ["none"])
    with refused("ParameterVersionNotFound", "could not find label prod for parameter /db"):
        two.get_parameter(Name="/db:prod")


def test_labels_that_are_none_are_told_and_left_out(two: Any) -> None:
    bad = ["1st", "awsome", "SSM", "a b", "a/b"]
    assert label(two, *bad, "good-1_.")["InvalidLabels"] == bad
    assert two.get_parameter_history(Name="/db")["Parameters"][1]["Labels"] == ["good-1_."]


def test_a_version_has_ten_labels(two: Any) -> None:
    label(two, *(f"l{number}" for number in range(10)))
    with refused("ParameterVersionLabelLimitExceeded"):
        label(two, "one-more")
    label(two, "one-more", ParameterVersion=1)
    with refused("ParameterVersionNotFound"):
        label(two, "x", ParameterVersion=3)
    with refused("ParameterVersionNotFound"):
        two.unlabel_parameter_version(Name="/db", ParameterVersion=3, Labels=["x"])
