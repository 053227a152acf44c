"""Parameters that go by their own policy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud import CloudProcess
from sealed_services import refused


def expires(at: datetime | str) -> dict[str, Any]:
    stamp = at if isinstance(at, str) else at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": stamp}}


def put(ssm: Any, policies: Any = None, **more: Any) -> Any:
    if policies is not None:
        more["Policies"] = policies if isinstance(policies, str) else json.dumps(policies)
    return ssm.put_parameter(Name="/db", Value="v", **{"Type": "String", "Tier": "Advanced", **more})


def test_a_parameter_goes_when_its_policy_says_though_the_cloud_was_killed(own_cloud: CloudProcess) -> None:
    ssm = own_cloud.client("ssm")
    put(ssm, [expires(datetime.now(UTC) + timedelta(days=3))])
    put(ssm, Overwrite=True)
    shown = ssm.describe_parameters()["Parameters"][0]["Policies"]
    assert [(one["PolicyType"], one["PolicyStatus"]) for one in shown] == [("Expiration", "Pending")]
    own_cloud.kill()
    own_cloud.start()
    own_cloud.advance(2 * 86_400)
    assert ssm.get_parameter(Name="/db")["Parameter"]["Version"] == 2
    own_cloud.advance(2 * 86_400)
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/db")
    put(ssm)
    own_cloud.advance(30 * 86_400)
    assert ssm.get_parameter(Name="/db")["Parameter"]["Version"] == 1


@pytest.mark.parametrize("empty", ["[{}]", "[]"])
def test_the_empty_policy_takes_the_others_back(own_cloud: CloudProcess, empty: str) -> None:
    ssm = own_cloud.client("ssm")
    put(ssm, [expires(datetime.now(UTC) + timedelta(days=3))])
    put(ssm, empty, Overwrite=True)
    assert ssm.describe_parameters()["Parameters"][0]["Policies"] == []
    own_cloud.advance(9 * 86_400)
    assert ssm.get_parameter(Name="/db")["Parameter"]["Version"] == 2


@pytest.mark.parametrize(
    ("policies", "code"),
    [
        ("{", "InvalidPolicyAttributeException"),
        ("{}", "InvalidPolicyAttributeException"),
        ([{"Type": "None", "Version": "1.0"}], "InvalidPolicyTypeException"),
        ([{**expires("2999-01-01T00:00:00Z"), "Version": "2.0"}], "InvalidPolicyTypeException"),
        ([expires("soon")], "InvalidPolicyAttributeException"),
        ([expires("2001-01-01T00:00:00Z")], "InvalidPolicyAttributeException"),
        ([expires("2999-01-01T00:00:00Z")] * 2, "IncompatiblePolicyException"),
        ([expires("2999-01-01T00:00:00Z")] * 11, "PoliciesLimitExceededException"),
        ([{"Type": "NoChangeNotification", "Version": "1.0"}], "NotImplemented"),
        ([{"Type": "ExpirationNotification", "Version": "1.0"}], "NotImplemented"),
    ],
)
def test_policies_that_are_none_are_refused(ssm: Any, policies: Any, code: str) -> None:
    with refused(code):
        put(ssm, policies)
    assert ssm.describe_parameters()["Parameters"] == []


def test_policies_are_for_advanced_parameters(ssm: Any) -> None:
    with refused("ValidationException"):
        put(ssm, [expires("2999-01-01T00:00:00Z")], Tier="Standard")
    assert put(ssm, [expires("2999-01-01T00:00:00Z")], Tier="Intelligent-Tiering")["Tier"] == "Advanced"
