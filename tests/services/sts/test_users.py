"""Sessions of users and roots, with and without MFA; federated users; what such sessions may not call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .helpers import Device, allow, key_in, key_of, policy, powerful_user, refused, trust

Make = Callable[..., Any]


def lasts(answer: dict[str, Any]) -> timedelta:
    """How long credentials are good, to the minute."""
    left: timedelta = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    return timedelta(minutes=round(left.total_seconds() / 60))


def test_a_users_session_is_the_user(sts: Any, signed: Make, account: str) -> None:
    answer = sts.get_session_token()
    assert set(answer) == {"Credentials", "SessionTokenSize", "SessionTokenUtilization", "ResponseMetadata"}
    assert lasts(answer) == timedelta(hours=12)
    mine, own = signed("sts", key_in(answer)).get_caller_identity(), sts.get_caller_identity()
    assert [mine[name] for name in ("Arn", "UserId", "Account")] == [own[name] for name in ("Arn", "UserId", "Account")]
    assert signed("sqs", key_in(answer)).create_queue(QueueName="q")["QueueUrl"]


def test_a_session_needs_no_permission_and_none_can_be_taken_away(iam: Any, signed: Make) -> None:
    iam.create_user(UserName="bob")
    deny = {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(deny))
    bob = signed("sts", key_of(iam, "bob"))
    answer = bob.get_session_token(DurationSeconds=900)
    assert lasts(answer) == timedelta(minutes=15)
    assert bob.get_caller_identity()["Arn"].endswith(":user/bob")
    assert signed("sts", key_in(answer)).get_caller_identity()["Arn"].endswith(":user/bob")


def test_a_roots_session_lasts_an_hour_at_most(client: Make, signed: Make, account: str) -> None:
    root = client("sts")
    for given in ({}, {"DurationSeconds": 129_600}):
        assert lasts(root.get_session_token(**given)) == timedelta(hours=1)
        assert lasts(root.get_federation_token(Name="carol", **given)) == timedelta(hours=1)
    answer = root.get_session_token(DurationSeconds=900)
    assert lasts(answer) == timedelta(minutes=15)
    assert signed("sts", key_in(answer)).get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
    signed("sqs", key_in(answer)).create_queue(QueueName="q")


@pytest.mark.parametrize("seconds", [899, 129_601])
def test_a_session_lasts_between_a_quarter_of_an_hour_and_a_day_and_a_half(sts: Any, seconds: int) -> None:
    for call, given in ((sts.get_session_token, {}), (sts.get_federation_token, {"Name": "carol"})):
        with refused("ValidationError", "at 'durationSeconds' failed to satisfy constraint", status=400):
            call(DurationSeconds=seconds, **given)


def test_a_session_ends_with_its_users_rights_and_with_the_user(iam: Any, signed: Make) -> None:
    bob = powerful_user(iam, "bob")
    session = key_in(signed("sts", bob).get_session_token())
    iam.delete_user_policy(UserName="bob", PolicyName="all")
    with refused("AccessDenied"):
        signed("sqs", session).list_queues()
    iam.delete_access_key(UserName="bob", AccessKeyId=bob["aws_access_key_id"])
    iam.delete_user(UserName="bob")
    with refused("InvalidClientTokenId"):
        signed("sts", session).get_caller_identity()


# --------------------------------------------------------------------------- MFA
def test_a_code_makes_a_session_that_conditions_know(iam: Any, sts: Any, signed: Make) -> None:
    device = Device(iam, "ada")
    recent = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=policy(allow("sqs:*", "*", **recent)))
    for given, lets in (({}, False), (device.shown(), True)):
        sqs = signed("sqs", key_in(sts.get_session_token(**given)))
        if lets:
            sqs.list_queues()
        else:
            with refused("AccessDenied"):
                sqs.list_queues()


def test_a_code_is_good_once(iam: Any, sts: Any) -> None:
    shown = Device(iam, "ada").shown()
    sts.get_session_token(**shown)
    sentence = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    with refused("AccessDenied", sentence):
        sts.get_session_token(**shown)
    with refused("AccessDenied", sentence):
        sts.get_session_token(**{**shown, "TokenCode": "000000"})


def test_a_device_and_its_code_come_together(iam: Any, sts: Any) -> None:
    shown = Device(iam, "ada").shown()
    for name, value in shown.items():
        with refused("AccessDenied", "must provide both MFA serial number and one time pass code."):
            sts.get_session_token(**{name: value})


def test_a_role_may_ask_for_a_code(iam: Any, sts: Any, role: Make, signed: Make, account: str) -> None:
    device = Device(iam, "ada")
    arn = role("guarded", trust({"AWS": account}, Bool={"aws:MultiFactorAuthPresent": "true"}))
    given = {"RoleArn": arn, "RoleSessionName": "work"}
    with refused("AccessDenied", "sts:AssumeRole"):
        sts.assume_role(**given)
    with refused("AccessDenied", "invalid MFA one time pass code."):
        sts.assume_role(**given, SerialNumber=device.serial, TokenCode="000000")
    answer = sts.assume_role(**given, **device.shown())
    again = role("again", trust({"AWS": account}, Bool={"aws:MultiFactorAuthPresent": "true"}))
    with refused("AccessDenied"):
        signed("sts", key_in(answer)).assume_role(RoleArn=again, RoleSessionName="work")
    session = sts.get_session_token(**Device(iam, "ada", "tablet").shown())
    signed("sts", key_in(session)).assume_role(**given)


def test_sessions_of_roles_have_no_devices(worker: Make, role: Make, account: str) -> None:
    shown = {"SerialNumber": f"arn:aws:iam::{account}:mfa/ada", "TokenCode": "123456"}
    arn = role("second")
    with refused("AccessDenied", "unable to validate MFA code."):
        worker("sts").assume_role(RoleArn=arn, RoleSessionName="work", **shown)


# --------------------------------------------------------------------------- federated users
def test_a_federated_user_may_what_its_user_and_its_policy_both_allow(
    iam: Any, sts: Any, signed: Make, account: str
) -> None:
    iam.put_user_policy(
        UserName="ada", PolicyName="all", PolicyDocument=policy(allow(["sts:GetFederationToken", "sqs:*"]))
    )
    answer = sts.get_federation_token(Name="carol", Policy=policy(allow(["sqs:ListQueues", "s3:ListAllMyBuckets"])))
    who = {"FederatedUserId": f"{account}:carol", "Arn": f"arn:aws:sts::{account}:federated-user/carol"}
    assert answer["FederatedUser"] == who
    assert answer["PackedPolicySize"] == answer["SessionTokenUtilization"] > 0
    assert lasts(answer) == timedelta(hours=12)
    told = signed("sts", key_in(answer)).get_caller_identity()
    assert (told["UserId"], told["Arn"], told["Account"]) == (who["FederatedUserId"], who["Arn"], account)
    signed("sqs", key_in(answer)).list_queues()
    for service, operation, given in (("sqs", "create_queue", {"QueueName": "q"}), ("s3", "list_buckets", {})):
        with refused("AccessDenied"):
            getattr(signed(service, key_in(answer)), operation)(**given)


def test_a_federated_user_without_a_policy_may_what_resources_let_it(
    sts: Any, signed: Make, sqs: Any, account: str
) -> None:
    answer = sts.get_federation_token(Name="carol")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    carol = signed("sqs", key_in(answer))
    with refused("AccessDenied"):
        carol.send_message(QueueUrl=queue, MessageBody="hello")
    named = {"AWS": f"arn:aws:sts::{account}:federated-user/carol"}
    statement = {"Effect": "Allow", "Principal": named, "Action": "sqs:SendMessage", "Resource": "*"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(statement)})
    carol.send_message(QueueUrl=queue, MessageBody="hello")


def test_a_root_may_federate_somebody(client: Make, signed: Make) -> None:
    answer = client("sts").get_federation_token(Name="carol", Policy=policy(allow("sqs:*")))
    signed("sqs", key_in(answer)).create_queue(QueueName="q")
    with refused("AccessDenied"):
        signed("s3", key_in(answer)).list_buckets()


def test_federating_takes_permission_for_the_name_and_the_tags(iam: Any, signed: Make, account: str) -> None:
    iam.create_user(UserName="bob")
    bob = signed("sts", key_of(iam, "bob"))
    with refused("AccessDenied", f"sts:GetFederationToken on resource: arn:aws:sts::{account}:federated-user/carol"):
        bob.get_federation_token(Name="carol")
    named = f"arn:aws:sts::{account}:federated-user/c*"
    may = allow("sts:GetFederationToken", named)
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(may))
    bob.get_federation_token(Name="carol")
    with refused("AccessDenied"):
        bob.get_federation_token(Name="dave")
    tags = [{"Key": "Team", "Value": "blue"}]
    with refused("AccessDenied", "sts:TagSession"):
        bob.get_federation_token(Name="carol", Tags=tags)
    tag = allow("sts:TagSession", named, StringEquals={"aws:RequestTag/Team": "blue"})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(may, tag))
    assert bob.get_federation_token(Name="carol", Tags=tags)["PackedPolicySize"] > 0


def test_a_federated_users_tags_count(sts: Any, signed: Make) -> None:
    own = allow("sqs:*", "*", StringEquals={"aws:PrincipalTag/Team": "blue"})
    for team, lets in (("blue", True), ("red", False)):
        tags = [{"Key": "Team", "Value": team}]
        carol = signed("sqs", key_in(sts.get_federation_token(Name="carol", Policy=policy(own), Tags=tags)))
        if lets:
            carol.list_queues()
        else:
            with refused("AccessDenied"):
                carol.list_queues()


def test_a_federated_users_name_and_policy_have_limits(sts: Any) -> None:
    for given in ({"Name": "c"}, {"Name": "c" * 33}, {"Name": "carol smith"}, {"Name": "carol", "Policy": " " * 2049}):
        with refused("ValidationError", "1 validation error detected: Value", status=400):
            sts.get_federation_token(**given)
    with refused("MalformedPolicyDocument", status=400):
        sts.get_federation_token(Name="carol", Policy="{}")


# --------------------------------------------------------------------------- what sessions may not call
def test_no_session_makes_another_of_a_user(sts: Any, worker: Make, signed: Make) -> None:
    sessions = [worker("sts"), *(signed("sts", key_in(made)) for made in (sts.get_session_token(), federated(sts)))]
    for session in sessions:
        with refused("AccessDenied", "Cannot call GetSessionToken with session credentials"):
            session.get_session_token()
        with refused("AccessDenied", "Cannot call GetFederationToken with session credentials"):
            session.get_federation_token(Name="carol")


def federated(sts: Any) -> dict[str, Any]:
    made: dict[str, Any] = sts.get_federation_token(Name="carol", Policy=policy(allow("*")))
    return made


def test_a_users_session_may_take_a_role_and_a_federated_users_may_not(sts: Any, signed: Make, role: Make) -> None:
    arn = role("worker")
    session = signed("sts", key_in(sts.get_session_token()))
    session.assume_role(RoleArn=arn, RoleSessionName="work")
    with refused("AccessDenied", "Cannot call AssumeRole with session credentials"):
        signed("sts", key_in(federated(sts))).assume_role(RoleArn=arn, RoleSessionName="work")


def test_other_operations_of_sts_are_for_lasting_keys_and_roles(
    sts: Any, worker: Make, signed: Make, user_key: dict[str, str]
) -> None:
    asked = {"AccessKeyId": user_key["aws_access_key_id"]}
    assert sts.get_access_key_info(**asked)["Account"] == worker("sts").get_access_key_info(**asked)["Account"]
    for made in (sts.get_session_token(), federated(sts)):
        with refused("AccessDenied", "Cannot call GetAccessKeyInfo with session credentials"):
            signed("sts", key_in(made)).get_access_key_info(**asked)


def test_iam_answers_users_sessions_with_a_code_and_no_federated_users(iam: Any, sts: Any, signed: Make) -> None:
    unknown = "The security token included in the request is invalid"
    for made in (sts.get_session_token(), federated(sts)):
        with refused("InvalidClientTokenId", unknown):
            signed("iam", key_in(made)).list_users()
    session = sts.get_session_token(**Device(iam, "ada").shown())
    assert signed("iam", key_in(session)).list_users()["Users"]


def test_iam_answers_sessions_of_roles(worker: Make) -> None:
    assert worker("iam").list_roles()["Roles"]
