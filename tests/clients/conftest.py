"""What every client gets: the endpoint, a Region and `test`/`test`, and nothing of the user's own settings."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.install import Absent, provider_mirror
from clients.programs import Cli, aws_cli, missing_client
from clients.terraform import Terraform
from cloud import CloudProcess


@pytest.fixture
def environment(own_cloud: CloudProcess, tmp_path: Path) -> dict[str, str]:
    """All that a client is told."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": own_cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def nothing_kept(tmp_path: Path) -> Iterator[None]:
    """For tests with gibibytes: their folder goes at once, and not some runs later."""
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def tls_environment(own_cloud: CloudProcess, environment: dict[str, str]) -> dict[str, str]:
    """The same over TLS: most clients send bodies in another form then, in chunks with their checksum behind them."""
    ssl.get_server_certificate(("127.0.0.1", own_cloud.port))  # the first handshake makes the certificate
    bundle = own_cloud.data_dir / "tls" / "ca.pem"
    return {
        **environment,
        "AWS_ENDPOINT_URL": own_cloud.endpoint.replace("http://", "https://"),
        "AWS_CA_BUNDLE": str(bundle),
    }


@pytest.fixture(params=["AWS CLI 1", "AWS CLI 2"])
def aws(request: pytest.FixtureRequest, environment: dict[str, str]) -> Cli:
    """Each AWS CLI that is installed."""
    return aws_cli(request.param, environment)


@pytest.fixture
def terraform(tmp_path: Path, environment: dict[str, str]) -> Terraform:
    """Terraform in an empty folder."""
    try:
        mirror = provider_mirror()
    except Absent:
        missing_client("Terraform's AWS provider")
    folder = tmp_path / "terraform"
    folder.mkdir()
    return Terraform(folder, environment, mirror)


@pytest.fixture
def client_environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process with the clients' environment and no other AWS setting."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
