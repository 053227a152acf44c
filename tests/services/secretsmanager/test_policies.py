"""Policies of secrets, permissions of users, and what nobody learns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import allow, refused, user_client


def policy(**statement: Any) -> str:
    whole = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


FRIENDLY = policy(Principal={"AWS": "111122223333"})
PUBLIC = policy(Principal="*")


@pytest.fixture
def db(secrets: Any) -> str:
    """A secret's ARN."""
    return str(secrets.create_secret(Name="db", SecretString="a")["ARN"])


def test_a_policy_is_put_shown_and_taken_away(secrets: Any, db: str) -> None:
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=db)
    secrets.put_resource_policy(SecretId=db, ResourcePolicy=FRIENDLY, BlockPublicPolicy=True)
    assert secrets.get_resource_policy(SecretId=db)["ResourcePolicy"] == FRIENDLY
    secrets.delete_resource_policy(SecretId=db)
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=db)


@pytest.mark.parametrize("text", ["{", "[]", '{"Version":"2012-10-17"}', policy(), policy(Principal="*", Effect="May")])
def test_what_is_no_policy_is_refused(secrets: Any, db: str, text: str) -> None:
    with refused("MalformedPolicyDocumentException"):
        secrets.put_resource_policy(SecretId=db, ResourcePolicy=text)
    with refused("MalformedPolicyDocumentException"):
        secrets.validate_resource_policy(SecretId=db, ResourcePolicy=text)


def test_there_is_one_policy(secrets: Any, db: str) -> None:
    with refused("InvalidParameterException", "default"):
        secrets.put_resource_policy(SecretId=db, ResourcePolicy=FRIENDLY, PolicyName="other")


def test_a_public_policy_is_refused_where_that_is_asked_for(secrets: Any, db: str) -> None:
    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId=db, ResourcePolicy=PUBLIC, BlockPublicPolicy=True)
    secrets.put_resource_policy(SecretId=db, ResourcePolicy=PUBLIC)


def test_a_policy_is_judged(secrets: Any, db: str) -> None:
    assert secrets.validate_resource_policy(ResourcePolicy=FRIENDLY)["PolicyValidationPassed"]
    public = secrets.validate_resource_policy(ResourcePolicy=PUBLIC)
    assert [one["CheckName"] for one in public["ValidationErrors"]] == ["PublicPolicy"]
    locking = policy(Effect="Deny", Principal="*", Action="secretsmanager:*")
    judged = secrets.validate_resource_policy(SecretId=db, ResourcePolicy=locking)
    assert not judged["PolicyValidationPassed"]
    assert [one["CheckName"] for one in judged["ValidationErrors"]] == ["CallerLockout"]


def test_a_deny_binds_even_the_root_until_it_is_taken_away(secrets: Any, db: str) -> None:
    secrets.put_resource_policy(SecretId=db, ResourcePolicy=policy(Effect="Deny", Principal="*"))
    with refused("AccessDeniedException", "explicit deny"):
        secrets.get_secret_value(SecretId=db)
    secrets.delete_resource_policy(SecretId=db)
    assert secrets.get_secret_value(SecretId=db)["SecretString"] == "a"


def test_nobody_learns_from_a_refusal_whether_a_secret_exists(cloud: CloudProcess, account: str, db: str) -> None:
    user = user_client(cloud, account, "secretsmanager", allow("sqs:*"))

    def said(pointer: str) -> str:
        with pytest.raises(user.exceptions.ClientError) as caught:
            user.get_secret_value(SecretId=pointer)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}".replace(pointer, "IT")

    assert said("db") == said("no-such") == said(db) == said(db[:-6] + "abcdef") == said(db[:-7])
    assert db[-6:] not in said("db")


