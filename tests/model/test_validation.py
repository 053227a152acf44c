"""Constraints of the model, in AWS's own sentences."""

from typing import Any

import pytest

from fogstead.model import Shape
from fogstead.model.loader import Models
from fogstead.model.validation import FAULTS_MAX, Fault, compile_check, describe

SHAPES: dict[str, Any] = {
    "Top": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "Name"},
            "Count": {"shape": "Count"},
            "Share": {"shape": "Share"},
            "Color": {"shape": "Color"},
            "Names": {"shape": "Names"},
            "Tags": {"shape": "Tags"},
            "Bytes": {"shape": "Bytes"},
            "Child": {"shape": "Top"},
            "Free": {"shape": "Free"},
            "Anything": {"shape": "Anything"},
            "Odd": {"shape": "Odd"},
            "Password": {"shape": "Password"},
        },
    },
    "Name": {"type": "string", "min": 2, "max": 5, "pattern": "[a-z]+"},
    "Count": {"type": "integer", "min": 1, "max": 10},
    "Share": {"type": "double", "min": 0, "max": 1},
    "Color": {"type": "string", "enum": ["red", "green"]},
    "Names": {"type": "list", "member": {"shape": "Name"}, "min": 1, "max": 3},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Color"}, "max": 2},
    "Bytes": {"type": "blob", "max": 3},
    "Free": {"type": "string"},
    "Anything": {"type": "structure", "members": {}, "document": True},
    "Odd": {"type": "string", "pattern": "(?<a>x)\\p{L}"},
    "Password": {"type": "string", "min": 6, "sensitive": True},
}


def faults_of(value: dict[str, Any], shape: str = "Top") -> list[Fault]:
    check = compile_check(Shape(SHAPES, shape))
    faults: list[Fault] = []
    assert check is not None
    check(value, "", faults)
    return faults


def sentence(value: dict[str, Any]) -> str:
    return describe(faults_of(value))


FINE = {"Name": "abc"}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"Count": 1},
        {"Count": 10},
        {"Share": 0.0},
        {"Share": 1},
        {"Color": "red"},
        {"Names": ["ab", "abcde"]},
        {"Tags": {"ab": "green"}},
        {"Bytes": b"abc"},
        {"Child": {"Name": "ab"}},
        {"Free": ""},
        {"Anything": {"x": [1, None]}},
        {"Odd": "whatever"},
        {"Count": None, "Names": None},
        {"Unknown": object()},
    ],
)
def test_a_value_within_its_bounds_has_no_fault(value: dict[str, Any]) -> None:
    assert faults_of({**FINE, **value}) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Name": None}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (
            {"Name": "a"},
            "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
        ),
        (
            {"Name": "abcdef"},
            "Value 'abcdef' at 'name' failed to satisfy constraint: Member must have length less than or equal to 5",
        ),
        (
            {"Name": "ABC"},
            (
                "Value 'ABC' at 'name' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-z]+"
            ),
        ),
        (
            {"Count": 0},
            "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            {"Count": 11},
            "Value '11' at 'count' failed to satisfy constraint: Member must have value less than or equal to 10",
        ),
        (
            {"Share": 1.5},
            "Value '1.5' at 'share' failed to satisfy constraint: Member must have value less than or equal to 1",
        ),
        (
            {"Color": "blue"},
            "Value 'blue' at 'color' failed to satisfy constraint: Member must satisfy enum value set: [red, green]",
        ),
        (
            {"Names": []},
            "Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            {"Names": ["ab", "a"]},
            (
                "Value 'a' at 'names.2.member' failed to satisfy constraint: "
                "Member must have length greater than or equal to 2"
            ),
        ),
        (
            {"Tags": {"ab": "blue"}},
            (
                "Value 'blue' at 'tags.ab.member' failed to satisfy constraint: "
                "Member must satisfy enum value set: [red, green]"
            ),
        ),
        ({"Child": {}}, "Value null at 'child.name' failed to satisfy constraint: Member must not be null"),
        (
            {"Child": {"Name": "ab", "Child": {"Name": "ab", "Count": 99}}},
            (
                "Value '99' at 'child.child.count' failed to satisfy constraint: "
                "Member must have value less than or equal to 10"
            ),
        ),
    ],
)
def test_a_fault_is_told_in_aws_own_words(value: dict[str, Any], told: str) -> None:
    assert sentence({**FINE, **value}) == f"1 validation error detected: {told}"


def test_a_missing_member_is_a_fault_marked_as_missing() -> None:
    assert [(fault.path, fault.missing) for fault in faults_of({})] == [("name", True)]
    assert [fault.missing for fault in faults_of({"Name": "a"})] == [False]


def test_all_faults_are_told_at_once() -> None:
    told = sentence({"Count": 0, "Color": "blue"})

    assert told == (
        "3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; "
        "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1; "
        "Value 'blue' at 'color' failed to satisfy constraint: Member must satisfy enum value set: [red, green]"
    )


def test_a_key_that_breaks_a_constraint_is_told_at_its_map() -> None:
    assert [fault.path for fault in faults_of({**FINE, "Tags": {"A1": "red"}})] == ["tags"]


def test_a_long_value_is_shown_in_part() -> None:
    told = sentence({"Name": "a" * 5000})
    assert f"'{'a' * 200}...'" in told
    assert len(told) < 400


def test_a_sensitive_value_is_not_shown() -> None:
    fault = faults_of({**FINE, "Password": "tiger"})[0]
    constraint = "failed to satisfy constraint: Member must have length greater than or equal to 6"
    assert str(fault) == f"Value at 'password' {constraint}"


def test_no_more_than_a_few_faults_of_a_list_are_told() -> None:
    shapes = {"All": {"type": "list", "member": {"shape": "Name"}}, "Name": SHAPES["Name"]}
    check = compile_check(Shape(shapes, "All"))
    faults: list[Fault] = []
    assert check is not None
    check(["A"] * 1000, "", faults)

    assert FAULTS_MAX <= len(faults) <= FAULTS_MAX + 1


def test_a_shape_without_constraints_needs_no_check() -> None:
    assert compile_check(None) is None
    assert compile_check(Shape(SHAPES, "Free")) is None
    assert compile_check(Shape(SHAPES, "Anything")) is None


def test_every_input_of_every_kind_of_service_compiles() -> None:
    models = Models()
    for service in ("sqs", "s3", "ec2", "iam", "dynamodb", "lambda", "route53", "cloudfront"):
        model = models.load(service)
        for name in model.operation_names:
            compile_check(model.operation(name).input)


def test_the_name_of_a_queue_is_required() -> None:
    check = compile_check(Models().load("sqs").operation("CreateQueue").input)
    faults: list[Fault] = []
    assert check is not None
    check({}, "", faults)

    assert describe(faults) == (
        "1 validation error detected: Value null at 'queueName' failed to satisfy constraint: Member must not be null"
    )
