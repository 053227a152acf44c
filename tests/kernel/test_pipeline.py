"""The stages around every call."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from trial import ACCOUNT, HOME, OTHER_ACCOUNT, OTHER_ROOT, ROOT, START, USER, Trial, secret_arn
from trial_services.secretsmanager.secrets import GATE
from trial_services.secretsmanager.service import InvalidRequest, ResourceNotFound, secretsmanager

from fogstead.kernel.audit import HIDDEN, AuditRecord
from fogstead.kernel.context_keys import context_of
from fogstead.kernel.errors import (
    AccessDenied,
    InternalFailure,
    NotImplementedHere,
    ServiceError,
    ServiceUnavailable,
    Throttled,
    ValidationError,
)
from fogstead.kernel.identity import ANONYMOUS, Principal
from fogstead.kernel.pipeline import BEFORE, INSIDE
from fogstead.kernel.standing import NOTHING
from fogstead.primitives.store import Home
from fogstead.primitives.store.adversary import AdversaryStore, Trouble


def test_the_stages_stand_in_two_lists_in_their_order() -> None:
    assert [stage.name for stage in BEFORE] == [
        "refuse the caller",
        "validate input",
        "refuse what is not honoured",
        "throttle",
        "locate",
    ]
    assert [stage.name for stage in INSIDE] == [
        "find the resource",
        "authorise",
        "require the resource",
        "replay the token",
        "handle",
    ]


async def test_the_input_is_checked_before_anybody_is_asked_for_permission(trial: Trial) -> None:
    with pytest.raises(ValidationError) as caught:
        await trial.secret("DescribeSecret", caller=USER)
    assert caught.value.message == (
        "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null"
    )


async def test_a_service_may_refuse_callers_whatever_policies_say(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(caller: Principal, operation: str) -> ServiceError | None:
        return InvalidRequest("Not you.") if (caller, operation) == (ROOT, "DescribeSecret") else None

    monkeypatch.setattr(secretsmanager, "refuses_caller", refusal)
    await trial.secret("CreateSecret", Name="db")
    with pytest.raises(InvalidRequest, match="Not you"):
        await trial.secret("DescribeSecret", SecretId="db")


async def test_all_faults_of_an_input_are_told_at_once(trial: Trial) -> None:
    with pytest.raises(ValidationError, match=r"^2 validation errors detected: "):
        await trial.secret("CreateSecret", Name="", ClientRequestToken="short")


async def test_whether_a_resource_exists_is_told_only_to_those_who_may_know(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="there")
    sentences = set()
    for name in ("there", "gone!"):
        for caller in (USER, ANONYMOUS, OTHER_ROOT):
            with pytest.raises(AccessDenied) as caught:
                await trial.secret("DescribeSecret", SecretId=secret_arn(name), caller=caller)
            sentences.add(caught.value.message.replace(name, "NAME"))
    assert len(sentences) == 3
    with pytest.raises(ResourceNotFound):
        await trial.secret("DescribeSecret", SecretId="gone!")


async def test_a_member_that_would_have_no_effect_is_refused_by_name(trial: Trial) -> None:
    with pytest.raises(NotImplementedHere, match=r"KmsKeyId is not implemented by this cloud\."):
        await trial.secret("CreateSecret", Name="a", KmsKeyId="alias/mine")
    await trial.secret("CreateSecret", Name="a", KmsKeyId="")


async def test_another_account_needs_the_resources_permission(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER_ACCOUNT}, "Action": "*", "Resource": secret_arn("a")}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    other = {"caller": OTHER_ROOT, "home": Home(OTHER_ACCOUNT, HOME.region), "SecretId": secret_arn("a")}

    with pytest.raises(AccessDenied):
        await trial.secret("DescribeSecret", **other)
    await trial.secret("PutResourcePolicy", SecretId="a", ResourcePolicy=policy)
    assert (await trial.secret("DescribeSecret", **other))["ARN"] == secret_arn("a")


async def test_a_deny_in_its_policy_binds_the_accounts_own_root(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}
    await trial.secret("PutResourcePolicy", SecretId="a", ResourcePolicy=json.dumps({"Statement": deny}))
    with pytest.raises(AccessDenied, match="explicit deny in a resource-based policy"):
        await trial.secret("DescribeSecret", SecretId="a")
    await trial.secret("DeleteSecret", SecretId="a")


async def test_a_policy_that_cannot_be_read_denies(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    await trial.secret("PutResourcePolicy", SecretId="a", ResourcePolicy="{")
    with pytest.raises(AccessDenied, match="The resource's policy cannot be read"):
        await trial.secret("DescribeSecret", SecretId="a")


@pytest.mark.parametrize("mode", ["audit", "off"])
async def test_without_enforcement_everybody_is_let_in(quick_trial: Trial, mode: str) -> None:
    await quick_trial.secret("CreateSecret", Name="a")
    await quick_trial.restart(auth=mode)
    assert await quick_trial.secret("DescribeSecret", SecretId="a", caller=USER)


async def test_a_throttled_operation_answers_a_burst_and_then_a_rate(quick_trial: Trial) -> None:
    await quick_trial.restart(throttles=True)

    async def answered(**given: Any) -> int:
        count = 0
        for _ in range(10):
            try:
                await quick_trial.secret("GetRandomPassword", **given)
            except Throttled:
                continue
            count += 1
        return count

    assert await answered() == 3
    assert await answered() == 0
    assert await answered(home=Home(OTHER_ACCOUNT, "us-east-1"), caller=OTHER_ROOT) == 3
    quick_trial.time.now += 1_000
    assert await answered() == 2
    assert quick_trial.cloud.counts.total("secretsmanager", "GetRandomPassword") == 40


async def test_nothing_is_throttled_unless_a_cloud_is_told_to(quick_trial: Trial) -> None:
    for _ in range(10):
        await quick_trial.secret("GetRandomPassword")


# --------------------------------------------------------------------------- what is counted and recorded
CALLS = [
    ("CreateSecret", {"Name": "b"}, ""),
    ("CreateSecret", {}, "ValidationException"),
    ("CreateSecret", {"Name": "b", "KmsKeyId": "k"}, "NotImplemented"),
    ("DescribeSecret", {"SecretId": "none"}, "ResourceNotFoundException"),
    ("DescribeSecret", {"SecretId": "a", "caller": USER}, "AccessDeniedException"),
    ("UpdateSecret", {"SecretId": "a", "SecretString": "refuse"}, "InvalidRequestException"),
    ("UpdateSecret", {"SecretId": "a", "SecretString": "crash"}, "InternalFailure"),
    ("RotateSecret", {"SecretId": "a"}, ""),
    ("RotateSecret", {"SecretId": "a", "RotationLambdaARN": "arn:aws:lambda:::refuse"}, "InvalidRequestException"),
]


@pytest.mark.parametrize(("operation", "given", "code"), CALLS)
async def test_every_call_is_counted_once_and_recorded_once(
    trial: Trial, operation: str, given: dict[str, Any], code: str
) -> None:
    await trial.secret("CreateSecret", Name="a")
    recorded = len(records_of(trial))
    before = dict(trial.cloud.counts)
    with contextlib.suppress(ServiceError):
        await trial.secret(operation, **given)

    grown = {series: n - before.get(series, 0) for series, n in trial.cloud.counts if n != before.get(series, 0)}
    assert grown == {("secretsmanager", operation, code): 1}
    assert [(one.operation, one.error_code) for one in records_of(trial)[recorded:]] == [(operation, code)]


async def test_a_record_says_who_asked_what_of_which_resource_from_where(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", SecretString="hush", Tags=[{"Key": "team", "Value": "a"}])
    record = records_of(trial)[0]
    assert record.user_identity == {"type": "Root", "principalId": ACCOUNT, "arn": ROOT.arn, "accountId": ACCOUNT}
    assert (record.at, record.event_source, record.operation) == (START, "secretsmanager.amazonaws.com", "CreateSecret")
    assert (record.account, record.region, record.source_ip) == (ACCOUNT, HOME.region, "192.0.2.7")
    assert [one["ARN"] for one in record.resources] == [secret_arn("a")]
    assert record.request_parameters == {
        "Name": "a",
        "SecretString": HIDDEN,
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    assert record.response_elements is not None
    assert record.asked == [("secretsmanager:CreateSecret", secret_arn("a"), "the account's root")]
    assert record.decision is None
    assert "hush" not in repr(record)


async def test_the_record_of_a_denial_says_why(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    with pytest.raises(AccessDenied):
        await trial.secret("DescribeSecret", SecretId="a", caller=USER)
    record = records_of(trial)[-1]
    assert record.error_code == "AccessDeniedException"
    assert record.decision is not None
    assert record.decision.reason == record.error_message
    assert trial.cloud.denials.find(record.request_id) == record.decision


async def test_a_data_event_is_counted_and_not_recorded(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    recorded = len(records_of(trial))
    await trial.secret("GetSecretValue", SecretId="a")
    assert len(records_of(trial)) == recorded
    assert trial.cloud.counts.total("secretsmanager", "GetSecretValue") == 1


def records_of(trial: Trial) -> list[AuditRecord]:
    """What was recorded, oldest first."""
    return list(trial.cloud.audit.records)


# --------------------------------------------------------------------------- what goes wrong
async def test_a_refusal_writes_nothing(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", SecretString="old")
    with pytest.raises(InvalidRequest):
        await trial.secret("UpdateSecret", SecretId="a", SecretString="refuse")
    assert (await trial.secret("DescribeSecret", SecretId="a"))["Description"] == "old"


async def test_an_exception_is_an_internal_failure_that_tells_and_writes_nothing(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", SecretString="old")
    with pytest.raises(InternalFailure) as caught:
        await trial.secret("UpdateSecret", SecretId="a", SecretString="crash")
    assert "asked to crash" not in caught.value.message
    assert (await trial.secret("DescribeSecret", SecretId="a"))["Description"] == "old"
    with pytest.raises(InternalFailure):
        await trial.secret("RotateSecret", SecretId="a", RotationLambdaARN="arn:aws:lambda:::crash")


@pytest.mark.parametrize("text", ["strange", "short", "wrong type"])
async def test_an_answer_that_its_model_does_not_know_is_caught(trial: Trial, text: str) -> None:
    await trial.secret("CreateSecret", Name="a")
    with pytest.raises(InternalFailure, match="UpdateSecret answered what its model does not know"):
        await trial.secret("UpdateSecret", SecretId="a", SecretString=text)


async def test_answers_are_checked_only_where_a_cloud_is_told_to(quick_trial: Trial) -> None:
    await quick_trial.restart(checks_outputs=False)
    await quick_trial.secret("CreateSecret", Name="a")
    assert (await quick_trial.secret("UpdateSecret", SecretId="a", SecretString="strange"))["Colour"] == "red"


async def test_a_storage_error_is_service_unavailable_and_nothing_is_kept(tmp_path: Any) -> None:
    trial = Trial("adversary", tmp_path)
    async with trial:
        store = trial.store
        assert isinstance(store, AdversaryStore)
        await trial.secret("CreateSecret", Name="a")
        store.trouble = Trouble(conflicts=0, storage_errors=1)
        for operation, given in (("CreateSecret", {"Name": "b"}), ("RotateSecret", {"SecretId": "a"})):
            with pytest.raises(ServiceUnavailable) as caught:
                await trial.secret(operation, **given)
            assert caught.value.status == 503
        store.trouble = Trouble(conflicts=0)
        GATE.closed = asyncio.Event()
        _, answer = trial.begin("secretsmanager", "RotateSecret", SecretId="a", ClientRequestToken="t" * 32)
        await trial.settled()
        store.trouble = Trouble(conflicts=0, storage_errors=1)
        GATE.closed.set()
        with pytest.raises(ServiceUnavailable):
            async with asyncio.timeout(2):
                await answer
        store.trouble = Trouble(conflicts=0)
        assert await trial.secret_names() == ["a"]
        assert (await trial.secret("DescribeSecret", SecretId="a"))["Description"] == ""


# --------------------------------------------------------------------------- the context of a call
async def test_the_context_has_the_global_keys_that_apply_and_no_others(quick_trial: Trial) -> None:
    invocation, answer = quick_trial.begin("secretsmanager", "CreateSecret", Name="a")
    await answer
    assert context_of(quick_trial.cloud, invocation, None, None, ACCOUNT, NOTHING, invocation.input) == {
        "aws:currenttime": "2027-01-15T08:00:00Z",
        "aws:epochtime": str(START // 1000),
        "aws:securetransport": "false",
        "aws:requestedregion": "us-east-1",
        "aws:viaawsservice": "false",
        "aws:principaltype": "Account",
        "aws:principalarn": ROOT.arn,
        "aws:principalisawsservice": "false",
        "aws:sourceip": "192.0.2.7",
        "aws:principalaccount": ACCOUNT,
        "aws:userid": ACCOUNT,
        "aws:resourceaccount": ACCOUNT,
    }


async def test_the_context_has_the_resources_tags(quick_trial: Trial) -> None:
    await quick_trial.secret("CreateSecret", Name="a", Tags=[{"Key": "Team", "Value": "Blue"}])
    invocation, answer = quick_trial.begin("secretsmanager", "DescribeSecret", SecretId="a", depth=1)
    await answer
    context = context_of(quick_trial.cloud, invocation, None, invocation.resource, ACCOUNT, NOTHING, invocation.input)
    assert context["aws:resourcetag/team"] == "Blue"
    assert "aws:sourceip" not in context


async def test_an_exception_before_the_transaction_is_an_internal_failure_too(trial: Trial) -> None:
    with pytest.raises(InternalFailure):
        await trial.secret("CreateSecret", Name=5)
    assert trial.cloud.counts.total("secretsmanager", "CreateSecret") == 1


# --------------------------------------------------------------------------- what resources say with every answer
async def test_what_a_resource_says_with_its_answers_is_there_where_the_model_has_a_place_for_it(trial: Trial) -> None:
    await trial.item("PutObject", Path="a", Body=b"")
    got = await trial.item("GetObject", Path="a")
    assert got["CacheControl"] == "no-store"
    assert await trial.item("DeleteObject", Path="a") == {}


async def test_a_call_on_another_accounts_resource_is_recorded_for_both(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a")
    recorded = len(records_of(trial))
    with pytest.raises(AccessDenied):
        await trial.secret(
            "DescribeSecret", SecretId=secret_arn("a"), caller=OTHER_ROOT, home=Home(OTHER_ACCOUNT, HOME.region)
        )
    mine, owners = records_of(trial)[recorded:]
    assert (mine.account, owners.account) == (OTHER_ROOT.account, ACCOUNT)
    assert mine.shared_event_id == owners.shared_event_id != ""
    assert mine.event_id != owners.event_id
    assert owners.user_identity == {
        "type": "AWSAccount",
        "principalId": OTHER_ROOT.account,
        "accountId": OTHER_ROOT.account,
    }
    assert (owners.decision, owners.asked) == (None, [])
