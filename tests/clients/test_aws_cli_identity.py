"""The AWS CLI with people, roles, keys, secrets and the audit."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.install import DEBIAN_AWS
from clients.programs import Cli

pytestmark = pytest.mark.slow

USER = "arn:aws:iam::000000000000:user/ci"
ROLE = "arn:aws:iam::000000000000:role/deployer"


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@pytest.fixture
def ci(aws: Cli) -> Cli:
    """The CLI as a user who may make queues."""
    aws("iam", "create-user", "--user-name", "ci")
    aws("iam", "wait", "user-exists", "--user-name", "ci")
    allowed = _policy(Action="sqs:CreateQueue", Resource="*")
    name = ("--user-name", "ci")
    aws("iam", "put-user-policy", *name, "--policy-name", "own", "--policy-document", allowed)
    made = aws("iam", "create-access-key", *name).json["AccessKey"]
    given = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
    return replace(aws, environment={**aws.environment, **given})


def test_a_user_may_what_its_policy_allows_and_is_told_what_not(ci: Cli) -> None:
    assert ci("sts", "get-caller-identity").json["Arn"] == USER
    ci("sqs", "create-queue", "--queue-name", "orders")
    finished = ci.refused("iam", "list-users")
    assert finished.code != 0
    assert f"User: {USER} is not authorized to perform: iam:ListUsers" in finished.err


def test_a_profile_assumes_its_role_by_itself(aws: Cli, ci: Cli) -> None:
    if aws.command[0] == str(DEBIAN_AWS) and "--endpoint-url" in aws.command:
        pytest.skip("before 2.13 a profile's role is asked of AWS's own STS, whatever it is told")
    trust = _policy(Principal={"AWS": USER}, Action="sts:AssumeRole")
    aws("iam", "create-role", "--role-name", "deployer", "--assume-role-policy-document", trust)
    aws("iam", "wait", "role-exists", "--role-name", "deployer")
    folder = Path(ci.environment["HOME"]) / ".aws"
    folder.mkdir()
    (folder / "config").write_text(
        f"[profile deployer]\nrole_arn = {ROLE}\nrole_session_name = mine\ncredential_source = Environment\n"
    )
    shown = ci("--profile", "deployer", "sts", "get-caller-identity").json
    assert shown["Arn"] == "arn:aws:sts::000000000000:assumed-role/deployer/mine"


def test_a_file_is_encrypted_and_decrypted(aws: Cli, tmp_path: Path) -> None:
    key = aws("kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text").out.strip()
    aws("kms", "create-alias", "--alias-name", "alias/main", "--target-key-id", key)
    plain, sealed = tmp_path / "plain.bin", tmp_path / "sealed.bin"
    plain.write_bytes(bytes(range(256)))
    context = ("--encryption-context", "of=test")
    blob = aws("kms", "encrypt", "--key-id", "alias/main", "--plaintext", f"fileb://{plain}", *context).json
    sealed.write_bytes(base64.b64decode(blob["CiphertextBlob"]))
    opened = aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}", *context).json
    assert base64.b64decode(opened["Plaintext"]) == plain.read_bytes()
    assert opened["KeyId"].endswith(key)
    other = aws.refused("kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}")
    assert "InvalidCiphertextException" in other.err


def test_secrets_and_parameters_are_kept_and_told(aws: Cli) -> None:
    text = ("--output", "text", "--query")
    aws("secretsmanager", "create-secret", "--name", "db", "--secret-string", '{"password": "é"}')
    told = aws("secretsmanager", "get-secret-value", "--secret-id", "db", *text, "SecretString").out
    assert json.loads(told) == {"password": "é"}
    aws("ssm", "put-parameter", "--name", "/shop/db", "--type", "SecureString", "--value", "hunter2")
    asked = ("ssm", "get-parameters-by-path", "--path", "/shop", *text, "Parameters[].Value")
    assert aws(*asked, "--with-decryption").out.strip() == "hunter2"
    assert aws(*asked).out.strip() != "hunter2"


def test_the_audit_tells_who_did_what(aws: Cli, ci: Cli) -> None:
    ci("sqs", "create-queue", "--queue-name", "orders")
    chosen = ("--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateQueue")
    [event] = aws("cloudtrail", "lookup-events", *chosen).json["Events"]
    record = json.loads(event["CloudTrailEvent"])
    assert (event["Username"], record["userIdentity"]["arn"]) == ("ci", USER)
    assert record["requestParameters"]["queueName"] == "orders"