def test_a_user_reads_what_a_pattern_of_arns_allows(cloud: CloudProcess, account: str, secrets: Any, db: str) -> None:
    secrets.create_secret(Name="api", SecretString="b")
    pattern = f"arn:aws:secretsmanager:us-east-1:{account}:secret:db-??????"
    user = user_client(cloud, account, "secretsmanager", allow("secretsmanager:GetSecretValue", Resource=pattern))
    assert user.get_secret_value(SecretId="db")["SecretString"] == "a"
    with refused("AccessDeniedException", "on resource: api because no identity-based policy allows"):
        user.get_secret_value(SecretId="api")
    secrets.delete_secret(SecretId=db, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        user.get_secret_value(SecretId="db")


@pytest.mark.parametrize(
    ("key", "wanted", "passes", "fails"),
    [
        ("secretsmanager:VersionStage", "AWSCURRENT", {"VersionStage": "AWSCURRENT"}, {}),
        ("secretsmanager:SecretId", "db", {}, {"SecretId": "other"}),
        ("secretsmanager:ResourceTag/team", "blue", {}, {"SecretId": "other"}),
        ("aws:ResourceTag/team", "blue", {}, {"SecretId": "other"}),
    ],
)
def test_conditions_look_at_the_request_and_the_secret(
    cloud: CloudProcess, account: str, secrets: Any, db: str, key: str, wanted: str, passes: Any, fails: Any
) -> None:
    secrets.tag_resource(SecretId=db, Tags=[{"Key": "team", "Value": "blue"}])
    secrets.create_secret(Name="other", SecretString="b")
    only = allow("secretsmanager:GetSecretValue", Condition={"StringEquals": {key: wanted}})
    user = user_client(cloud, account, "secretsmanager", only)
    assert user.get_secret_value(**{"SecretId": "db", **passes})["SecretString"] == "a"
    with refused("AccessDeniedException"):
        user.get_secret_value(**{"SecretId": "db", **fails})


def test_creating_with_tags_needs_permission_to_tag(cloud: CloudProcess, account: str) -> None:
    create = allow("secretsmanager:CreateSecret", Condition={"StringLike": {"secretsmanager:Name": "db*"}})
    user = user_client(cloud, account, "secretsmanager", create)
    user.create_secret(Name="db", SecretString="a")
    with refused("AccessDeniedException", "secretsmanager:TagResource"):
        user.create_secret(Name="db2", Tags=[{"Key": "a", "Value": "b"}])
    with refused("AccessDeniedException", "secretsmanager:ReplicateSecretToRegions"):
        user.create_secret(Name="db2", AddReplicaRegions=[{"Region": "eu-west-1"}])
    with refused("AccessDeniedException"):
        user.create_secret(Name="api")


def test_nobody_tags_themselves_out(cloud: CloudProcess, account: str, secrets: Any, db: str) -> None:
    secrets.tag_resource(SecretId=db, Tags=[{"Key": "team", "Value": "blue"}])
    own = allow("secretsmanager:*", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}})
    user = user_client(cloud, account, "secretsmanager", own)
    user.tag_resource(SecretId=db, Tags=[{"Key": "more", "Value": "yes"}])
    with refused("AccessDeniedException"):
        user.tag_resource(SecretId=db, Tags=[{"Key": "team", "Value": "red"}])
    with refused("AccessDeniedException"):
        user.untag_resource(SecretId=db, TagKeys=["team"])
    assert {"Key": "team", "Value": "blue"} in secrets.describe_secret(SecretId=db)["Tags"]


def test_a_batch_needs_a_permission_for_itself_and_for_each(cloud: CloudProcess, account: str, db: str) -> None:
    user = user_client(cloud, account, "secretsmanager", allow("secretsmanager:BatchGetSecretValue"))
    read = user.batch_get_secret_value(SecretIdList=["db", "none"])
    assert [one["ErrorCode"] for one in read["Errors"]] == ["AccessDeniedException"] * 2
    with refused("AccessDeniedException", "secretsmanager:ListSecrets"):
        user.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["db"]}])
    reader = user_client(cloud, account, "secretsmanager", allow("secretsmanager:GetSecretValue"))
    with refused("AccessDeniedException", "secretsmanager:BatchGetSecretValue"):
        reader.batch_get_secret_value(SecretIdList=["db"])
