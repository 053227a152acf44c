"""Whether a call is allowed: the evaluator as a pure function."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial import ACCOUNT, OTHER_ACCOUNT, OTHER_ROOT, ROOT, USER

from fogstead.kernel.authorization import Access, Decision, decide
from fogstead.kernel.identity import ANONYMOUS, Principal, service_principal
from fogstead.kernel.policies import Policy, Question, Use, compile_policy
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.standing import EVERYTHING, PolicySet, Standing

STRANGER = Principal("user", OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:user/bob", "AIDABOB")
BUCKETS = service_principal("s3.amazonaws.com")
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"


def policy(*statements: dict[str, Any], use: Use) -> Policy:
    return compile_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), use)


def identity(effect: str, action: str = "sqs:*") -> Policy:
    return policy({"Effect": effect, "Action": action, "Resource": "*"}, use="identity")


def resource(effect: str, principal: Any = "*", **condition: Any) -> Policy:
    made = {"Effect": effect, "Principal": principal, "Action": "sqs:*", "Resource": QUEUE}
    return policy({**made, "Condition": condition} if condition else made, use="resource")


def ask(principal: Principal, *policies: Policy, by: Policy | None = None, **context: str) -> Decision:
    lowered = {name.replace("_", ":").lower(): value for name, value in context.items()}
    question = Question(principal, "sqs:SendMessage", QUEUE, ACCOUNT, lowered)
    return decide(question, standing_of(principal, policies), Access(by))


def standing_of(principal: Principal, policies: Sequence[Policy]) -> Standing:
    """A root stands on everything; others on policies called `p1`, `p2`, ..."""
    if principal.is_root and not policies:
        return EVERYTHING
    named = [(f"p{number}", policy) for number, policy in enumerate(policies, 1)]
    return Standing(PolicySet([*(EVERYTHING.identity.named if principal.is_root else ()), *named]))


def test_nobody_is_allowed_anything_by_default() -> None:
    for principal in (USER, STRANGER, OTHER_ROOT, BUCKETS, ANONYMOUS):
        assert not ask(principal).allowed


def test_an_accounts_root_is_allowed_everything_of_its_own() -> None:
    assert ask(ROOT).allowed
    assert not ask(OTHER_ROOT).allowed


def test_in_the_resources_own_account_either_side_may_allow() -> None:
    assert ask(USER, identity("Allow")).allowed
    assert ask(USER, by=resource("Allow", {"AWS": USER.arn})).allowed
    assert ask(USER, identity("Deny", "sns:*"), identity("Allow"), by=resource("Allow", {"AWS": OTHER_ACCOUNT})).allowed


def test_from_another_account_both_sides_have_to_allow() -> None:
    theirs = resource("Allow", {"AWS": OTHER_ACCOUNT})

    assert not ask(STRANGER, identity("Allow")).allowed
    assert not ask(STRANGER, by=theirs).allowed
    assert ask(STRANGER, identity("Allow"), by=theirs).allowed
    assert ask(OTHER_ROOT, by=theirs).allowed


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    everything = (identity("Allow"), resource("Allow"))
    for principal in (USER, STRANGER, ROOT, OTHER_ROOT):
        assert ask(principal, everything[0], by=everything[1]).allowed
        assert not ask(principal, everything[0], identity("Deny"), by=everything[1]).allowed
        both = policy(
            {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"},
            {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage"},
            use="resource",
        )
        assert not ask(principal, everything[0], by=both).allowed


def test_a_service_is_allowed_by_the_resources_policy_and_its_conditions_on_the_source() -> None:
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    allowed = resource("Allow", {"Service": "s3.amazonaws.com"}, **source)

    assert ask(BUCKETS, by=allowed, aws_SourceArn="arn:aws:s3:::photos", aws_SourceAccount=ACCOUNT).allowed
    assert not ask(BUCKETS, by=allowed, aws_SourceArn="arn:aws:s3:::others", aws_SourceAccount=ACCOUNT).allowed
    assert not ask(BUCKETS, by=allowed, aws_SourceArn="arn:aws:s3:::photos", aws_SourceAccount=OTHER_ACCOUNT).allowed
    assert not ask(BUCKETS, by=allowed).allowed
    other = service_principal("sns.amazonaws.com")
    assert not ask(other, by=allowed, aws_SourceArn="arn:aws:s3:::photos", aws_SourceAccount=ACCOUNT).allowed


def test_an_anonymous_caller_is_allowed_by_a_public_policy_only() -> None:
    assert ask(ANONYMOUS, by=resource("Allow")).allowed
    assert ask(ANONYMOUS, by=resource("Allow", {"AWS": "*"})).allowed
    assert not ask(ANONYMOUS, by=resource("Allow", {"AWS": ACCOUNT})).allowed
    assert not ask(ANONYMOUS, by=resource("Allow", {"Service": "s3.amazonaws.com"})).allowed


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (
            ask(USER),
            (
                f"User: {USER.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
                "because no identity-based policy allows the sqs:SendMessage action"
            ),
        ),
        (
            ask(USER, identity("Deny")),
            (
                f"User: {USER.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
                "with an explicit deny in an identity-based policy: p1, statement 1"
            ),
        ),
        (
            ask(ROOT, by=resource("Deny")),
            (
                f"User: {ROOT.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
                "with an explicit deny in a resource-based policy: the resource's policy, statement 1"
            ),
        ),
        (
            ask(STRANGER, identity("Allow")),
            (
                f"User: {STRANGER.arn} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
                "because no resource-based policy allows the sqs:SendMessage action"
            ),
        ),
        (
            ask(ANONYMOUS),
            (
                f"User: Anonymous is not authorized to perform: sqs:SendMessage on resource: {QUEUE} "
                "because no resource-based policy allows the sqs:SendMessage action"
            ),
        ),
    ],
)
def test_a_refusal_says_who_what_and_why(decision: Decision, sentence: str) -> None:
    assert (decision.allowed, decision.reason) == (False, sentence)


# --------------------------------------------------------------------------- properties
CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:requestedregion": "us-east-1"}},
        {"StringNotEquals": {"aws:requestedregion": "us-east-1"}},
        {"Null": {"aws:sourceip": "true"}},
        {"IpAddressIfExists": {"aws:sourceip": "10.0.0.0/8"}},
        {"ForAllValues:StringLike": {"aws:tagkeys": ["a*"]}},
    ]
)
BODIES = st.fixed_dictionaries(
    {
        "Action": st.sampled_from(["*", "sqs:*", "sqs:Send*", "sns:Publish", ["sqs:SendMessage"]]),
        "Resource": st.sampled_from(["*", QUEUE, "arn:aws:sqs:*:*:j*", "arn:aws:sqs:*:*:other"]),
        "Condition": CONDITIONS,
    }
)
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": STRANGER.arn}, {"Service": "s3.amazonaws.com"}]
)
IDENTITY = st.builds(lambda body, effect: {**body, "Effect": effect}, BODIES, st.sampled_from(["Allow", "Deny"]))
ON_RESOURCE = st.builds(lambda statement, principal: {**statement, "Principal": principal}, IDENTITY, PRINCIPALS)
CALLERS = st.sampled_from([USER, ROOT, STRANGER, OTHER_ROOT, BUCKETS, ANONYMOUS])
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:requestedregion": st.sampled_from(["us-east-1", "eu-west-1"]),
        "aws:sourceip": st.sampled_from(["10.0.0.1", "192.0.2.1"]),
        "aws:tagkeys": st.sampled_from([["a"], ["a", "b"], []]),
    },
)


def _decided(
    caller: Principal, context: Any, on_identity: list[dict[str, Any]], on_resource: list[dict[str, Any]]
) -> bool:
    question = Question(caller, "sqs:SendMessage", QUEUE, ACCOUNT, context)
    return decide(
        question,
        standing_of(caller, [policy(*on_identity, use="identity")] if on_identity else []),
        Access(policy(*on_resource, use="resource") if on_resource else None),
    ).allowed


@given(CALLERS, CONTEXTS, st.lists(IDENTITY, max_size=4), st.lists(ON_RESOURCE, max_size=4), ON_RESOURCE)
def test_one_more_deny_never_allows_more_and_one_more_allow_never_less(
    caller: Principal,
    context: Any,
    on_identity: list[dict[str, Any]],
    on_resource: list[dict[str, Any]],
    more: dict[str, Any],
) -> None:
    before = _decided(caller, context, on_identity, on_resource)
    without_principal = {name: value for name, value in more.items() if name != "Principal"}
    for effect in ("Deny", "Allow"):
        changed = [
            _decided(caller, context, [*on_identity, {**without_principal, "Effect": effect}], on_resource),
            _decided(caller, context, on_identity, [*on_resource, {**more, "Effect": effect}]),
        ]
        for after in changed:
            assert after <= before if effect == "Deny" else after >= before


@given(CALLERS, CONTEXTS, st.lists(IDENTITY, max_size=4), st.lists(ON_RESOURCE, max_size=4), st.randoms())
def test_the_order_of_statements_never_matters(
    caller: Principal, context: Any, on_identity: list[dict[str, Any]], on_resource: list[dict[str, Any]], random: Any
) -> None:
    before = _decided(caller, context, on_identity, on_resource)
    random.shuffle(on_identity)
    random.shuffle(on_resource)
    assert _decided(caller, context, on_identity, on_resource) is before


# --------------------------------------------------------------------------- lists of the resource's own
def granted(principal: Principal, *policies: Policy, by: Policy | None = None) -> Decision:
    question = Question(principal, "sqs:SendMessage", QUEUE, ACCOUNT, {})
    return decide(question, standing_of(principal, policies), Access(by, granted=Level.EXACT))


def test_what_a_resources_lists_grant_counts_as_if_its_policy_allowed_it() -> None:
    """Whoever they let in would be let in by a policy that allows everybody, and nobody else."""
    everybody = resource("Allow")
    for principal in (USER, ROOT, STRANGER, OTHER_ROOT, BUCKETS, ANONYMOUS):
        for policies in ((), (identity("Allow"),), (identity("Deny"),)):
            by_list, by_policy = granted(principal, *policies), ask(principal, *policies, by=everybody)
            assert (by_list.allowed, by_list.reason) == (by_policy.allowed, by_policy.reason)
    assert granted(ANONYMOUS).allowed
    assert not granted(STRANGER).allowed


def test_a_deny_wins_over_what_lists_grant() -> None:
    for principal in (USER, OTHER_ROOT, ANONYMOUS):
        assert "explicit deny in a resource-based policy" in granted(principal, by=resource("Deny")).reason
