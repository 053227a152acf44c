"""Users: made, found, listed, renamed, tagged, deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .helpers import all_pages, key_of, refused


def test_a_new_user_is_shown_with_what_it_was_made_of(iam: Any, account: str) -> None:
    made = iam.create_user(UserName="Bob", Path="/a/b/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/a/b/Bob"
    assert (made["UserName"], made["Path"], made["Tags"]) == ("Bob", "/a/b/", [{"Key": "team", "Value": "blue"}])
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert abs(made["CreateDate"] - datetime.now(UTC)) < timedelta(hours=1)
    assert iam.get_user(UserName="Bob")["User"] == made
    assert set(iam.create_user(UserName="plain")["User"]) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_a_name_is_used_once_whatever_its_case_and_found_in_any(iam: Any) -> None:
    iam.create_user(UserName="Bob")
    with refused("EntityAlreadyExists", "User with name BOB already exists.", status=409):
        iam.create_user(UserName="BOB")
    assert iam.get_user(UserName="bOb")["User"]["UserName"] == "Bob"


def test_a_user_who_is_not_there_is_said_not_to_be_by_the_name_asked(iam: Any) -> None:
    for call in (iam.get_user, iam.delete_user, iam.update_user, iam.list_access_keys, iam.list_user_tags):
        with refused("NoSuchEntity", "The user with name Nobody cannot be found.", status=404):
            call(UserName="Nobody")


@pytest.mark.parametrize("name", ["a b", "a/b", "é", "a*"])
def test_names_with_other_signs_are_refused(iam: Any, name: str) -> None:
    with refused("ValidationError", "The specified value for userName is invalid. It must contain only alphanumeric"):
        iam.create_user(UserName=name)


def test_what_breaks_the_model_is_refused_in_its_words(iam: Any) -> None:
    with refused("ValidationError", "1 validation error detected: Value 'xxx") as _:
        iam.create_user(UserName="x" * 65)
    with refused("ValidationError", "The specified value for path is invalid. It must begin and end with /"):
        iam.create_user(UserName="x", Path="a")
    assert iam.list_users()["Users"] == []


def test_users_are_listed_by_path_without_their_tags(iam: Any) -> None:
    for name, path in (("a", "/x/"), ("b", "/x/y/"), ("c", "/z/"), ("d", "/")):
        iam.create_user(UserName=name, Path=path, Tags=[{"Key": "k", "Value": "v"}])
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/x/")["Users"]] == ["a", "b"]
    assert [user["UserName"] for user in all_pages(iam, "list_users", "Users")] == ["a", "b", "c", "d"]
    assert all("Tags" not in user for user in iam.list_users()["Users"])
    assert iam.list_users()["IsTruncated"] is False


def test_a_marker_is_good_for_its_own_list_only(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.create_user(UserName=name)
    first = iam.list_users(MaxItems=1)
    assert first["IsTruncated"]
    with refused("ValidationError"):
        iam.list_groups(Marker=first["Marker"])
    with refused("ValidationError"):
        iam.list_users(MaxItems=1, Marker="garbage")


def test_a_renamed_user_keeps_its_id_keys_groups_and_password(iam: Any, signed: Callable[..., Any]) -> None:
    user = iam.create_user(UserName="bob")["User"]
    key = key_of(iam, "bob")
    iam.create_group(GroupName="all")
    iam.add_user_to_group(GroupName="all", UserName="bob")
    iam.create_login_profile(UserName="bob", Password="Correct-Horse-9")
    iam.update_user(UserName="bob", NewUserName="robert", NewPath="/staff/")
    renamed = iam.get_user(UserName="robert")["User"]
    assert (renamed["UserId"], renamed["Path"]) == (user["UserId"], "/staff/")
    assert [member["UserName"] for member in iam.get_group(GroupName="all")["Users"]] == ["robert"]
    assert iam.list_access_keys(UserName="robert")["AccessKeyMetadata"][0]["UserName"] == "robert"
    assert iam.get_login_profile(UserName="robert")["LoginProfile"]["UserName"] == "robert"
    assert signed("sts", key).get_caller_identity()["Arn"] == renamed["Arn"]
    with refused("NoSuchEntity"):
        iam.get_user(UserName="bob")
    iam.create_user(UserName="bob")


def test_no_user_takes_the_name_of_another_nor_its_own_in_another_case(iam: Any) -> None:
    iam.create_user(UserName="a")
    iam.create_user(UserName="b")
    for name in ("B", "A"):
        with refused("EntityAlreadyExists", f"User with name {name} already exists."):
            iam.update_user(UserName="a", NewUserName=name)
    iam.update_user(UserName="a", NewUserName="a", NewPath="/x/")
    assert iam.get_user(UserName="a")["User"]["Path"] == "/x/"


def test_who_asks_without_a_name_is_meant(iam: Any, account: str, signed: Callable[..., Any]) -> None:
    root = iam.get_user()["User"]
    assert (root["Arn"], root["UserId"]) == (f"arn:aws:iam::{account}:root", account)
    assert "CreateDate" in root
    assert "UserName" not in root


def test_a_user_without_permission_may_not_even_see_itself(bob: Any) -> None:
    with refused("AccessDenied", "iam:GetUser", status=403):
        bob.get_user()
    for call in (bob.list_users, lambda: bob.create_user(UserName="x"), lambda: bob.get_user(UserName="ghost")):
        with refused("AccessDenied"):
            call()


def test_another_account_does_not_see_the_users_of_this_one(iam: Any, client: Callable[..., Any]) -> None:
    iam.create_user(UserName="bob")
    with refused("NoSuchEntity"):
        client("iam", account="999999999999").get_user(UserName="bob")


def test_the_waiter_sees_a_user(iam: Any) -> None:
    iam.create_user(UserName="bob")
    iam.get_waiter("user_exists").wait(UserName="bob", WaiterConfig={"Delay": 0, "MaxAttempts": 1})


# ------------------------------------------------------------------------------------------------ tags
def test_tags_come_and_go_and_their_case_counts_for_nothing(iam: Any) -> None:
    iam.create_user(UserName="bob", Tags=[{"Key": "Team", "Value": "blue"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}, {"Key": "b", "Value": ""}])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "b", "Value": ""}, {"Key": "team", "Value": "red"}]
    iam.untag_user(UserName="bob", TagKeys=["TEAM", "none"])
    assert iam.list_user_tags(UserName="bob")["Tags"] == [{"Key": "b", "Value": ""}]
    iam.untag_user(UserName="bob", TagKeys=["b"])
    assert "Tags" not in iam.get_user(UserName="bob")["User"]


def test_tags_are_listed_in_pages(iam: Any) -> None:
    tags = [{"Key": f"k{number}", "Value": str(number)} for number in range(5)]
    iam.create_user(UserName="bob", Tags=tags)
    assert all_pages(iam, "list_user_tags", "Tags", UserName="bob") == tags


def test_tags_that_iam_would_not_take_are_refused(iam: Any) -> None:
    iam.create_user(UserName="bob")
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        iam.tag_user(UserName="bob", Tags=twice)
    with refused("ValidationError", "at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular"):
        iam.tag_user(UserName="bob", Tags=[{"Key": "a#b", "Value": "1"}])
    with refused("ValidationError", "at 'tags.1.member.key' failed to satisfy constraint: Member must have length"):
        iam.tag_user(UserName="bob", Tags=[{"Key": "k" * 129, "Value": "1"}])
    with refused("InvalidInput"):
        iam.tag_user(UserName="bob", Tags=[{"Key": "aws:x", "Value": "1"}])
    iam.tag_user(UserName="bob", Tags=[{"Key": f"k{number}", "Value": "é ü"} for number in range(50)])
    with refused("LimitExceeded", "The number of tags has reached the maximum limit.", status=409):
        iam.tag_user(UserName="bob", Tags=[{"Key": "one more", "Value": "1"}])


# ------------------------------------------------------------------------------------------------ deletion
def test_a_deleted_user_is_gone_and_its_name_is_free(iam: Any) -> None:
    first = iam.create_user(UserName="bob")["User"]["UserId"]
    iam.delete_user(UserName="bob")
    with refused("NoSuchEntity"):
        iam.get_user(UserName="bob")
    assert iam.create_user(UserName="bob")["User"]["UserId"] != first


def test_a_user_with_something_left_cannot_be_deleted(iam: Any) -> None:
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="all")
    iam.add_user_to_group(GroupName="all", UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="bob", Password="Correct-Horse-9")
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("remove users from group", lambda: iam.remove_user_from_group(GroupName="all", UserName="bob")),
        ("delete access keys", lambda: iam.delete_access_key(UserName="bob", AccessKeyId=key)),
        ("delete login profile", lambda: iam.delete_login_profile(UserName="bob")),
    ]
    for first, undo in steps:
        with refused("DeleteConflict", f"Cannot delete entity, must {first} first.", status=409):
            iam.delete_user(UserName="bob")
        undo()
    iam.delete_user(UserName="bob")


def test_times_are_told_to_the_second(iam: Any) -> None:
    made = iam.create_user(UserName="punctual")["User"]["CreateDate"]
    assert made.microsecond == 0
