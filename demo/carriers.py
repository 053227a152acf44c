"""Processes that carry files to a bucket and back by boto3, and never give up.

While the cloud is away they wait and ask again. How far they are stands in memory that all share: one byte for each
file.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any, TypeVar

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "tree"
SENT = WHOLE = 1
CHANGED = 2
PIECE_BYTES = 1024 * 1024
_RETRY_SECONDS = 0.02
_AT_A_TIME = 4
# The smallest that S3 has parts of: so a kill meets uploads of every kind.
_PART_BYTES = 5 * 1024 * 1024
_IN_PARTS = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=2)
_NO_RETRIES = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=30)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """What a carrier is told: its share is every `of`-th of the names; it works on several of them at a time."""

    port: int
    top: Path
    names: list[str]
    share: int
    of: int
    parent: int

    def each(self, work: Callable[[int], None]) -> None:
        """Do the work for the number of each of its files."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for _ in pool.map(work, range(self.share, len(self.names), self.of)):
                pass


def client(port: int, secret: str = "test") -> Any:
    """boto3's S3, asking once."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test",
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=_NO_RETRIES,
    )


def send(task: Task, sent: Any) -> None:
    """Upload this carrier's share, large files in parts."""
    s3 = client(task.port)

    def one(number: int) -> None:
        name = task.names[number]
        path = task.top / name
        if path.stat().st_size < _PART_BYTES:
            _until_answered(task, lambda: s3.put_object(Bucket=BUCKET, Key=name, Body=path.read_bytes()))
        else:
            _until_answered(task, lambda: s3.upload_file(str(path), BUCKET, name, Config=_IN_PARTS))
        sent[number] = SENT

    task.each(one)


def fetch(task: Task, sent: Any, fetched: Any) -> None:
    """Read back each file of this carrier's share once it was acknowledged, and compare it."""
    s3 = client(task.port)

    def one(number: int) -> None:
        while not sent[number]:
            _pause(task)
        there = _until_answered(task, lambda: _digest_there(s3, task.names[number]))
        fetched[number] = WHOLE if there == digest(task.top / task.names[number]) else CHANGED

    task.each(one)


def digest(path: Path) -> str:
    """A file's MD5."""
    running = md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            running.update(piece)
    return running.hexdigest()


def _digest_there(s3: Any, name: str) -> str:
    running = md5(usedforsecurity=False)
    for piece in s3.get_object(Bucket=BUCKET, Key=name)["Body"].iter_chunks(PIECE_BYTES):
        running.update(piece)
    return running.hexdigest()


def _until_answered(task: Task, call: Callable[[], T]) -> T:
    """A refusal ends the carrier: nothing here may be refused. What a kill cut off is asked again."""
    while True:
        try:
            return call()
        except S3UploadFailedError as error:
            _raise_unless_away(error.__context__)
        except ClientError as error:
            _raise_unless_away(error)
        except (BotoCoreError, OSError):
            pass
        _pause(task)


def _raise_unless_away(error: BaseException | None) -> None:
    if not isinstance(error, ClientError) or error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
        raise SystemExit(f"refused: {error}")


def _pause(task: Task) -> None:
    if os.getppid() != task.parent:
        os._exit(1)  # from whatever thread: nobody is left to tell
    time.sleep(_RETRY_SECONDS)
