"""What LocalStack's variables mean here."""

from __future__ import annotations

import pytest

from fogstead.cli import localstack


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:4567", "0.0.0.0", 4567),
        (":4567", None, 4567),
        ("127.0.0.1", "127.0.0.1", None),
        ("[::1]:4567", "::1", 4567),
        ("0.0.0.0:4567,", "0.0.0.0", 4567),
    ],
)
def test_gateway_listen_is_an_address(text: str, host: str | None, port: int | None) -> None:
    found = localstack.read({"GATEWAY_LISTEN": text})
    assert (found.host, found.port, found.warnings) == (host, port, [])


def test_only_the_first_of_several_addresses_counts_and_that_is_said() -> None:
    found = localstack.read({"GATEWAY_LISTEN": "127.0.0.1:4566,127.0.0.1:443", "EDGE_PORT": "9"})
    assert found.port == 4566
    assert "127.0.0.1:443 has no effect" in found.warnings[0]


@pytest.mark.parametrize("text", ["::1:4566", "host:port", ",", "a:b:c"])
def test_what_is_no_address_is_warned_about(text: str) -> None:
    found = localstack.read({"GATEWAY_LISTEN": text})
    assert (found.host, found.port) == (None, None)
    assert len(found.warnings) == 1


def test_host_names_and_debug_have_a_meaning() -> None:
    found = localstack.read({"LOCALSTACK_HOST": "cloud.test:4566", "HOSTNAME_EXTERNAL": "cloud.test", "DEBUG": "1"})
    assert found.host_names == ("cloud.test",)
    assert found.log_level == "debug"
    assert not found.warnings


@pytest.mark.parametrize("variable", ["SERVICES=s3,sqs", "PERSISTENCE=0", "ENFORCE_IAM=0", "EDGE_PORT=x"])
def test_what_has_no_effect_is_said_once(variable: str) -> None:
    name, _, value = variable.partition("=")
    found = localstack.read({name: value})
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith(name)


def test_what_asks_for_what_happens_anyway_is_not_warned_about() -> None:
    assert not localstack.read({"PERSISTENCE": "1", "ENFORCE_IAM": "1", "DEBUG": "0"}).warnings
