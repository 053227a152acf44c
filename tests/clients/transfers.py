"""AWS's own transfer libraries, in this process: they move files, and which files is said here, by name and size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import boto3
from awscrt.auth import AwsCredentialsProvider
from botocore.config import Config
from botocore.session import Session
from s3transfer.crt import BotocoreCRTRequestSerializer, CRTTransferManager, create_s3_crt_client

_WORKERS = 8


class Library(Protocol):
    """Moves single files."""

    client: Any

    def upload(self, moves: Iterable[tuple[Path, str, str]]) -> None: ...

    def download(self, moves: Iterable[tuple[Path, str, str]]) -> None: ...


def _client(environment: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
        verify=environment.get("AWS_CA_BUNDLE"),
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=4 * _WORKERS),
    )


class Boto3:
    """boto3's `upload_file` and `download_file`: single requests, and parallel parts from 8 MiB on."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.client = _client(environment)

    def upload(self, moves: Iterable[tuple[Path, str, str]]) -> None:
        _each(lambda path, bucket, key: self.client.upload_file(str(path), bucket, key), moves)

    def download(self, moves: Iterable[tuple[Path, str, str]]) -> None:
        _each(lambda path, bucket, key: self.client.download_file(bucket, key, str(path)), moves)


def _each(move: Callable[[Path, str, str], object], moves: Iterable[tuple[Path, str, str]]) -> None:
    with ThreadPoolExecutor(_WORKERS) as pool:
        for _ in pool.map(lambda each: move(*each), moves):
            pass


class CommonRuntime:
    """The S3 client in C that the newer SDKs share. boto3 gives it no endpoint, so it is put together here."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.client = _client(environment)
        region = environment["AWS_REGION"]
        names = (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        bundle = environment.get("AWS_CA_BUNDLE")
        self._runtime = create_s3_crt_client(
            region, AwsCredentialsProvider.new_static(*names), use_ssl=bundle is not None, verify=bundle
        )
        given = {"region_name": region, "endpoint_url": environment["AWS_ENDPOINT_URL"]}
        self._serializer = BotocoreCRTRequestSerializer(Session(), given)

    def upload(self, moves: Iterable[tuple[Path, str, str]]) -> None:
        with CRTTransferManager(self._runtime, self._serializer) as manager:
            for moving in [manager.upload(str(path), bucket, key) for path, bucket, key in moves]:
                moving.result()

    def download(self, moves: Iterable[tuple[Path, str, str]]) -> None:
        with CRTTransferManager(self._runtime, self._serializer) as manager:
            for moving in [manager.download(bucket, key, str(path)) for path, bucket, key in moves]:
                moving.result()


class Transfers:
    """Whole folders by a library that knows single files."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def up(self, folder: Path, there: str) -> str:
        bucket, stored = self._stored(there)
        here = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        wanted = [name for name, path in here.items() if stored.get(name) != path.stat().st_size]
        self._library.upload((here[name], bucket, self._key(there, name)) for name in wanted)
        for name in stored.keys() - here.keys():
            self._library.client.delete_object(Bucket=bucket, Key=self._key(there, name))
        return "\n".join(wanted)

    def down(self, there: str, folder: Path) -> str:
        bucket, stored = self._stored(there)
        here = {name: folder / name for name in stored}
        wanted = [name for name, path in here.items() if not path.exists() or path.stat().st_size != stored[name]]
        for name in wanted:
            here[name].parent.mkdir(parents=True, exist_ok=True)
        self._library.download((here[name], bucket, self._key(there, name)) for name in wanted)
        return "\n".join(wanted)

    @staticmethod
    def _key(there: str, name: str) -> str:
        return f"{there.partition('/')[2]}/{name}"

    def _stored(self, there: str) -> tuple[str, dict[str, int]]:
        bucket, _, prefix = there.partition("/")
        pages = self._library.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
        found = (one for page in pages for one in page.get("Contents", ()))
        return bucket, {one["Key"].removeprefix(f"{prefix}/"): one["Size"] for one in found}
