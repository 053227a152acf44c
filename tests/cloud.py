"""A real cloud in a process of its own, for tests: started on a free port, stopped or killed by pid, started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

READY_SECONDS = 30
_CONFIG = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60)


class CloudProcess:
    """One `fogstead start` on one data directory; the port stays the same over restarts."""

    def __init__(self, data_dir: Path, *options: str, port: int = 0, checks_outputs: bool = True) -> None:
        self.data_dir = data_dir
        self.options = options
        self.port = port
        self._environment = {**os.environ, "FOGSTEAD_CHECK_OUTPUTS": "1" if checks_outputs else ""}
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process, which must be running."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> CloudProcess:
        """Start and wait for `Ready.`; AssertionError with the output when it does not come."""
        command = [sys.executable, "-m", "fogstead.cli", "start", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), *self.options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment
        )
        seen = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            seen.append(line)
            if "http://" in line and not self.port:
                self.port = int(line.rpartition("http://")[2].rpartition(":")[2].split("/")[0].split()[0])
            if line.strip() == "Ready.":
                return self
        raise AssertionError(f"the cloud did not start: {''.join(seen)}")

    def kill(self) -> None:
        """As a power switch would, but for the disk: kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an operator would; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()
        return code

    def client(self, service: str, *, account: str = "000000000000", region: str = "us-east-1", **more: Any) -> Any:
        """A boto3 client that never retries and signs as an account's root, or with other credentials."""
        return boto3.client(
            service,
            region_name=region,
            **{
                "endpoint_url": self.endpoint,
                "aws_access_key_id": account,
                "aws_secret_access_key": "test",
                "config": _CONFIG,
                **more,
            },
        )

    def tls_client(self, service: str, account: str) -> Any:
        """The same over TLS."""
        ssl.get_server_certificate(("127.0.0.1", self.port))  # the certificate is made at the first handshake
        endpoint, trusted = f"https://127.0.0.1:{self.port}", str(self.data_dir / "tls" / "ca.pem")
        return self.client(service, account=account, endpoint_url=endpoint, verify=trusted)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """The cloud's own endpoints; gives the decoded answer, AssertionError unless it is 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        assert answer.status == 200, f"{method} {path}: {answer.status} {raw[:300]!r}"
        return json.loads(raw)

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the cloud's clock forward."""
        return self.admin("POST", "/_fogstead/clock", {"advance_seconds": seconds})
