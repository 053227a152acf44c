"""The least policy that allows what was asked."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from trial import ACCOUNT, USER

from fogstead.kernel.asked_actions import KEPT_MAX, AskedActions, least_policy
from fogstead.kernel.authorization import decide
from fogstead.kernel.policies import Question
from fogstead.kernel.standing import PolicySet, Standing

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
BUCKET = "arn:aws:s3:::photos"
ASKED = st.sampled_from(
    [
        ("sqs:SendMessage", QUEUE),
        ("sqs:ListQueues", "*"),
        ("s3:PutObject", f"{BUCKET}/a"),
        ("s3:GetObject", f"{BUCKET}/b/c"),
        ("s3:ListBucket", BUCKET),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/bob"),
        ("sts:GetCallerIdentity", "*"),
        ("nothing:LikeIt", "arn:aws:nothing:::x"),
    ]
)


@given(st.lists(ASKED))
def test_it_allows_what_was_asked_and_nothing_else(asked: list[tuple[str, str]]) -> None:
    document = json.dumps(least_policy(asked))
    standing = Standing(PolicySet.of_texts([("p", document)])) if asked else Standing()
    for action, resource in asked:
        assert decide(Question(USER, action, resource, ACCOUNT, {}), standing).allowed
    others = {("s3:DeleteObject", f"{BUCKET}/a"), ("sqs:SendMessage", f"{QUEUE}2"), ("s3:PutObject", f"{BUCKET}/x")}
    for action, resource in others:
        assert not decide(Question(USER, action, resource, ACCOUNT, {}), standing).allowed


def test_actions_of_the_same_things_share_a_statement() -> None:
    made = least_policy([("sqs:SendMessage", QUEUE), ("sqs:ReceiveMessage", QUEUE), ("sqs:sendmessage", QUEUE)])
    assert made["Statement"] == [
        {
            "Sid": "Sqs1",
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:SendMessage"],
            "Resource": QUEUE,
        }
    ]


def test_many_objects_are_written_as_all_under_their_prefix() -> None:
    made = least_policy([("s3:GetObject", f"{BUCKET}/in/{number}") for number in range(100)])
    assert made["Statement"][0]["Resource"] == f"{BUCKET}/in/*"


def test_what_is_remembered_is_bounded_and_the_oldest_goes() -> None:
    asked = AskedActions()
    for number in range(KEPT_MAX + 10):
        asked.note("arn", [("s3:GetObject", f"{BUCKET}/{number}", None)], number)
    kept = asked.of("arn", 0)
    assert len(kept) == KEPT_MAX
    assert ("s3:GetObject", f"{BUCKET}/9") not in kept
    assert asked.of("arn", KEPT_MAX + 9) == [("s3:GetObject", f"{BUCKET}/{KEPT_MAX + 9}")]
    assert asked.of("other", 0) == []
