"""Who calls, and with which examples."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloud import CloudProcess
from laws.examples import Examples, examples_class, fresh
from laws.wire import Caller


@pytest.fixture
def owner(cloud: CloudProcess, account: str) -> Caller:
    """The root of the test's own account."""
    return Caller(cloud, account)


@pytest.fixture
def stranger(owner: Caller) -> Caller:
    """The root of another account."""
    return owner.of(account="999999999999")


@pytest.fixture
def powerless(owner: Caller) -> Caller:
    """A user of the owner's account, with keys and without a policy."""
    name = fresh("powerless")
    owner.does("iam", "CreateUser", {"UserName": name})
    key = owner.does("iam", "CreateAccessKey", {"UserName": name})["AccessKey"]
    return owner.of(account=key["AccessKeyId"], secret=key["SecretAccessKey"])


@pytest.fixture
def examples(owner: Caller) -> Callable[[str], Examples]:
    """A service's examples, made by the owner."""
    return lambda service: examples_class(service)(owner)
