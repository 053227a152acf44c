"""Values: put, read, their versions and labels."""

from __future__ import annotations

from typing import Any

import pytest

from sealed_services import refused

FIRST, SECOND, THIRD = (sign * 32 for sign in "123")


@pytest.fixture
def db(secrets: Any) -> Any:
    """A secret `db` with three versions, of which the second is the previous one."""
    secrets.create_secret(Name="db", SecretString="one", ClientRequestToken=FIRST)
    secrets.put_secret_value(SecretId="db", SecretString="two", ClientRequestToken=SECOND)
    secrets.put_secret_value(SecretId="db", SecretString="three", ClientRequestToken=THIRD)
    return secrets


def value(secrets: Any, **which: Any) -> str:
    return str(secrets.get_secret_value(SecretId="db", **which)["SecretString"])


def labels(secrets: Any) -> dict[str, list[str]]:
    return secrets.describe_secret(SecretId="db")["VersionIdsToStages"]


@pytest.mark.parametrize("given", [{"SecretString": "é" * 100}, {"SecretBinary": bytes(range(256))}])
def test_a_value_is_read_as_it_was_put(secrets: Any, given: dict[str, Any]) -> None:
    made = secrets.create_secret(Name="db", **given)
    read = secrets.get_secret_value(SecretId="db")
    assert {name: read.get(name) for name in ("SecretString", "SecretBinary") if name in read} == given
    assert (read["ARN"], read["VersionId"], read["VersionStages"]) == (made["ARN"], made["VersionId"], ["AWSCURRENT"])


def test_the_newest_version_is_current_and_the_one_before_previous(db: Any) -> None:
    assert (value(db), value(db, VersionStage="AWSPREVIOUS"), value(db, VersionId=FIRST)) == ("three", "two", "one")
    assert labels(db) == {THIRD: ["AWSCURRENT"], SECOND: ["AWSPREVIOUS"]}


def test_a_value_that_is_not_there_is_not_found(db: Any) -> None:
    with refused(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    ):
        value(db, VersionStage="AWSPENDING")
    with refused("ResourceNotFoundException", f"for VersionId: {'9' * 32}"):
        value(db, VersionId="9" * 32)
    with refused("InvalidRequestException", "not associated to the provided VersionId"):
        value(db, VersionId=FIRST, VersionStage="AWSCURRENT")


def test_a_secret_without_a_value_has_none_to_read(secrets: Any) -> None:
    secrets.create_secret(Name="db")
    with refused("ResourceNotFoundException", "for staging label: AWSCURRENT"):
        value(secrets)


def test_putting_the_same_again_is_harmless_and_another_value_is_refused(db: Any) -> None:
    again = db.put_secret_value(SecretId="db", SecretString="one", ClientRequestToken=FIRST)
    assert again["VersionId"] == FIRST
    assert value(db) == "three"
    with refused("ResourceExistsException", f"You can't use ClientRequestToken {FIRST}"):
        db.put_secret_value(SecretId="db", SecretString="other", ClientRequestToken=FIRST)
    with refused("ResourceExistsException"):
        db.put_secret_value(SecretId="db", SecretBinary=b"one", ClientRequestToken=FIRST)
    with refused("ResourceExistsException"):
        db.update_secret(SecretId="db", SecretString="other", ClientRequestToken=FIRST)


def test_a_version_may_wait_under_other_labels(db: Any) -> None:
    fourth = "4" * 32
    put = db.put_secret_value(
        SecretId="db", SecretString="four", ClientRequestToken=fourth, VersionStages=["AWSPENDING", "blue"]
    )
    assert put["VersionStages"] == ["AWSPENDING", "blue"]
    assert value(db) == "three"
    assert value(db, VersionStage="blue") == "four"


def test_the_first_version_is_current_whatever_its_labels(secrets: Any) -> None:
    secrets.create_secret(Name="db")
    secrets.put_secret_value(SecretId="db", SecretString="one", VersionStages=["AWSPENDING"])
    assert value(secrets) == value(secrets, VersionStage="AWSPENDING") == "one"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "InvalidRequestException"),
        ({"SecretString": "a", "SecretBinary": b"a"}, "InvalidParameterException"),
        ({"SecretString": "é" * 40_000}, "InvalidParameterException"),
        ({"SecretString": "a", "VersionStages": [f"s{n}" for n in range(20)]}, "LimitExceededException"),
    ],
)
def test_what_is_no_value_is_refused_and_leaves_nothing(db: Any, given: dict[str, Any], code: str) -> None:
    before = db.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    with refused(code):
        db.put_secret_value(SecretId="db", **given)
    assert db.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"] == before


