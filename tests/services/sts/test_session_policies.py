"""Policies that narrow a session."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import allow, policy, refused

Make = Callable[..., Any]
READ_ONLY = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"


def test_a_session_may_what_its_role_and_its_policy_both_allow(worker: Make) -> None:
    sqs = worker("sqs", Policy=policy(allow("sqs:List*"), allow("iam:*")))
    sqs.list_queues()
    with refused("AccessDenied", "because no session policy allows the sqs:CreateQueue action"):
        sqs.create_queue(QueueName="q")


def test_managed_policies_narrow_a_session_too(worker: Make, iam: Any) -> None:
    mine = iam.create_policy(PolicyName="queues", PolicyDocument=policy(allow("sqs:CreateQueue")))["Policy"]["Arn"]
    sqs = worker("sqs", PolicyArns=[{"arn": READ_ONLY}, {"arn": mine}])
    sqs.create_queue(QueueName="q")
    sqs.list_queues()
    with refused("AccessDenied", "no session policy"):
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"], MessageBody="hello")


def test_a_managed_policy_that_is_not_there_allows_nothing(worker: Make, account: str) -> None:
    sqs = worker("sqs", PolicyArns=[{"arn": f"arn:aws:iam::{account}:policy/absent"}])
    with refused("AccessDenied", "no session policy"):
        sqs.list_queues()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "This policy contains invalid Json"),
        ("[]", "Syntax errors in policy"),
        (policy({"Effect": "Allow", "Action": "list", "Resource": "*"}), "must be prefaced by a vendor"),
        (policy({**allow("sqs:*"), "Principal": "*"}), "Policy document should not specify a principal."),
    ],
)
def test_a_policy_that_means_nothing_is_refused(worker: Make, document: str, sentence: str) -> None:
    with refused("MalformedPolicyDocument", sentence, status=400):
        worker("sqs", Policy=document)


def test_a_policy_has_at_most_2048_characters(worker: Make) -> None:
    full = policy(allow("sqs:*")) + " " * 2048
    worker("sqs", Policy=full[:2048])
    with refused("ValidationError", "Member must have length less than or equal to 2048", status=400):
        worker("sqs", Policy=full[:2049])


def test_a_session_has_at_most_ten_managed_policies_of_its_own_account(worker: Make) -> None:
    with refused("ValidationError", "Member must have length less than or equal to 10", status=400):
        worker("sqs", PolicyArns=[{"arn": READ_ONLY}] * 11)
    with refused("InvalidParameterValue", "ARN arn:aws:iam::123456789012:policy/theirs is not valid.", status=400):
        worker("sqs", PolicyArns=[{"arn": "arn:aws:iam::123456789012:policy/theirs"}])


def test_what_is_asked_for_must_fit_into_a_token(sts: Any, role: Make) -> None:
    arn = role("worker")
    noise = {"Sid": "".join(f"{number * 7919:x}" for number in range(100)), **allow("sqs:*")}
    several = {"RoleArn": arn, "RoleSessionName": "work", "Policy": policy(noise)}
    answer = sts.assume_role(**several)
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"]) <= 4096
    assert (
        answer["PackedPolicySize"] == answer["SessionTokenUtilization"] == -(-answer["SessionTokenSize"] * 100 // 4096)
    )
    tags = [{"Key": f"k{number}", "Value": random.Random(number).randbytes(120).hex()} for number in range(45)]
    with refused("PackedPolicyTooLarge", "of allotted space, please use smaller policy.", status=400):
        sts.assume_role(**several, Tags=tags)
    del several["Policy"]
    with refused("PackedPolicyTooLarge", "Packed size of session tags consumes ", status=400):
        sts.assume_role(**several, Tags=tags)


@pytest.mark.parametrize("size", [0, 1_000, 4_096])
def test_a_token_can_be_asked_to_be_long(sts: Any, role: Make, size: int) -> None:
    answer = sts.assume_role(RoleArn=role("worker"), RoleSessionName="work", MinimumSessionTokenSize=size)
    assert size <= answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"]) <= 4096


def test_a_session_policy_may_use_the_sessions_tags(worker: Make) -> None:
    own = allow("sqs:*", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}-*")
    sqs = worker("sqs", Policy=policy(own), Tags=[{"Key": "team", "Value": "blue"}])
    sqs.create_queue(QueueName="blue-orders")
    with refused("AccessDenied"):
        sqs.create_queue(QueueName="red-orders")


def test_a_denial_says_that_the_sessions_policy_denied(worker: Make) -> None:
    sqs = worker("sqs", Policy=policy({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}))
    with refused("AccessDenied", "with an explicit deny in a session policy"):
        sqs.list_queues()
