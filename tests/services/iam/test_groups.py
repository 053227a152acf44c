"""Groups: made, listed, renamed, deleted; users put in and taken out."""

from __future__ import annotations

from typing import Any

from .helpers import all_pages, refused


def test_a_new_group_is_shown_with_what_it_was_made_of(iam: Any, account: str) -> None:
    made = iam.create_group(GroupName="Admins", Path="/a/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{account}:group/a/Admins"
    assert made["GroupId"].startswith("AGPA")
    found = iam.get_group(GroupName="admins")
    assert (found["Group"], found["Users"], found["IsTruncated"]) == (made, [], False)
    with refused("EntityAlreadyExists", "Group with name ADMINS already exists."):
        iam.create_group(GroupName="ADMINS")


def test_a_group_that_is_not_there_is_said_not_to_be(iam: Any) -> None:
    for call in (iam.get_group, iam.delete_group, iam.update_group):
        with refused("NoSuchEntity", "The group with name none cannot be found.", status=404):
            call(GroupName="none")
    iam.create_group(GroupName="g")
    with refused("NoSuchEntity", "The user with name ghost cannot be found."):
        iam.add_user_to_group(GroupName="g", UserName="ghost")


def test_members_are_seen_from_both_sides(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.create_user(UserName=name)
    for group in ("g2", "g1"):
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName="B")
    iam.add_user_to_group(GroupName="g1", UserName="c")
    iam.add_user_to_group(GroupName="g1", UserName="c")
    assert [user["UserName"] for user in all_pages(iam, "get_group", "Users", 1, GroupName="g1")] == ["b", "c"]
    groups = all_pages(iam, "list_groups_for_user", "Groups", 1, UserName="b")
    assert [group["GroupName"] for group in groups] == ["g1", "g2"]
    iam.remove_user_from_group(GroupName="g1", UserName="b")
    assert [user["UserName"] for user in iam.get_group(GroupName="g1")["Users"]] == ["c"]
    with refused("NoSuchEntity"):
        iam.remove_user_from_group(GroupName="g1", UserName="b")


def test_groups_are_listed_by_path(iam: Any) -> None:
    for name, path in (("a", "/x/"), ("b", "/y/"), ("c", "/x/z/")):
        iam.create_group(GroupName=name, Path=path)
    assert [group["GroupName"] for group in iam.list_groups(PathPrefix="/x/")["Groups"]] == ["a", "c"]
    assert len(all_pages(iam, "list_groups", "Groups")) == 3


def test_a_renamed_group_keeps_its_members(iam: Any) -> None:
    made = iam.create_group(GroupName="old")["Group"]
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="old", UserName="bob")
    iam.update_group(GroupName="old", NewGroupName="new", NewPath="/p/")
    found = iam.get_group(GroupName="new")
    assert (found["Group"]["GroupId"], found["Group"]["Path"]) == (made["GroupId"], "/p/")
    assert [user["UserName"] for user in found["Users"]] == ["bob"]
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="bob")["Groups"]] == ["new"]


def test_a_group_with_members_cannot_be_deleted(iam: Any) -> None:
    iam.create_group(GroupName="g")
    iam.create_user(UserName="bob")
    iam.add_user_to_group(GroupName="g", UserName="bob")
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first.", status=409):
        iam.delete_group(GroupName="g")
    iam.remove_user_from_group(GroupName="g", UserName="bob")
    iam.delete_group(GroupName="g")
    assert iam.list_groups()["Groups"] == []
    iam.delete_user(UserName="bob")


def test_a_user_is_in_ten_groups_at_most(iam: Any) -> None:
    iam.create_user(UserName="bob")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="bob")
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", status=409):
        iam.add_user_to_group(GroupName="g10", UserName="bob")