def test_an_update_makes_a_current_version(db: Any) -> None:
    made = db.update_secret(SecretId="db", SecretString="four", Description="new")
    assert value(db) == "four"
    assert labels(db) == {made["VersionId"]: ["AWSCURRENT"], THIRD: ["AWSPREVIOUS"]}


def move(secrets: Any, stage: str, *, to: str | None = None, source: str | None = None) -> None:
    where = {"MoveToVersionId": to, "RemoveFromVersionId": source}
    secrets.update_secret_version_stage(
        SecretId="db", VersionStage=stage, **{name: at for name, at in where.items() if at}
    )


def test_moving_the_current_label_moves_the_previous_one_after_it(db: Any) -> None:
    move(db, "AWSCURRENT", to=FIRST, source=THIRD)
    assert (value(db), value(db, VersionStage="AWSPREVIOUS")) == ("one", "three")


def test_whoever_moves_a_label_says_where_it_was(db: Any) -> None:
    with refused("InvalidParameterException", f"currently attached to version {THIRD}"):
        move(db, "AWSCURRENT", to=FIRST)
    with refused("InvalidParameterException"):
        move(db, "AWSCURRENT", to=FIRST, source=SECOND)
    with refused("InvalidParameterException", "It can't be completely removed."):
        move(db, "AWSCURRENT", source=THIRD)
    with refused("InvalidParameterException"):
        move(db, "blue")
    with refused("ResourceNotFoundException"):
        move(db, "blue", to="9" * 32)
    assert labels(db) == {THIRD: ["AWSCURRENT"], SECOND: ["AWSPREVIOUS"]}


def test_a_label_comes_and_goes(db: Any) -> None:
    move(db, "blue", to=FIRST)
    assert labels(db)[FIRST] == ["blue"]
    move(db, "blue", source=FIRST)
    assert FIRST not in labels(db)


def test_versions_without_labels_are_listed_only_when_asked_for(db: Any) -> None:
    listed = db.list_secret_version_ids(SecretId="db")["Versions"]
    assert [one["VersionId"] for one in listed] == [SECOND, THIRD]
    every = db.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    assert [one["VersionId"] for one in every] == [FIRST, SECOND, THIRD]
    assert "VersionStages" not in every[0]
    assert every[2]["KmsKeyIds"] == ["DefaultEncryptionKey"]


def test_the_day_of_a_reading_is_kept(db: Any) -> None:
    value(db, VersionId=FIRST)
    day = db.describe_secret(SecretId="db")["LastAccessedDate"]
    assert day.timestamp() % 86_400 == 0
    every = db.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]
    assert [one.get("LastAccessedDate") for one in every] == [day, None, None]


def test_several_values_are_read_at_once(db: Any) -> None:
    arn = db.create_secret(Name="api", SecretBinary=b"\x00")["ARN"]
    read = db.batch_get_secret_value(SecretIdList=["db", arn, "none"])
    assert [(one["Name"], one.get("SecretString")) for one in read["SecretValues"]] == [("db", "three"), ("api", None)]
    assert [(one["SecretId"], one["ErrorCode"]) for one in read["Errors"]] == [("none", "ResourceNotFoundException")]


def test_values_are_read_by_filter_in_pages(secrets: Any) -> None:
    for number in range(5):
        secrets.create_secret(Name=f"db{number}", SecretString=str(number))
    filters = [{"Key": "name", "Values": ["db"]}]
    read, token = [], {}
    while True:
        page = secrets.batch_get_secret_value(Filters=filters, MaxResults=2, **token)
        read += [one["SecretString"] for one in page["SecretValues"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert read == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("given", [{}, {"SecretIdList": ["a"], "Filters": [{"Key": "name", "Values": ["a"]}]}])
def test_a_batch_has_a_list_or_filters(secrets: Any, given: dict[str, Any]) -> None:
    with refused("InvalidParameterException"):
        secrets.batch_get_secret_value(**given)
