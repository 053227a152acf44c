"""`fogstead iam`: a user is denied, sees why, and gets the policy it needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.commands_run import fogstead
from cloud import CloudProcess


@pytest.fixture
def worker(own_cloud: CloudProcess) -> dict[str, Any]:
    """A user with keys, as arguments of a client."""
    iam = own_cloud.client("iam")
    iam.create_user(UserName="worker")
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def denied(call: Any, **given: Any) -> str:
    """The id of a request that was denied."""
    with pytest.raises(ClientError) as refused:
        call(**given)
    assert refused.value.response["Error"]["Code"].startswith("AccessDenied")
    return str(refused.value.response["ResponseMetadata"]["RequestId"])


def iam_of(cloud: CloudProcess, *words: str) -> Any:
    run = fogstead("iam", *words, data_dir=cloud.data_dir)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_denial_is_explained_and_still_is_after_a_restart(own_cloud: CloudProcess, worker: dict[str, Any]) -> None:
    own_cloud.client("iam").put_user_policy(
        UserName="worker",
        PolicyName="office",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Sid": "FromTheOffice",
                    "Effect": "Allow",
                    "Action": "sqs:*",
                    "Resource": "*",
                    "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
                },
            }
        ),
    )
    request = denied(own_cloud.client("sqs", **worker).create_queue, QueueName="jobs")
    for _ in range(2):
        said = iam_of(own_cloud, "explain", request)
        assert "denied   sqs:CreateQueue on arn:aws:sqs:us-east-1:000000000000:jobs" in said
        assert (
            "Allow  office, statement FromTheOffice: condition IpAddress aws:SourceIp: 10.0.0.0/8 (it is 127.0.0.1)"
        ) in said
        own_cloud.stop()
        own_cloud.start()


def test_what_was_allowed_is_explained_by_its_statement(own_cloud: CloudProcess, worker: dict[str, Any]) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
    own_cloud.client("iam").attach_user_policy(UserName="worker", PolicyArn=arn)
    made = own_cloud.client("sqs", **worker).create_queue(QueueName="jobs")
    said = json.loads(iam_of(own_cloud, "explain", made["ResponseMetadata"]["RequestId"], "-o", "json"))
    assert [(one["action"], one["by"]) for one in said["allowed"]] == [("sqs:CreateQueue", f"{arn}, statement 1")]
    assert said["denial"] is None


def test_the_suggested_policy_is_enough_and_no_more(own_cloud: CloudProcess, worker: dict[str, Any]) -> None:
    iam, owner, sqs = own_cloud.client("iam"), own_cloud.client("sqs"), own_cloud.client("sqs", **worker)
    queue = owner.create_queue(QueueName="jobs")["QueueUrl"]
    denied(sqs.get_queue_attributes, QueueUrl=queue)
    denied(sqs.send_message, QueueUrl=queue, MessageBody="x")

    policy = iam_of(own_cloud, "suggest", "--principal", "arn:aws:iam::000000000000:user/worker", "--since", "1h")
    assert [one["Action"] for one in json.loads(policy)["Statement"]] == [["sqs:GetQueueAttributes", "sqs:SendMessage"]]
    iam.put_user_policy(UserName="worker", PolicyName="suggested", PolicyDocument=policy)

    sqs.get_queue_attributes(QueueUrl=queue)
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    denied(sqs.receive_message, QueueUrl=queue)


def test_a_request_that_nobody_made_is_said_to_be_unknown(own_cloud: CloudProcess) -> None:
    run = fogstead("iam", "explain", "no-such-request", data_dir=own_cloud.data_dir)
    assert (run.returncode, run.stdout) == (1, "")
    assert "nothing is known of that request" in run.stderr
