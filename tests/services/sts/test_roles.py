"""Roles: who may take one, what it then may, for how long."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from cloud import CloudProcess

from .helpers import EVERYTHING, allow, client_of, key_in, key_of, policy, powerful_user, refused, trust

Make = Callable[..., Any]


def test_a_role_is_taken_and_used(sts: Any, role: Make, signed: Make, account: str, iam: Any) -> None:
    arn = role("worker", Path="/team/")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="work")
    unique_id = iam.get_role(RoleName="worker")["Role"]["RoleId"]
    session_arn = f"arn:aws:sts::{account}:assumed-role/worker/work"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": f"{unique_id}:work", "Arn": session_arn}
    given = answer["Credentials"]
    assert set(given) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert given["AccessKeyId"].startswith("ASIA")
    assert timedelta(minutes=59) < given["Expiration"] - datetime.now(UTC) <= timedelta(hours=1, seconds=5)
    who = signed("sts", key_in(answer)).get_caller_identity()
    assert (who["UserId"], who["Account"], who["Arn"]) == (f"{unique_id}:work", account, session_arn)
    signed("s3", key_in(answer)).create_bucket(Bucket=f"made-by-role-{account}")
    assert signed("sqs", key_in(answer)).create_queue(QueueName="q")["QueueUrl"]


def test_an_answer_has_what_was_asked_for_and_nothing_else(sts: Any, role: Make) -> None:
    arn = role("worker", trust({"AWS": "*"}, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"))
    always = {"Credentials", "AssumedRoleUser", "SessionTokenSize", "SessionTokenUtilization", "ResponseMetadata"}
    plain = sts.assume_role(RoleArn=arn, RoleSessionName="work")
    assert set(plain) == always
    tagged = sts.assume_role(RoleArn=arn, RoleSessionName="work", Tags=[{"Key": "a", "Value": "b"}])
    assert set(tagged) == {*always, "PackedPolicySize"}
    named = sts.assume_role(RoleArn=arn, RoleSessionName="work", SourceIdentity="ada")
    assert (set(named), named["SourceIdentity"]) == ({*always, "SourceIdentity"}, "ada")


def test_a_role_may_only_what_its_policies_allow(sts: Any, role: Make, signed: Make) -> None:
    arn = role("reader", may=allow("sqs:ListQueues"))
    sqs = signed("sqs", key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work")))
    sqs.list_queues()
    with refused("AccessDenied", "no identity-based policy allows the sqs:CreateQueue action"):
        sqs.create_queue(QueueName="q")


def test_a_root_takes_no_role(client: Make, role: Make) -> None:
    arn = role("worker")
    with refused("AccessDenied", "Roles may not be assumed by root accounts."):
        client("sts").assume_role(RoleArn=arn, RoleSessionName="work")


@pytest.mark.parametrize("arn", ["arn:aws:iam::111122223333:user/ada", "arn:aws:iam:::role/a", "a" * 20])
def test_what_is_no_role_is_refused(sts: Any, arn: str) -> None:
    with refused("ValidationError", f"{arn} is invalid", status=400):
        sts.assume_role(RoleArn=arn, RoleSessionName="work")


def test_bad_input_is_told_with_all_its_faults(sts: Any) -> None:
    with refused("ValidationError", "2 validation errors detected: Value 'short' at 'roleArn'", status=400):
        sts.assume_role(RoleArn="short", RoleSessionName="no spaces")


def test_a_role_that_is_not_there_is_refused_like_one_that_trusts_somebody_else(
    sts: Any, role: Make, account: str
) -> None:
    role("theirs", trust({"Service": "ec2.amazonaws.com"}))
    for name in ("theirs", "absent"):
        arn = f"arn:aws:iam::{account}:role/{name}"
        with refused("AccessDenied", f"is not authorized to perform: sts:AssumeRole on resource: {arn}"):
            sts.assume_role(RoleArn=arn, RoleSessionName="work")


def test_who_is_trusted_by_name_needs_no_policy(iam: Any, role: Make, signed: Make, account: str) -> None:
    iam.create_user(UserName="bob")
    named = role("for-bob", trust({"AWS": f"arn:aws:iam::{account}:user/bob"}))
    of_account = role("for-the-account")
    bob = signed("sts", key_of(iam, "bob"))
    bob.assume_role(RoleArn=named, RoleSessionName="work")
    with refused("AccessDenied"):
        bob.assume_role(RoleArn=of_account, RoleSessionName="work")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", of_account)))
    bob.assume_role(RoleArn=of_account, RoleSessionName="work")


def test_another_account_needs_to_be_trusted_and_allowed(
    cloud: CloudProcess, sts: Any, signed: Make, account: str, iam: Any
) -> None:
    other = f"9{account[1:]}"
    theirs = cloud.client("iam", account=other)
    arn = f"arn:aws:iam::{other}:role/shared"
    theirs.create_role(RoleName="shared", AssumeRolePolicyDocument=policy(trust({"AWS": account})))
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="visit")
    assert signed("sts", key_in(answer)).get_caller_identity()["Account"] == other
    iam.create_user(UserName="bob")
    with refused("AccessDenied"):
        signed("sts", key_of(iam, "bob")).assume_role(RoleArn=arn, RoleSessionName="visit")


def test_an_external_id_and_a_name_can_be_asked_for(sts: Any, role: Make, account: str) -> None:
    wanted = {"sts:ExternalId": "42", "sts:RoleSessionName": "${aws:username}"}
    arn = role("shared", trust({"AWS": account}, StringEquals=wanted))
    for given in ({"RoleSessionName": "ada"}, {"RoleSessionName": "ada", "ExternalId": "43"}):
        with refused("AccessDenied"):
            sts.assume_role(RoleArn=arn, **given)
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=arn, RoleSessionName="bob", ExternalId="42")
    sts.assume_role(RoleArn=arn, RoleSessionName="ada", ExternalId="42")


def test_roles_can_be_chosen_by_their_tags(iam: Any, role: Make, signed: Make, account: str) -> None:
    blue, red = (role(team, Tags=[{"Key": "Team", "Value": team}]) for team in ("blue", "red"))
    iam.create_user(UserName="bob")
    may = allow("sts:AssumeRole", "*", StringEquals={"iam:ResourceTag/Team": "blue", "aws:ResourceTag/team": "blue"})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy(may))
    bob = signed("sts", key_of(iam, "bob"))
    bob.assume_role(RoleArn=blue, RoleSessionName="work")
    with refused("AccessDenied"):
        bob.assume_role(RoleArn=red, RoleSessionName="work")


# --------------------------------------------------------------------------- how long
def test_a_session_lasts_as_long_as_its_role_lets_it(sts: Any, role: Make) -> None:
    arn = role("worker", MaxSessionDuration=7200)
    before = datetime.now(UTC)
    ends = sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=7200)["Credentials"]["Expiration"]
    assert timedelta(minutes=119) < ends - before < timedelta(minutes=121)
    sentence = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    with refused("ValidationError", sentence, status=400):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=7201)
    with refused("ValidationError", "Member must have value greater than or equal to 900", status=400):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=899)
    with refused("ValidationError", "Member must have value less than or equal to 43200", status=400):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=43201)


def test_a_chain_of_roles_lasts_an_hour_at_most(worker: Make, role: Make) -> None:
    arn = role("second", MaxSessionDuration=7200)
    chained = worker("sts")
    sentence = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    with refused("ValidationError", sentence, status=400):
        chained.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=3601)
    chained.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=3600)


def test_a_session_ends_by_the_clouds_clock(own_cloud: CloudProcess) -> None:
    iam = own_cloud.client("iam")
    ada = powerful_user(iam, "ada")
    trusted = policy(trust({"AWS": "000000000000"}))
    arn = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="may", PolicyDocument=policy(EVERYTHING))
    sts = client_of(own_cloud, "sts", ada)
    session = key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=900))
    client_of(own_cloud, "sqs", session).list_queues()
    own_cloud.advance(890)
    client_of(own_cloud, "sqs", session).list_queues()
    own_cloud.advance(20)
    with refused("ExpiredToken", "The security token included in the request is expired"):
        client_of(own_cloud, "sts", session).get_caller_identity()
    client_of(own_cloud, "sqs", ada).list_queues()


def test_a_session_survives_a_kill(own_cloud: CloudProcess) -> None:
    ada = powerful_user(own_cloud.client("iam"), "ada")
    session = key_in(client_of(own_cloud, "sts", ada).get_session_token())
    own_cloud.kill()
    own_cloud.start()
    assert client_of(own_cloud, "sts", session).get_caller_identity()["Arn"].endswith(":user/ada")


# --------------------------------------------------------------------------- taken away
def test_a_sessions_rights_go_with_its_roles(sts: Any, role: Make, signed: Make, iam: Any) -> None:
    arn = role("worker")
    sqs = signed("sqs", key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work")))
    sqs.list_queues()
    iam.delete_role_policy(RoleName="worker", PolicyName="may")
    with refused("AccessDenied"):
        sqs.list_queues()


def test_a_session_ends_with_its_role_though_another_takes_its_name(
    sts: Any, role: Make, signed: Make, iam: Any
) -> None:
    arn = role("worker")
    old = key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work"))
    iam.delete_role_policy(RoleName="worker", PolicyName="may")
    iam.delete_role(RoleName="worker")
    with refused("InvalidClientTokenId"):
        signed("sts", old).get_caller_identity()
    role("worker")
    with refused("InvalidClientTokenId"):
        signed("sts", old).get_caller_identity()
    new = key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work"))
    assert signed("sts", new).get_caller_identity()["Arn"].endswith("/worker/work")


def test_older_sessions_can_be_revoked_by_a_policy(sts: Any, role: Make, signed: Make, iam: Any) -> None:
    arn = role("worker")
    sqs = signed("sqs", key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work")))
    later = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    deny = {**allow("*", "*", DateLessThan={"aws:TokenIssueTime": later}), "Effect": "Deny"}
    iam.put_role_policy(RoleName="worker", PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(deny))
    with refused("AccessDenied", "with an explicit deny in an identity-based policy"):
        sqs.list_queues()


def test_a_token_is_good_with_its_own_key_and_secret_only(worker: Make, sts: Any, role: Make, signed: Make) -> None:
    arn = role("other")
    one, two = (key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work")) for _ in range(2))
    with refused("InvalidClientTokenId"):
        signed("sts", {**one, "aws_session_token": two["aws_session_token"]}).get_caller_identity()
    with refused("SignatureDoesNotMatch"):
        signed("sts", {**one, "aws_secret_access_key": two["aws_secret_access_key"]}).get_caller_identity()
    del one["aws_session_token"]
    with refused("InvalidClientTokenId"):
        signed("sts", one).get_caller_identity()


def test_a_session_can_be_named_by_other_resources(sts: Any, role: Make, signed: Make, sqs: Any, account: str) -> None:
    arn = role("worker", may=allow("s3:ListAllMyBuckets"))
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    named = f"arn:aws:sts::{account}:assumed-role/worker/work"
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sqs:SendMessage", "Resource": "*"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(statement)})
    for name, lets in (("work", True), ("other", False)):
        session = signed("sqs", key_in(sts.assume_role(RoleArn=arn, RoleSessionName=name)))
        if lets:
            session.send_message(QueueUrl=queue, MessageBody="hello")
        else:
            with refused("AccessDenied"):
                session.send_message(QueueUrl=queue, MessageBody="hello")


def test_sessions_are_the_same_in_every_region(role: Make, user_key: dict[str, str], signed: Make) -> None:
    arn = role("worker")
    answer = signed("sts", user_key, "eu-central-1").assume_role(RoleArn=arn, RoleSessionName="work")
    assert signed("sts", key_in(answer), "us-west-2").get_caller_identity()["Arn"].endswith("/worker/work")


def test_contexts_of_other_providers_are_refused_by_name(sts: Any, role: Make) -> None:
    arn = role("worker")
    contexts = [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "assertion"}]
    with refused("NotImplemented", "ProvidedContexts", status=501):
        sts.assume_role(RoleArn=arn, RoleSessionName="work", ProvidedContexts=contexts)


def test_a_denial_tells_nobody_what_a_trust_policy_says(sts: Any, role: Make) -> None:
    arn = role("theirs", trust({"AWS": "*"}, StringEquals={"sts:ExternalId": "a secret"}))
    with pytest.raises(sts.exceptions.ClientError) as caught:
        sts.assume_role(RoleArn=arn, RoleSessionName="work")
    assert "a secret" not in json.dumps(caught.value.response["Error"])


# --------------------------------------------------------------------------- where less is enforced
def test_where_no_signature_is_looked_at_everybody_may_take_roles(tmp_path: Path) -> None:
    cloud = CloudProcess(tmp_path / "data", "--auth", "off").start()
    try:
        trusted = policy(trust({"Service": "ec2.amazonaws.com"}))
        arn = cloud.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
        sts = cloud.client("sts")
        assert sts.assume_role(RoleArn=arn, RoleSessionName="work")["AssumedRoleUser"]["Arn"].endswith("/worker/work")
        with refused("AccessDenied", "cannot be assumed"):
            sts.assume_role(RoleArn=f"{arn}-absent", RoleSessionName="work")
    finally:
        cloud.stop()


@pytest.mark.parametrize("host", ["sts.amazonaws.com", "sts.eu-central-1.amazonaws.com"])
def test_the_service_answers_under_the_names_of_its_endpoints(cloud: CloudProcess, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=20)
    query = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "WebIdentityToken": "a.b.c"}
    role = {"RoleArn": "arn:aws:iam::111122223333:role/worker", "RoleSessionName": "work"}
    connection.request("GET", f"/?{urlencode({**query, **role})}", headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert (answer.status, b"<Code>InvalidIdentityToken</Code>" in body) == (400, True)
