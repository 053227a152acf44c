"""Policy documents: what they mean, and what is refused when it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial import ACCOUNT, OTHER_ACCOUNT, OTHER_ROOT, ROOT, USER

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.identity import ANONYMOUS, Principal, service_principal
from fogstead.kernel.policies import Policy, Question, Use, compile_policy, substitute

BUCKETS = service_principal("s3.amazonaws.com")
ROLE = Principal("role", ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session", "AROA:session")
RESOURCE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"


def statement(**elements: Any) -> dict[str, Any]:
    made = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", **elements}
    return {name: value for name, value in made.items() if value is not None}


def policy(*statements: dict[str, Any], use: Use = "resource", version: str = "2012-10-17") -> Policy:
    return compile_policy(json.dumps({"Version": version, "Statement": list(statements)}), use)


def applies(
    principal: Principal = USER,
    action: str = "sqs:SendMessage",
    resource: str = RESOURCE,
    context: dict[str, Any] | None = None,
    version: str = "2012-10-17",
    **elements: Any,
) -> bool:
    made = policy(statement(**elements), version=version)
    question = Question(principal, action, resource, ACCOUNT, context or {})
    return any(one.level(principal) and one.applies(question) for one in made.of(action))


# --------------------------------------------------------------------------- actions and resources
@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("sqs:SendMessage", True),
        ("SQS:sendmessage", True),
        ("sqs:Send*", True),
        ("sqs:*Message", True),
        ("sqs:Send?essage", True),
        ("*", True),
        (["sns:Publish", "sqs:SendMessage"], True),
        ("sqs:ReceiveMessage", False),
        ("sns:*", False),
        ("sqs:Send", False),
    ],
)
def test_actions_match_without_case_and_with_wildcards(action: Any, result: bool) -> None:
    assert applies(Action=action) is result
    assert applies(Action=None, NotAction=action) is not result


@pytest.mark.parametrize(
    ("resource", "result"),
    [
        (RESOURCE, True),
        ("*", True),
        ("arn:aws:sqs:*:*:jobs", True),
        ("arn:aws:sqs:us-east-1:*:j?bs", True),
        (["arn:aws:sqs:us-east-1:1:x", RESOURCE], True),
        (RESOURCE.upper().replace("ARN:", "arn:"), False),
        ("arn:aws:sqs:us-east-1:*:job", False),
        ("arn:aws:sns:*", False),
    ],
)
def test_resources_match_with_case_and_with_wildcards(resource: Any, result: bool) -> None:
    assert applies(Resource=resource) is result
    assert applies(Resource=None, NotResource=resource) is not result


def test_a_resources_own_policy_may_leave_the_resource_out() -> None:
    assert applies(Resource=None)
    with pytest.raises(PolicyFault, match="either Resource or NotResource"):
        policy(statement(Principal=None, Resource=None), use="identity")


# --------------------------------------------------------------------------- principals
@pytest.mark.parametrize(
    ("element", "matching"),
    [
        ("*", [USER, ROLE, ROOT, OTHER_ROOT, BUCKETS, ANONYMOUS]),
        ({"AWS": "*"}, [USER, ROLE, ROOT, OTHER_ROOT, ANONYMOUS]),
        ({"AWS": ACCOUNT}, [USER, ROLE, ROOT]),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, [USER, ROLE, ROOT]),
        ({"AWS": [OTHER_ACCOUNT, USER.arn]}, [USER, OTHER_ROOT]),
        ({"AWS": USER.arn}, [USER]),
        ({"AWS": ROLE.arn}, [ROLE]),
        ({"Service": "s3.amazonaws.com"}, [BUCKETS]),
        ({"Service": "sns.amazonaws.com"}, []),
        ({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"], "AWS": USER.arn}, [USER, BUCKETS]),
        ({"Federated": "cognito-identity.amazonaws.com"}, []),
        ({"Federated": "*"}, []),
        ({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, []),
    ],
)
def test_principals_of_every_form(element: Any, matching: list[Principal]) -> None:
    for principal in (USER, ROLE, ROOT, OTHER_ROOT, BUCKETS, ANONYMOUS):
        assert applies(principal, Principal=element) is (principal in matching)
        denies = applies(principal, Effect="Deny", Principal=None, NotPrincipal=element)
        assert denies is (principal not in matching)


@pytest.mark.parametrize(
    "element",
    [
        None,
        "",
        "s3.amazonaws.com",
        [],
        ["*"],
        {},
        7,
        {"AWS": "alice"},
        {"AWS": "arn:aws:iam::12:user/alice"},
        {"AWS": f"arn:aws:s3:::{ACCOUNT}"},
        {"AWS": "1111111111111"},
    ],
)
def test_what_names_no_principal_is_refused(element: Any) -> None:
    document = {"Statement": [{**statement(), "Principal": element}]}
    with pytest.raises(PolicyFault, match="Invalid principal in policy"):
        compile_policy(json.dumps(document), "resource")


# --------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This policy contains invalid Json"),
        ("{", "This policy contains invalid Json"),
        ("[" * 50_000, "This policy contains invalid Json"),
        ("[]", "Syntax errors in policy: a policy is a JSON object"),
        ("{}", "Syntax errors in policy: Statement is missing"),
        ('{"Statement": []}', "Syntax errors in policy: Statement is missing"),
        ('{"Statement": [7]}', "Syntax errors in policy: a statement is a JSON object"),
        ('{"Statements": []}', "Syntax errors in policy: unknown element Statements in policy"),
        ('{"Statement": [], "Statement": []}', "Syntax errors in policy: an element appears twice"),
        ('{"Version": "2013-10-17", "Statement": {}}', "The policy must contain a valid version string"),
        ('{"Version": [], "Statement": {}}', "The policy must contain a valid version string"),
        ('{"Version": null, "Statement": {}}', "The policy must contain a valid version string"),
        ("x" * 270_000, "The policy is too long."),
    ],
)
def test_a_document_that_is_no_policy_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(PolicyFault) as caught:
        compile_policy(text, "resource")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"Effect": None}, "Syntax errors in policy: Effect must be Allow or Deny"),
        ({"Effect": "allow"}, "Syntax errors in policy: Effect must be Allow or Deny"),
        ({"Effect": ["Allow"]}, "Syntax errors in policy: Effect must be Allow or Deny"),
        ({"Colour": "red"}, "Syntax errors in policy: unknown element Colour in statement"),
        ({"Sid": 5}, "Syntax errors in policy: Sid must be text"),
        ({"Action": None}, "Syntax errors in policy: a statement has either Action or NotAction"),
        ({"NotAction": "sqs:*"}, "Syntax errors in policy: a statement has either Action or NotAction"),
        ({"NotResource": "*"}, "Syntax errors in policy: a statement has either Resource or NotResource"),
        ({"Principal": None}, "Syntax errors in policy: a statement has either Principal or NotPrincipal"),
        ({"NotPrincipal": "*"}, "Syntax errors in policy: a statement has either Principal or NotPrincipal"),
        (
            {"Principal": None, "NotPrincipal": {"AWS": ACCOUNT}},
            "Syntax errors in policy: NotPrincipal must be used with Effect Deny",
        ),
        ({"Principal": {"Robot": "r"}}, "Invalid principal in policy"),
        ({"Principal": {"Service": 5}}, "Syntax errors in policy: Principal must be text"),
        ({"Action": 5}, "Syntax errors in policy: Action must be text"),
        ({"Action": "SendMessage"}, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ({"Action": "*:SendMessage"}, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ({"Action": []}, "Policy statement must contain actions."),
        ({"Resource": []}, "Policy statement must contain resources."),
        ({"Resource": "jobs"}, 'Resource jobs must be in ARN format or "*".'),
        ({"Condition": []}, "Syntax errors in policy: Condition is a JSON object"),
        ({"Condition": {"StringEquals": "x"}}, "Syntax errors in policy: a condition names keys"),
        (
            {"Condition": {"StringEquals": {"k": {}}}},
            "Syntax errors in policy: a condition value is text, a number or a boolean",
        ),
        ({"Condition": {"Same": {"k": "v"}}}, "Syntax errors in policy: unknown condition operator Same"),
    ],
)
def test_a_statement_that_means_nothing_is_refused(elements: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PolicyFault) as caught:
        policy(statement(**elements))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_an_exception_to_nothing_does_not_mean_everything(element: str) -> None:
    made = {name: value for name, value in statement().items() if name != element.removeprefix("Not")}
    for nothing in (None, []):
        with pytest.raises(PolicyFault, match="Policy statement must contain"):
            compile_policy(json.dumps({"Statement": {**made, element: nothing}}), "resource")


def test_an_identity_policy_names_no_principal() -> None:
    with pytest.raises(PolicyFault, match="Policy document should not specify a principal"):
        policy(statement(), use="identity")
    assert policy(statement(Principal=None), use="identity").statements[0].level_of is None


def test_a_single_statement_needs_no_list() -> None:
    assert len(compile_policy(json.dumps({"Statement": statement()}), "resource").statements) == 1


def test_a_policy_knows_whether_it_denies_anything() -> None:
    assert not policy(statement()).has_deny
    assert policy(statement(), statement(Effect="Deny")).has_deny


def test_the_same_text_is_compiled_once() -> None:
    assert policy(statement(Sid="once")) is policy(statement(Sid="once"))


# --------------------------------------------------------------------------- conditions and variables
def test_all_operators_and_all_keys_of_a_condition_have_to_hold() -> None:
    condition = {"StringEquals": {"a": "1", "b": ["2", "3"]}, "Bool": {"c": True}, "NumericLessThan": {"n": 5}}

    assert applies(context={"a": "1", "b": "3", "c": "true", "n": "4"}, Condition=condition)
    for broken in ({"a": "x"}, {"b": "1"}, {"c": "false"}, {"n": "5"}):
        context = {"a": "1", "b": "3", "c": "true", "n": "4", **broken}
        assert not applies(context=context, Condition=condition)


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("plain", {}, "plain"),
        ("home/${aws:username}/", {"aws:username": "alice"}, "home/alice/"),
        ("${AWS:UserName}", {"aws:username": "alice"}, "alice"),
        ("${aws:username}", {}, None),
        ("${aws:username, 'nobody'}", {}, "nobody"),
        ("${aws:username,'nobody'}", {"aws:username": "alice"}, "alice"),
        ("${aws:username, ''}", {}, ""),
        ("${aws:tagkeys}", {"aws:tagkeys": ["a", "b"]}, None),
        ("${a}${b}", {"a": "1", "b": "2"}, "12"),
        ("${a}${b}", {"a": "1"}, None),
        ("${*}${?}${$}", {}, "${*}${?}${$}"),
        ("${a}", {"a": "x*?$"}, "x${*}${?}${$}"),
        ("${unclosed", {}, "${unclosed"),
    ],
)
def test_variables_are_filled_in_from_the_context(text: str, values: dict[str, Any], filled: str | None) -> None:
    assert substitute(text, values) == filled


def test_variables_stand_in_resources_and_conditions() -> None:
    mine = f"arn:aws:sqs:us-east-1:{ACCOUNT}:${{aws:username}}"
    assert applies(context={"aws:username": "jobs"}, Resource=mine)
    assert not applies(context={"aws:username": "*"}, Resource=mine)
    assert not applies(Resource=mine)

    condition = {"StringEquals": {"aws:resourcetag/team": "${aws:principaltag/team}"}}
    assert applies(context={"aws:resourcetag/team": "a", "aws:principaltag/team": "a"}, Condition=condition)
    assert not applies(context={"aws:resourcetag/team": "a", "aws:principaltag/team": "b"}, Condition=condition)
    assert not applies(context={"aws:resourcetag/team": "a"}, Condition=condition)
    assert applies(context={"aws:resourcetag/team": "a*", "aws:principaltag/team": "a*"}, Condition=condition)


def test_a_value_is_never_a_pattern() -> None:
    condition = {"StringLike": {"k": "${v}"}}
    assert not applies(context={"k": "abc", "v": "*"}, Condition=condition)
    assert applies(context={"k": "*", "v": "*"}, Condition=condition)


def test_the_older_version_has_no_variables() -> None:
    condition = {"StringEquals": {"k": "${v}"}}
    assert not applies(context={"k": "a", "v": "a"}, Condition=condition, version="2008-10-17")
    assert applies(context={"k": "${v}"}, Condition=condition, version="2008-10-17")


# --------------------------------------------------------------------------- noise
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
NOISE = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
ELEMENTS = st.sampled_from(
    [
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "AWS",
        "Service",
        "StringLike",
        "ForAllValues:ArnLike",
        "IpAddress",
        "Null",
    ]
)
WORDS = st.sampled_from(["Allow", "Deny", "*", "sqs:*", "2012-10-17", RESOURCE, "${a", "${aws:username}", "true"])
LIKELY = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ELEMENTS, inner, max_size=5),
    max_leaves=20,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": WORDS | LIKELY, "Action": WORDS | LIKELY, "Principal": WORDS | LIKELY},
    optional={"Resource": WORDS | LIKELY, "Condition": LIKELY, "Sid": LIKELY},
)


@given(
    NOISE | LIKELY | st.fixed_dictionaries({"Statement": STATEMENTS | st.lists(STATEMENTS)}, optional={"Id": NOISE}),
    st.sampled_from(["identity", "resource"]),
)
def test_any_json_is_a_policy_that_can_be_asked_or_a_policy_fault(document: Any, use: Use) -> None:
    try:
        made = compile_policy(json.dumps(document), use)
    except PolicyFault:
        return
    context = {"aws:username": "a*", "sid": ["a", "b"]}
    for one in made.statements:
        one.applies(Question(USER, "sqs:SendMessage", RESOURCE, ACCOUNT, context))


@given(st.text())
def test_any_text_is_a_policy_or_a_policy_fault(text: str) -> None:
    with pytest.raises(PolicyFault):
        compile_policy(text, "resource")
