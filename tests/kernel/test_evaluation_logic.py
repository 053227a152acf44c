"""How the kinds of policies work together, as IAM's evaluation logic tells it: each row is one of its cases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trial import ACCOUNT, OTHER_ACCOUNT, ROOT, USER

from fogstead.kernel.authorization import Access, Decision, decide
from fogstead.kernel.explanation import explain
from fogstead.kernel.identity import Principal, Session, service_principal
from fogstead.kernel.policies import Question, compile_policy
from fogstead.kernel.policy_principals import Level
from fogstead.kernel.standing import EVERYTHING, PolicySet, Standing

KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
ACTION = "kms:Decrypt"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app/r"
ROLE = Principal(
    "role",
    ACCOUNT,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/r/one",
    "AROAEXAMPLE12345678:one",
    name="r",
    session=Session(0, 1, "one", ROLE_ARN),
)
STRANGER = Principal("user", OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:user/bob", "AIDABOB", name="bob")
ALLOW = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": ACTION, "Resource": "*"}
ELSE = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def policies(*statements: dict[str, Any], name: str = "p") -> PolicySet:
    return PolicySet.of_texts([(name, json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))])


def naming(principal: Any, effect: str = "Allow", *, must_allow: bool = False, granted: Level = Level.NOT) -> Access:
    made = {"Effect": effect, "Principal": principal, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": made})
    return Access(compile_policy(text, "resource"), must_allow=must_allow, granted=granted)


def ask(principal: Principal, standing: Standing = Standing(), access: Access = Access()) -> Decision:  # noqa: B008
    return decide(Question(principal, ACTION, KEY, ACCOUNT, {}), standing, access)


BY_ACCOUNT = {"AWS": ACCOUNT}
BY_USER = {"AWS": USER.arn}
BY_ROLE = {"AWS": ROLE_ARN}
BY_SESSION = {"AWS": ROLE.arn}
ALLOWED, BOUNDED = Standing(policies(ALLOW)), Standing(policies(ALLOW), boundary=policies(ELSE))
BOUNDED_ONLY, SESSION_ONLY = Standing(boundary=policies(ELSE)), Standing(session=policies(ELSE))
SESSION = Standing(policies(ALLOW), session=policies(ELSE))


@pytest.mark.parametrize(
    ("principal", "standing", "access", "allowed"),
    [
        # an account's name in a resource's policy hands the decision to the account's own policies
        (USER, Standing(), naming(BY_ACCOUNT), False),
        (USER, ALLOWED, naming(BY_ACCOUNT), True),
        (ROLE, Standing(), naming(BY_ACCOUNT), False),
        # a user's own name needs nothing else, and no boundary holds it
        (USER, Standing(), naming(BY_USER), True),
        (USER, BOUNDED_ONLY, naming(BY_USER), True),
        # a role's name is held by boundary and session policies, a session's own name by neither
        (ROLE, Standing(), naming(BY_ROLE), True),
        (ROLE, BOUNDED_ONLY, naming(BY_ROLE), False),
        (ROLE, SESSION_ONLY, naming(BY_ROLE), False),
        (ROLE, BOUNDED_ONLY, naming(BY_SESSION), True),
        (ROLE, SESSION_ONLY, naming(BY_SESSION), True),
        # unique ids outlive names
        (ROLE, Standing(), naming({"AWS": "AROAEXAMPLE12345678"}), True),
        (ROLE, Standing(), naming({"AWS": "AROAANOTHER12345678"}), False),
        # what identity policies allow, boundary, session and organization must allow too
        (USER, BOUNDED, Access(), False),
        (ROLE, SESSION, Access(), False),
        (ROLE, Standing(policies(ALLOW), boundary=policies(ALLOW), session=policies(ALLOW)), Access(), True),
        (ROLE, Standing(boundary=policies(ALLOW), session=policies(ALLOW)), Access(), False),
        (USER, Standing(policies(ALLOW), organization=(policies(ELSE),)), Access(), False),
        (USER, Standing(policies(ALLOW), organization=(policies(ALLOW), policies(ELSE))), Access(), False),
        (USER, Standing(policies(ALLOW), organization=(policies(ALLOW), policies(ALLOW))), Access(), True),
        (USER, Standing(organization=(policies(ELSE),)), naming(BY_USER), False),
        # a deny anywhere wins
        (USER, Standing(policies(ALLOW, DENY)), naming(BY_USER), False),
        (USER, Standing(policies(ALLOW), boundary=policies(ALLOW, DENY)), naming(BY_USER), False),
        (ROLE, Standing(policies(ALLOW), session=policies(ALLOW, DENY)), naming(BY_SESSION), False),
        (USER, Standing(policies(ALLOW), organization=(policies(ALLOW, DENY),)), Access(), False),
        (USER, ALLOWED, naming("*", "Deny"), False),
        (ROOT, EVERYTHING, naming("*", "Deny"), False),
        # from another account both sides have to allow, however the resource names the caller
        (STRANGER, Standing(), naming({"AWS": STRANGER.arn}), False),
        (STRANGER, ALLOWED, naming({"AWS": STRANGER.arn}), True),
        (STRANGER, ALLOWED, naming({"AWS": OTHER_ACCOUNT}), True),
        (STRANGER, BOUNDED, naming({"AWS": STRANGER.arn}), False),
        (STRANGER, ALLOWED, Access(), False),
        # where a resource's policy must allow, nobody gets in without it: keys and roles
        (ROOT, EVERYTHING, naming(BY_USER, must_allow=True), False),
        (ROOT, EVERYTHING, naming(BY_ACCOUNT, must_allow=True), True),
        (USER, ALLOWED, naming(BY_ROLE, must_allow=True), False),
        (USER, ALLOWED, naming(BY_ACCOUNT, must_allow=True), True),
        (USER, Standing(), naming(BY_ACCOUNT, must_allow=True), False),
        (USER, Standing(), naming(BY_USER, must_allow=True), True),
        (USER, ALLOWED, Access(must_allow=True), False),
        (USER, Standing(), naming(BY_ROLE, must_allow=True, granted=Level.EXACT), True),
        # a list that names the account leaves it to the account; one that lets everybody in does not
        (USER, Standing(), Access(granted=Level.ACCOUNT), False),
        (USER, ALLOWED, Access(granted=Level.ACCOUNT), True),
        (STRANGER, Standing(), Access(granted=Level.ACCOUNT), False),
        (STRANGER, ALLOWED, Access(granted=Level.ACCOUNT), True),
        (USER, Standing(), Access(granted=Level.EXACT), True),
        (USER, Standing(), naming("*", "Deny", granted=Level.EXACT), False),
        # services stand on the resource's policy alone
        (service_principal("s3.amazonaws.com"), Standing(), naming({"Service": "s3.amazonaws.com"}), True),
        (service_principal("s3.amazonaws.com"), Standing(), naming(BY_ACCOUNT), False),
        (Principal("web", "", "arn:aws:iam::1:oidc-provider/x", "sub"), Standing(), naming("*"), True),
        (Principal("web", "", "idp", "sub"), Standing(), naming({"Federated": "idp"}), True),
        (Principal("web", "", "idp", "sub"), Standing(), naming({"Federated": "other"}), False),
    ],
)
def test_the_kinds_of_policies_work_together(
    principal: Principal, standing: Standing, access: Access, allowed: bool
) -> None:
    decision = ask(principal, standing, access)
    assert decision.allowed is allowed, decision.reason


@pytest.mark.parametrize(
    ("standing", "access", "why"),
    [
        (Standing(), Access(), "because no identity-based policy allows the kms:Decrypt action"),
        (BOUNDED, Access(), "because no permissions boundary allows the kms:Decrypt action"),
        (SESSION, Access(), "because no session policy allows the kms:Decrypt action"),
        (
            Standing(policies(ALLOW), organization=(policies(ELSE),)),
            Access(),
            "because no service control policy allows the kms:Decrypt action",
        ),
        (ALLOWED, Access(must_allow=True), "because no resource-based policy allows the kms:Decrypt action"),
        (
            Standing(policies(ALLOW), boundary=policies({**DENY, "Sid": "Never"}, name="arn:b")),
            Access(),
            "with an explicit deny in a permissions boundary: arn:b, statement Never",
        ),
    ],
)
def test_a_refusal_names_what_decided(standing: Standing, access: Access, why: str) -> None:
    decision = ask(USER, standing, access)
    assert decision.reason == f"User: {USER.arn} is not authorized to perform: {ACTION} on resource: {KEY} {why}"


def test_a_stranger_is_not_told_which_statement_it_was() -> None:
    decision = ask(STRANGER, ALLOWED, naming("*", "Deny"))
    assert decision.reason.endswith("with an explicit deny in a resource-based policy")


# --------------------------------------------------------------------------- the tree
def test_the_tree_says_of_every_statement_what_it_missed() -> None:
    office = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    standing = Standing(
        policies(ELSE, {**ALLOW, "Sid": "Office", "Condition": office}, {**ALLOW, "Resource": "arn:aws:kms:::x"}),
        boundary=policies(ALLOW, name="arn:b"),
    )
    question = Question(USER, ACTION, KEY, ACCOUNT, {"aws:sourceip": "192.0.2.7", "aws:userid": "u"})
    tree = explain(question, standing, naming(BY_ROLE))

    weighed = tree.kinds["identity-based policies"]
    assert [(one.statement, one.missed) for one in weighed] == [
        ("1", "action"),
        ("Office", "condition IpAddress aws:SourceIp: 10.0.0.0/8 (it is 192.0.2.7)"),
        ("3", "resource"),
    ]
    assert [one.missed for one in tree.kinds["resource-based policy"]] == ["principal"]
    assert [(one.policy, one.missed) for one in tree.kinds["permissions boundary"]] == [("arn:b", "")]
    assert not tree.allowed
    assert tree.reason == decide(question, standing, naming(BY_ROLE)).reason
    assert tree.context == {"aws:sourceip": "192.0.2.7"}


def test_a_tree_is_bounded_and_says_so() -> None:
    many = Standing(policies(*[ALLOW] * 500))
    tree = explain(Question(USER, ACTION, KEY, ACCOUNT, {}), many, Access())
    assert (len(tree.kinds["identity-based policies"]), tree.more) == (200, True)
