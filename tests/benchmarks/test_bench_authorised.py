"""Users and roles are timed only where policies decide."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from benchmarks.authorised import AUTHORISED, identity_policies
from benchmarks.measure import timed
from benchmarks.replay import Load
from benchmarks.rows import Row
from benchmarks.servers import Server, fogstead

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")
LOAD = Load(seconds=0.2)


def row(name: str) -> Row:
    """By its name."""
    return next(each for each in AUTHORISED if each.name == name)


@pytest.fixture(scope="module")
def enforcing() -> Iterator[Server]:
    """A cloud as shipped."""
    server = Server(fogstead()).start()
    yield server
    server.stop()


@pytest.mark.parametrize("name", [each.name for each in AUTHORISED])
def test_each_caller_gets_a_figure(enforcing: Server, name: str) -> None:
    sample = timed(enforcing, row(name), LOAD)
    assert "failed" not in sample, sample
    assert sample["failures"] == 0
    assert sample["cpu_us"] > 0


@pytest.mark.parametrize("name", ["auth-user-1", "auth-session-1"])
def test_a_cloud_that_allows_everything_gets_none(name: str) -> None:
    server = Server(fogstead("fogstead auth off", "--auth", "off")).start()
    try:
        assert timed(server, row(name), LOAD)["failed"] == "WrongAnswer: what no policy allows was answered with 200"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("in_front", "last"), [(False, "arn:aws:sqs:us-east-1:300000000000:q*"), (True, "arn:aws:sqs:*:300000000000:*q")]
)
def test_half_of_the_policies_have_wildcards_and_the_last_is_of_the_queue(in_front: bool, last: str) -> None:
    texts = identity_policies(100, "300000000000", "q", in_front=in_front)
    resources = [json.loads(text)["Statement"][0]["Resource"] for text in texts]
    assert sum("*" in each for each in resources) == 50
    assert [each for each in resources if "other-" not in each] == [resources[-1]] == [last]
    assert identity_policies(1, "300000000000", "q") == [
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sqs:SendMessage",
                        "Resource": "arn:aws:sqs:us-east-1:300000000000:q",
                    }
                ],
            }
        )
    ]
