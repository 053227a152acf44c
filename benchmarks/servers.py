"""The servers that are measured: started on a free port with a data directory of their own, ended by pid."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.peers import FOLDER
from benchmarks.process import cpu_seconds
from benchmarks.signing import Signer
from benchmarks.wire import Connection, ConnectionLost

READY_SECONDS = 60.0
PLAIN = "fogstead plain"
# What a server can be asked; a row says which of them it needs.
API, OBJECTS, BULK, KEYS = "sts and sqs", "objects", "large objects", "keys and secrets"
Command = Callable[[int, Path], list[str]]


class NotStarted(Exception):
    """The server did not come up; the message is one line."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A server and how it is started."""

    name: str
    command: Command
    environment: Callable[[int, Path], dict[str, str]] = field(default=lambda _port, _data: {})
    program: Path | None = None
    ours: bool = False
    does: frozenset[str] = frozenset({API, OBJECTS, BULK, KEYS})
    access_key: str = "test"
    secret: str = "test"

    @property
    def installed(self) -> bool:
        """Whether there is something to start."""
        return self.program is None or self.program.exists()


def fogstead(name: str = "fogstead", *options: str, cache: Path | None = None) -> Kind:
    """This cloud, with options of `fogstead start`."""

    def command(port: int, data: Path) -> list[str]:
        start = ["start", "--port", str(port), "--data-dir", str(data / "cloud"), *options]
        return [sys.executable, "-m", "fogstead.cli", *start]

    def environment(_port: int, _data: Path) -> dict[str, str]:
        return {"FOGSTEAD_CHECK_OUTPUTS": ""} | ({"FOGSTEAD_CACHE": str(cache)} if cache is not None else {})

    return Kind(name, command, environment, ours=True)


def fogstead_plain() -> Kind:
    """This cloud with its objects' bytes unencrypted, which a switch for benchmarks alone does."""
    kind = fogstead(PLAIN)

    def environment(port: int, data: Path) -> dict[str, str]:
        return kind.environment(port, data) | {"FOGSTEAD_PLAIN_BLOBS": "1"}

    return replace(kind, environment=environment, does=frozenset({BULK}))


def _moto() -> Kind:
    program = FOLDER / "moto" / "bin" / "moto_server"
    return Kind("moto", lambda port, _: [str(program), "-H", "127.0.0.1", "-p", str(port)], program=program)


def _ministack() -> Kind:
    program = FOLDER / "ministack" / "bin" / "ministack"
    settings = {"BIND_HOST": "127.0.0.1"}
    return Kind(
        "ministack",
        lambda _port, _data: [str(program)],
        lambda port, _: settings | {"GATEWAY_PORT": str(port)},
        program,
    )


def _fauxqs() -> Kind:
    program = FOLDER / "fauxqs" / "node_modules" / "fauxqs" / "dist" / "cli.js"
    node = shutil.which("node") or "node"
    settings = {"FAUXQS_HOST": "127.0.0.1"}
    return Kind(
        "fauxqs",
        lambda _port, _data: [node, str(program)],
        lambda port, _: settings | {"FAUXQS_PORT": str(port)},
        program,
        does=frozenset({API, OBJECTS, BULK}),
    )


def _s3rver() -> Kind:
    program = FOLDER / "s3rver" / "node_modules" / "s3rver" / "bin" / "s3rver.js"
    node = shutil.which("node") or "node"
    # Its page tokens are made with a cipher that newer versions of Node have behind this switch.
    start = [node, "--openssl-legacy-provider", str(program), "--silent", "--no-vhost-buckets"]
    return Kind(
        "s3rver",
        lambda port, data: [*start, "--address", "127.0.0.1", "--port", str(port), "--directory", str(data)],
        program=program,
        does=frozenset({OBJECTS, BULK}),
        access_key="S3RVER",  # the only one it has
        secret="S3RVER",
    )


def _seaweedfs() -> Kind:
    program = FOLDER / "seaweedfs" / "bin" / "weed"

    def command(port: int, data: Path) -> list[str]:
        ports = {f"{part}.port{grpc}": free_port() for part in ("master", "volume", "filer") for grpc in ("", ".grpc")}
        settings = ports | {
            "dir": data,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "filer.localSocket": data / "filer.sock",
            "master.telemetry": "false",
            "volume.max": 1000,  # each bucket takes some
            "s3": "true",
            "s3.port": port,
            "s3.port.grpc": free_port(),
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": data / "s3.sock",
        }
        return [str(program), "server", *(f"-{name}={value}" for name, value in settings.items())]

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}  # without any it refuses what SDKs stream
    return Kind("seaweedfs", command, lambda _port, _data: keys, program, does=frozenset({OBJECTS, BULK}))


PEERS: Sequence[Kind] = (_moto(), _ministack(), _fauxqs(), _s3rver(), _seaweedfs())


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


class Server:
    """One running server."""

    def __init__(self, kind: Kind, *, data: Path | None = None, port: int = 0) -> None:
        self.kind = kind
        self.port = port or free_port()
        self._own_data = data is None
        self.data = data or Path(tempfile.mkdtemp(prefix=f"fogstead-bench-{kind.name}-"))
        self.start_cpu = self.start_wall = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self.signer = self.signing()

    @property
    def name(self) -> str:
        """As tables show it."""
        return self.kind.name

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self._process is not None, "it runs"
        return self._process.pid

    def signing(self, access_key: str = "", secret: str = "", token: str = "") -> Signer:
        """Signs requests to this server, with its usual keys unless others are given."""
        keys = {"access_key": access_key or self.kind.access_key, "secret": secret or self.kind.secret}
        return Signer(f"127.0.0.1:{self.port}", token=token, **keys)

    def _probe(self) -> tuple[bytes, bytes]:
        """A first call, and what only a good answer holds."""
        if self.kind.ours or API in self.kind.does:
            return self.signer.identity(), b"Arn>"
        return self.signer.s3("GET", "/"), b"ListAllMyBucketsResult"

    def start(self) -> Server:
        """Start it and wait for its first good call; how much time that took stands in `start_cpu` and `start_wall`."""
        environment = {**os.environ, **self.kind.environment(self.port, self.data)}
        began = time.perf_counter()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the server
        self._process = subprocess.Popen(
            self.kind.command(self.port, self.data),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=self.data,
            start_new_session=True,
            preexec_fn=_more_files,  # noqa: PLW1509 - before any thread is started
        )
        connection, (request, sign) = Connection(self.port, timeout=10), self._probe()
        while time.perf_counter() < began + READY_SECONDS:
            with contextlib.suppress(ConnectionLost):
                if sign in connection.ask(request).body:
                    break
            if self._process.poll() is not None:
                raise NotStarted(f"{self.name} ended with code {self._process.returncode}: {self._last_words()}")
            time.sleep(0.005)
        else:
            said = self._last_words()
            self.stop()
            raise NotStarted(f"{self.name} gave no good answer within {READY_SECONDS:.0f} s: {said}")
        self.start_wall = time.perf_counter() - began
        self.start_cpu = cpu_seconds(self.pid)
        connection.close()
        return self

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    def kill(self) -> None:
        """kill -9, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it and remove what it kept."""
        self._end(signal.SIGTERM)
        if self._own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # Its own session, which start() made: nothing of anybody else's is in this group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._log.close()


def _more_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
