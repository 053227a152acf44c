"""Which events a trail takes: put, shown, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fogstead.kernel.selection import Seen, compiled
from services.cloudtrail.helpers import MANAGEMENT


@pytest.fixture
def trail(cloudtrail: Any, bucket: str) -> str:
    return str(cloudtrail.create_trail(Name="main", S3BucketName=bucket)["TrailARN"])


def advanced(**fields: list[str]) -> dict[str, Any]:
    named = {"category": "eventCategory", "type": "resources.type", "arn": "resources.ARN", "name": "eventName"}
    return {"FieldSelectors": [{"Field": named[name], "Equals": values} for name, values in fields.items()]}


def test_a_new_trail_takes_all_management_events(cloudtrail: Any, trail: str) -> None:
    shown = cloudtrail.get_event_selectors(TrailName="main")
    assert shown["TrailARN"] == trail
    assert shown["EventSelectors"] == [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]
    assert cloudtrail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"] is False


def test_selectors_take_the_place_of_those_before(cloudtrail: Any, trail: str) -> None:
    basic = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::logs/"]}],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }
    assert cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[basic])["EventSelectors"] == [basic]
    assert cloudtrail.get_event_selectors(TrailName="main")["EventSelectors"] == [basic]
    assert cloudtrail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"] is True
    selectors = [{"Name": "all of it", **MANAGEMENT[0]}]
    cloudtrail.put_event_selectors(TrailName="main", AdvancedEventSelectors=selectors)
    shown = cloudtrail.get_event_selectors(TrailName="main")
    assert (shown["AdvancedEventSelectors"], "EventSelectors" in shown) == (selectors, False)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"EventSelectors": [{}], "AdvancedEventSelectors": MANAGEMENT},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:sqs:::x"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::x/"] * 251}]}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]},
        {"AdvancedEventSelectors": [advanced(name=["PutObject"])]},
        {"AdvancedEventSelectors": [advanced(category=["Data"])]},
        {"AdvancedEventSelectors": [advanced(category=["Data", "Management"])]},
        {"AdvancedEventSelectors": [advanced(category=["Weather"])]},
        {"AdvancedEventSelectors": [advanced(category=["NetworkActivity"])]},
        {"AdvancedEventSelectors": [advanced(category=["Management"], arn=["arn:aws:s3:::x/"])]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "StartsWith": ["D"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "colour", "Equals": ["red"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory"}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": MANAGEMENT[0]["FieldSelectors"] * 2}]},
        {"AdvancedEventSelectors": [advanced(category=["Data"], type=["AWS::S3::Object"], name=["x"] * 500)]},
    ],
)
def test_selectors_that_mean_nothing_are_refused(cloudtrail: Any, trail: str, given: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        cloudtrail.put_event_selectors(TrailName="main", **given)
    assert error.value.response["Error"]["Code"] in {"InvalidEventSelectorsException", "ValidationException"}
    assert len(cloudtrail.get_event_selectors(TrailName="main")["EventSelectors"]) == 1


# --------------------------------------------------------------------------- what they come to
from fogstead.services.cloudtrail import selector_rules  # noqa: E402 - the rules by themselves, below the API

OBJECT = "AWS::S3::Object"


def put(key: str = "a", *, reads: bool = False, name: str = "PutObject") -> Seen:
    arn = f"arn:aws:s3:::logs/{key}"
    return Seen("Data", name, "s3.amazonaws.com", reads, "arn:aws:iam::111122223333:root", False, [(OBJECT, arn)])


def manage(source: str = "sqs.amazonaws.com", *, reads: bool = False) -> Seen:
    return Seen("Management", "CreateQueue", source, reads, "arn:aws:iam::111122223333:root", False, [])


def basic(*values: str, kind: str = "All", management: bool = False, exclude: tuple[str, ...] = ()) -> Any:
    one = {
        "ReadWriteType": kind,
        "IncludeManagementEvents": management,
        "DataResources": [{"Type": OBJECT, "Values": list(values)}] if values else [],
        "ExcludeManagementEventSources": list(exclude),
    }
    return compiled(selector_rules.from_basic([one]))


def test_basic_selectors_take_objects_by_the_start_of_their_arn() -> None:
    assert basic("arn:aws:s3:::logs/a")(put("abc"))
    assert not basic("arn:aws:s3:::logs/b")(put("abc"))
    assert basic("arn:aws:s3")(put("abc"))
    assert not basic("arn:aws:s3")(manage())
    assert not basic("arn:aws:s3", kind="ReadOnly")(put())
    assert basic("arn:aws:s3", kind="ReadOnly")(put(reads=True))


def test_basic_selectors_leave_out_what_they_exclude() -> None:
    test = basic(management=True, exclude=("kms.amazonaws.com",))
    assert test(manage())
    assert not test(manage("kms.amazonaws.com"))
    assert not basic(management=True, kind="WriteOnly")(manage(reads=True))


def test_of_several_conditions_on_a_field_a_refusal_wins() -> None:
    field = {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::logs/"], "NotEndsWith": [".tmp"]}
    data = advanced(category=["Data"], type=[OBJECT])["FieldSelectors"]
    test = compiled(selector_rules.from_advanced([{"FieldSelectors": [*data, field]}]))
    assert test(put("a.txt"))
    assert not test(put("a.tmp"))
    only_refused = {"Field": "eventName", "NotEquals": ["GetObject", "HeadObject"]}
    test = compiled(selector_rules.from_advanced([{"FieldSelectors": [*data, only_refused]}]))
    assert test(put())
    assert not test(put(name="HeadObject"))
