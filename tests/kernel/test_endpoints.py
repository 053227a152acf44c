"""Raw endpoints: where they answer."""

from __future__ import annotations

import pytest

from fogstead.kernel.endpoints import RawEndpoint


async def _serve(*_given: object) -> None: ...


@pytest.mark.parametrize(
    ("prefix", "suffix", "host", "path", "result"),
    [
        ("/", "", "anything", "/a/b", True),
        ("/_admin/", "", "anything", "/_admin/clock", True),
        ("/_admin/", "", "anything", "/admin/clock", False),
        ("/", ".lambda-url.localhost", "x.lambda-url.localhost", "/", True),
        ("/", ".lambda-url.localhost", "lambda-url.localhost", "/", False),
        ("/a", ".localhost", "x.localhost", "/b", False),
    ],
)
def test_an_endpoint_answers_below_its_path_on_its_hosts(
    prefix: str, suffix: str, host: str, path: str, result: bool
) -> None:
    assert RawEndpoint("one", _serve, prefix, suffix).matches(host, path) is result  # type: ignore[arg-type]
