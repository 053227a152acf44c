"""Calls from service to service, each under a named identity."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trial import ACCOUNT, HOME, OTHER_ACCOUNT, OTHER_ROOT, REGION, ROOT, USER, Trial, secret_arn
from trial_services.secretsmanager.service import ResourceNotFound

from fogstead.kernel.calls import Call
from fogstead.kernel.errors import AccessDenied, CallTooDeep, NotImplementedHere, ValidationError
from fogstead.kernel.invocation import Invocation, Origin
from fogstead.kernel.resource import home_of

ORIGIN = Origin(request_id="r")
SOURCE = f"arn:aws:codecommit:us-east-1:{ACCOUNT}:r"


async def trigger(trial: Trial, who: str, secret: str = "s", **given: Any) -> Any:
    one = {"name": who, "destinationArn": f"arn:aws:iam::{ACCOUNT}:role/r", "customData": secret, "events": ["all"]}
    answer = await trial.ask("codecommit", "TestRepositoryTriggers", repositoryName="r", triggers=[one], **given)
    return answer["successfulExecutions"]


async def make(trial: Trial) -> None:
    await trial.ask("codecommit", "CreateRepository", repositoryName="r")
    await trial.secret("CreateSecret", Name="s")


async def allow(trial: Trial, principal: Any, **condition: Any) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "secretsmanager:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
    await trial.secret("PutResourcePolicy", SecretId="s", ResourcePolicy=json.dumps(policy))


async def test_a_call_as_the_caller_is_allowed_what_the_caller_is(trial: Trial) -> None:
    await make(trial)
    assert await trigger(trial, "caller") == ["s"]
    with pytest.raises(AccessDenied, match="user/alice is not authorized to perform: codecommit:Test"):
        await trigger(trial, "caller", caller=USER)


async def test_a_call_as_the_service_needs_the_targets_policy_and_its_source_decides(trial: Trial) -> None:
    await make(trial)
    with pytest.raises(AccessDenied, match=r"codecommit\.amazonaws\.com is not authorized"):
        await trigger(trial, "service")

    await allow(trial, {"Service": "codecommit.amazonaws.com"}, ArnEquals={"aws:SourceArn": SOURCE + "other"})
    with pytest.raises(AccessDenied):
        await trigger(trial, "service")

    source = {"ArnEquals": {"aws:SourceArn": SOURCE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    await allow(trial, {"Service": "codecommit.amazonaws.com"}, **source)
    assert await trigger(trial, "service") == ["s"]


async def test_the_error_of_the_callee_arrives_as_its_own(trial: Trial) -> None:
    await make(trial)
    with pytest.raises(ResourceNotFound):
        await trigger(trial, "caller", secret="other")
    with pytest.raises(ValidationError):
        await trigger(trial, "caller", secret="")


async def test_a_circle_of_calls_ends_in_an_error(trial: Trial) -> None:
    await make(trial)
    with pytest.raises(CallTooDeep):
        await trial.secret("RestoreSecret", SecretId="s")
    assert trial.cloud.counts.total("secretsmanager", "RestoreSecret") == 17


async def test_what_was_called_for_the_caller_says_so_in_its_context(trial: Trial) -> None:
    await make(trial)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}
    via = {"StringEquals": {"aws:CalledViaLast": "codecommit.amazonaws.com"}, "Bool": {"aws:ViaAWSService": True}}
    policy = {"Version": "2012-10-17", "Statement": [{**deny, "Condition": via}]}
    await trial.secret("PutResourcePolicy", SecretId="s", ResourcePolicy=json.dumps(policy))

    assert (await trial.secret("DescribeSecret", SecretId="s"))["Name"] == "s"
    with pytest.raises(AccessDenied, match="explicit deny in a resource-based policy"):
        await trigger(trial, "caller")


async def test_a_caller_of_another_account_stays_one(trial: Trial) -> None:
    await make(trial)
    await allow(trial, {"AWS": OTHER_ACCOUNT})
    with pytest.raises(AccessDenied):
        await trial.secret(
            "DescribeSecret", SecretId=secret_arn("s"), caller=USER.__class__("user", "3" * 12, "x", "y")
        )
    # The other account's root is allowed by the policy here, and by being root there.
    answer = await trial.secret("DescribeSecret", SecretId=secret_arn("s"), caller=OTHER_ROOT)
    assert answer["ARN"] == secret_arn("s")


def _call(trial: Trial, caller: Any = None, origin: Origin = ORIGIN) -> Call:
    """As a job has it, or an operation that somebody calls."""
    if caller is None:
        return Call(trial.cloud, HOME, origin, "codecommit")
    listing = trial.cloud.catalog.operation("codecommit", "ListRepositories")
    invocation = Invocation(listing, {}, caller, HOME, origin, lambda _result, _error: None, 0)
    return Call(trial.cloud, HOME, origin, "codecommit", invocation)


async def test_jobs_and_reactions_have_no_caller(quick_trial: Trial) -> None:
    with pytest.raises(AccessDenied, match="Nobody is calling: jobs and reactions call as a service or as a role"):
        _ = _call(quick_trial).as_caller


async def test_a_service_or_operation_that_does_not_exist_is_an_attribute_error(quick_trial: Trial) -> None:
    services = _call(quick_trial, ROOT).as_caller
    with pytest.raises(AttributeError, match="this cloud has no service sqs"):
        _ = services.sqs
    with pytest.raises(AttributeError, match="secretsmanager has no operation make_secret"):
        _ = services.secretsmanager.make_secret


async def test_an_operation_that_is_not_implemented_is_refused_as_such(quick_trial: Trial) -> None:
    with pytest.raises(NotImplementedHere):
        await _call(quick_trial, ROOT).as_caller.secretsmanager.cancel_rotate_secret(SecretId="s")


async def test_a_source_without_account_is_of_the_callers_own(quick_trial: Trial) -> None:
    services = _call(quick_trial).as_service(source="arn:aws:s3:::photos")
    assert (services._origin.source_arn, services._origin.source_account) == ("arn:aws:s3:::photos", ACCOUNT)
    services = _call(quick_trial).as_service(source=f"arn:aws:sns:us-east-1:{OTHER_ACCOUNT}:t")
    assert services._origin.source_account == OTHER_ACCOUNT


async def test_whose_a_source_is_can_be_said_where_its_arn_does_not(trial: Trial) -> None:
    """Buckets live in no account's home: the call is made from the account and the Region of their owner."""
    await make(trial)
    bucket = "arn:aws:s3:::photos"
    condition = {
        "ArnEquals": {"aws:SourceArn": bucket},
        "StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:RequestedRegion": REGION},
    }
    await allow(trial, {"Service": "codecommit.amazonaws.com"}, **condition)
    call = Call(trial.cloud, home_of("", ""), ORIGIN, "codecommit")

    found = await call.as_service(source=bucket, account=ACCOUNT, region=REGION).secretsmanager.describe_secret(
        SecretId="s"
    )
    assert found["ARN"] == secret_arn("s")
    with pytest.raises(AccessDenied):
        await call.as_service(source=bucket, account=OTHER_ACCOUNT, region=REGION).secretsmanager.describe_secret(
            SecretId=secret_arn("s")
        )


async def test_the_account_that_is_said_wins_over_the_sources_own(quick_trial: Trial) -> None:
    services = _call(quick_trial).as_service(source=f"arn:aws:sns:us-east-1:{OTHER_ACCOUNT}:t", account=ACCOUNT)
    assert services._origin.source_account == ACCOUNT


async def test_a_call_carries_on_its_origin_one_level_deeper(quick_trial: Trial) -> None:
    call = _call(quick_trial, ROOT, Origin("r", "http://here", "192.0.2.1", depth=3))
    origin = call.as_caller._origin
    assert (origin.base_url, origin.source_ip, origin.depth) == ("http://here", "192.0.2.1", 4)
    assert (origin.user_agent, origin.via, origin.secure) == ("codecommit", "codecommit.amazonaws.com", True)
    assert origin.request_id != "r"


async def test_the_transactions_of_a_call_know_its_caller(quick_trial: Trial) -> None:
    assert await _call(quick_trial, ROOT).transact(lambda tx: tx.caller) == ROOT
