"""Event selectors, basic and advanced: checked, and made into what the kernel compares with.

Sources: CloudTrail API reference, PutEventSelectors, DataResource, AdvancedFieldSelector; CloudTrail User Guide,
"Logging management events" and "Logging data events".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fogstead.kernel.selection import FIELDS, Condition, Selector
from fogstead.services.cloudtrail.service import InvalidEventSelectors

BASIC_MAX: Final = 5
DATA_RESOURCES_MAX: Final = 250
VALUES_MAX: Final = 500
BASIC_TYPES: Final = {"AWS::S3::Object": "arn:aws:s3", "AWS::Lambda::Function": "arn:aws:lambda",
                      "AWS::DynamoDB::Table": "arn:aws:dynamodb"}  # fmt: skip
EXCLUDABLE: Final = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
ALL_MANAGEMENT: Final[Selector] = (Condition("eventCategory", equals=("Management",)),)

_ONLY_EQUALS = frozenset({"eventCategory", "readOnly", "resources.type"})
_FIELDS_OF: Final[Mapping[str, frozenset[str]]] = {
    "Management": FIELDS - {"resources.type", "resources.ARN"},
    "Data": FIELDS,
}
_OPERATORS: Final = {
    "Equals": "equals",
    "StartsWith": "starts",
    "EndsWith": "ends",
    "NotEquals": "not_equals",
    "NotStartsWith": "not_starts",
    "NotEndsWith": "not_ends",
}
_NOT_TAKEN = ("NetworkActivity", "Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog")


# --------------------------------------------------------------------------- basic
def from_basic(given: Sequence[Any]) -> tuple[Selector, ...]:
    """Basic selectors, checked."""
    if not given or len(given) > BASIC_MAX:
        raise InvalidEventSelectors(f"You can specify from 1 to {BASIC_MAX} event selectors.")
    values = [value for one in given for resource in one.get("DataResources", []) for value in resource["Values"]]
    if len(values) > DATA_RESOURCES_MAX:
        raise InvalidEventSelectors(f"A trail can have at most {DATA_RESOURCES_MAX} data resources.")
    made: list[Selector] = []
    for one in given:
        reads = _read_condition(one.get("ReadWriteType", "All"))
        if one.get("IncludeManagementEvents", True):
            made.append((*ALL_MANAGEMENT, *reads, *_exclusion(one.get("ExcludeManagementEventSources", []))))
        made += [_data_selector(resource, reads) for resource in one.get("DataResources", []) if resource["Values"]]
    return tuple(made)


def _read_condition(kind: str) -> tuple[Condition, ...]:
    return () if kind == "All" else (Condition("readOnly", equals=("true" if kind == "ReadOnly" else "false",)),)


def _exclusion(sources: Sequence[str]) -> tuple[Condition, ...]:
    if not EXCLUDABLE.issuperset(sources):
        raise InvalidEventSelectors(
            "ExcludeManagementEventSources can contain only kms.amazonaws.com and rdsdata.amazonaws.com."
        )
    return (Condition("eventSource", not_equals=tuple(sources)),) if sources else ()


def _data_selector(resource: Mapping[str, Any], reads: tuple[Condition, ...]) -> Selector:
    kind, values = resource.get("Type", ""), tuple(resource["Values"])
    if kind not in BASIC_TYPES:
        raise InvalidEventSelectors(f"{kind} is not a valid data resource type of basic event selectors.")
    everything = BASIC_TYPES[kind]
    if not all(value.startswith(everything) for value in values):
        raise InvalidEventSelectors(f"Value for data resources of type {kind} must start with {everything}.")
    arns = _s3_arns(values) if kind == "AWS::S3::Object" else _exact_arns(values, everything)
    data = Condition("eventCategory", equals=("Data",))
    return (data, Condition("resources.type", equals=(kind,)), *arns, *reads)


def _s3_arns(values: tuple[str, ...]) -> tuple[Condition, ...]:
    return (Condition("resources.ARN", starts=values),)


def _exact_arns(values: tuple[str, ...], everything: str) -> tuple[Condition, ...]:
    return () if everything in values else (Condition("resources.ARN", equals=values),)


# --------------------------------------------------------------------------- advanced
def from_advanced(given: Sequence[Any], selectors_max: int | None = None) -> tuple[Selector, ...]:
    """Advanced selectors, checked."""
    if selectors_max is not None and len(given) > selectors_max:
        raise InvalidEventSelectors(f"You can specify up to {selectors_max} advanced event selectors.")
    values = sum(
        len(field.get(operator, ())) for one in given for field in one["FieldSelectors"] for operator in _OPERATORS
    )
    if not given or values > VALUES_MAX:
        raise InvalidEventSelectors(f"Advanced event selectors can have from 1 to {VALUES_MAX} values in all.")
    return tuple(_selector(one["FieldSelectors"]) for one in given)


def _selector(fields: Sequence[Any]) -> Selector:
    conditions = tuple(_condition(one) for one in fields)
    by_field = {condition.field: condition for condition in conditions}
    if len(by_field) != len(conditions):
        raise InvalidEventSelectors("A field can be used only once in an advanced event selector.")
    category = by_field.get("eventCategory")
    if category is None or len(category.equals) != 1:
        raise InvalidEventSelectors("Each advanced event selector must have exactly one value of eventCategory.")
    (name,) = category.equals
    if name in _NOT_TAKEN:
        raise InvalidEventSelectors(f"eventCategory {name} is not supported by this cloud.")
    if name not in _FIELDS_OF:
        raise InvalidEventSelectors(f"{name} is not a valid value of eventCategory.")
    if name == "Data" and len(by_field["resources.type"].equals if "resources.type" in by_field else ()) != 1:
        raise InvalidEventSelectors("A selector of Data events must have exactly one value of resources.type.")
    for field in by_field:
        if field not in _FIELDS_OF[name]:
            raise InvalidEventSelectors(f"{field} is not a valid field of a selector of {name} events.")
    return conditions


def _condition(given: Mapping[str, Any]) -> Condition:
    field = given["Field"]
    if field not in FIELDS:
        raise InvalidEventSelectors(f"{field} is not a supported field.")
    operators = {_OPERATORS[name]: tuple(given[name]) for name in _OPERATORS if given.get(name)}
    if not operators:
        raise InvalidEventSelectors(f"The field {field} has no operator.")
    if field in _ONLY_EQUALS and set(operators) != {"equals"}:
        raise InvalidEventSelectors(f"{field} supports only the operator Equals.")
    return Condition(field, **operators)
