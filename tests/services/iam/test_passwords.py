"""Login profiles and password policies: passwords are asked to be good, kept unreadable, and changed by who may."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess
from fogstead.services.iam.passwords import PasswordRules, fault_without_rules, hashed, is_any_of

from .helpers import PASSWORD, refused

OTHER = "Battery-Staple-7"


@pytest.fixture
def profile(iam: Any, bob: Any) -> Any:
    """IAM as bob, who has a password and whose account lets users change theirs."""
    iam.update_account_password_policy(AllowUsersToChangePassword=True, PasswordReusePrevention=2)
    iam.create_login_profile(UserName="bob", Password=PASSWORD, PasswordResetRequired=True)
    return bob


def test_a_login_profile_is_shown_without_its_password(iam: Any) -> None:
    iam.create_user(UserName="bob")
    made = iam.create_login_profile(UserName="bob", Password=PASSWORD)["LoginProfile"]
    assert set(made) == {"UserName", "CreateDate", "PasswordResetRequired"}
    assert made["PasswordResetRequired"] is False
    assert iam.get_login_profile(UserName="bob")["LoginProfile"] == made
    with refused("EntityAlreadyExists", "Login Profile for user bob already exists.", status=409):
        iam.create_login_profile(UserName="bob", Password=PASSWORD)
    iam.update_login_profile(UserName="bob", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"] is True


def test_a_user_without_a_login_profile_is_said_to_have_none(iam: Any) -> None:
    iam.create_user(UserName="bob")
    calls = [iam.get_login_profile, iam.delete_login_profile]
    for call in (*calls, lambda UserName: iam.update_login_profile(UserName=UserName, Password=PASSWORD)):
        with refused("NoSuchEntity", "Login Profile for User bob cannot be found.", status=404):
            call(UserName="bob")
    with refused("ValidationError"):
        iam.get_login_profile()
    with refused("ValidationError", "'password'"):
        iam.create_login_profile(UserName="bob")


def test_a_user_changes_its_password_by_the_old_one(iam: Any, profile: Any) -> None:
    with refused("AccessDenied", "The old password was incorrect."):
        profile.change_password(OldPassword=OTHER, NewPassword=OTHER)
    profile.change_password(OldPassword=PASSWORD, NewPassword=OTHER)
    assert iam.get_login_profile(UserName="bob")["LoginProfile"]["PasswordResetRequired"] is False
    with refused("AccessDenied"):
        profile.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "x")
    profile.change_password(OldPassword=OTHER, NewPassword=PASSWORD + "x")


def test_a_password_is_not_used_again_too_soon(iam: Any, profile: Any) -> None:
    profile.change_password(OldPassword=PASSWORD, NewPassword=OTHER)
    for used in (OTHER, PASSWORD):
        with refused("PasswordPolicyViolation"):
            iam.update_login_profile(UserName="bob", Password=used)
    iam.update_login_profile(UserName="bob", Password=OTHER + "2")
    iam.update_login_profile(UserName="bob", Password=PASSWORD)


def test_users_change_no_passwords_where_the_account_does_not_let_them(iam: Any, profile: Any) -> None:
    iam.update_account_password_policy(AllowUsersToChangePassword=False)
    with refused("AccessDenied", "iam:ChangePassword", status=403):
        profile.change_password(OldPassword=PASSWORD, NewPassword=OTHER)


def test_a_root_changes_no_password_of_its_own(iam: Any) -> None:
    with refused("InvalidUserType", status=400):
        iam.change_password(OldPassword=PASSWORD, NewPassword=OTHER)


def test_weak_passwords_are_refused_in_words_that_help(iam: Any) -> None:
    iam.create_user(UserName="bob")
    with refused("PasswordPolicyViolation", "Password should meet 1 more of the following requirements"):
        iam.create_login_profile(UserName="bob", Password="onlyletters1")
    iam.update_account_password_policy(MinimumPasswordLength=20, RequireSymbols=True)
    with refused("PasswordPolicyViolation", "Password should have a minimum length of 20", status=400):
        iam.create_login_profile(UserName="bob", Password="Abcdefgh1")
    with refused("NoSuchEntity"):
        iam.get_login_profile(UserName="bob")


def test_no_password_lies_readable_on_the_disk(own_cloud: CloudProcess) -> None:
    iam = own_cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password=PASSWORD)
    own_cloud.stop()
    files = [file.read_bytes() for file in own_cloud.data_dir.rglob("*") if file.is_file()]
    assert any(b"$argon2id$" in content for content in files)
    assert not any(PASSWORD.encode() in content for content in files)


# ------------------------------------------------------------------------------------------------ policies
def test_an_account_without_a_password_policy_says_so(iam: Any, account: str) -> None:
    with refused("NoSuchEntity", f"The Password Policy with domain name {account} cannot be found.", status=404):
        iam.get_account_password_policy()
    with refused("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found."):
        iam.delete_account_password_policy()


def test_a_password_policy_is_put_whole(iam: Any) -> None:
    iam.update_account_password_policy(
        MinimumPasswordLength=12,
        RequireNumbers=True,
        RequireSymbols=True,
        MaxPasswordAge=90,
        PasswordReusePrevention=5,
        HardExpiry=True,
    )
    assert iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 12,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 5,
        "HardExpiry": True,
    }
    iam.update_account_password_policy(RequireUppercaseCharacters=True)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (6, False)
    assert not {"MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"} & set(policy)
    iam.delete_account_password_policy()
    with refused("NoSuchEntity"):
        iam.get_account_password_policy()


def test_what_is_out_of_range_changes_nothing(iam: Any) -> None:
    with refused("ValidationError", "'maxPasswordAge' failed to satisfy constraint: Member must have value less than"):
        iam.update_account_password_policy(MaxPasswordAge=1096)
    with refused("NoSuchEntity"):
        iam.get_account_password_policy()


# ------------------------------------------------------------------------------------------------ rules
@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Abcdefg1", ""),
        ("abcdefg!1", ""),
        ("Abc1", "Password should have a minimum length of 8"),
        ("000000000000", "Password should not be the same as the account name"),
        (
            "abcdefgh",
            (
                "Password should meet 2 more of the following requirements: Password should have at least one "
                "uppercase letter, Password should have at least one number, Password should have at least one symbol"
            ),
        ),
    ],
)
def test_without_a_policy_three_kinds_of_eight_characters_do(password: str, fault: str) -> None:
    assert fault_without_rules(password, "000000000000") == fault


def test_a_policy_names_every_kind_that_is_lacking() -> None:
    rules = PasswordRules(required=("uppercase", "lowercase", "numbers", "symbols"))
    assert rules.fault("Abcde1-") == ""
    assert rules.fault("abcdé1") == (
        "Password should have at least one uppercase letter, Password should have at least one symbol"
    )


def test_a_kept_form_tells_its_password_from_others() -> None:
    form = hashed(PASSWORD, b"s" * 16)
    assert is_any_of(PASSWORD, [hashed(OTHER, b"t" * 16), form])
    assert not is_any_of(PASSWORD + " ", [form])
    assert form != hashed(PASSWORD, b"u" * 16)
