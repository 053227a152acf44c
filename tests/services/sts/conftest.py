"""STS of the test's own account: roots, users, and roles that they take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from cloud import CloudProcess

from .helpers import EVERYTHING, client_of, key_in, policy, powerful_user, trust

Signed = Callable[..., Any]


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    """IAM, as the test's own account's root."""
    return client("iam")


@pytest.fixture
def signed(cloud: CloudProcess) -> Signed:
    """Makes clients that sign with a given key; without one they sign nothing."""
    return partial(client_of, cloud)


@pytest.fixture
def user_key(iam: Any) -> dict[str, str]:
    """The key of the user ada, who may do everything."""
    return powerful_user(iam, "ada")


@pytest.fixture
def sts(signed: Signed, user_key: dict[str, str]) -> Any:
    """STS, as ada."""
    return signed("sts", user_key)


@pytest.fixture
def role(iam: Any, account: str) -> Callable[..., str]:
    """Makes a role that may do everything, trusting the account unless statements say whom; gives its ARN."""

    def make(name: str, *statements: dict[str, Any], may: Any = EVERYTHING, **more: Any) -> str:
        trusted = policy(*(statements or (trust({"AWS": account}, "sts:AssumeRole", "sts:TagSession"),)))
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=policy(may))
        return arn

    return make


@pytest.fixture
def worker(sts: Any, role: Callable[..., str], signed: Signed) -> Callable[..., Any]:
    """Takes a role `worker` as ada, and makes clients that sign with it."""
    arn = role("worker")

    def make(service: str, **wanted: Any) -> Any:
        return signed(service, key_in(sts.assume_role(RoleArn=arn, RoleSessionName="work", **wanted)))

    return make
