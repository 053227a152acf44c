"""S3 under kill -9 in the middle of every kind of transfer, on a full disk, and with a zone lost."""

from __future__ import annotations

import http.client
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from cloud import CloudProcess
from faults.s3_ledger import KIB, MIB, Bucket, Ledger, blob_files, content, some_bytes, sweep

BUCKET = "under-fire"
WORKERS = 4
KEYS_EACH = 6
_PATIENCE_SECONDS = 30


def until(happened: Callable[[], object]) -> None:
    """Look until it has."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@contextmanager
def running(cloud: CloudProcess) -> Iterator[CloudProcess]:
    """Started, and ended whatever comes."""
    try:
        yield cloud.start()
    finally:
        cloud.stop()


# --------------------------------------------------------------------------- kill -9 in the middle of every transfer
@dataclass
class Worker:
    """One of those who change the bucket until the cloud is gone; its keys are its own."""

    s3: Any
    ledger: Ledger
    chance: random.Random
    name: str
    folder: Path
    killing: threading.Event

    def key(self) -> str:
        return f"{self.name}/{self.chance.randrange(KEYS_EACH)}"

    def work(self, change: Callable[[Worker], None]) -> None:
        """Until the cloud is killed. What it refuses, and what breaks before, is a fault and raised."""
        try:
            while True:
                change(self)
        except (BotoCoreError, OSError):
            if not self.killing.is_set():
                raise


def _put(worker: Worker, low: int, high: int) -> None:
    body, key = some_bytes(worker.chance, low, high), worker.key()
    with worker.ledger.changing(key, content(body)):
        worker.s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def small_puts(worker: Worker) -> None:
    _put(worker, 0, 16 * KIB)


def large_puts(worker: Worker) -> None:
    _put(worker, 17 * KIB, 4 * MIB)


def multipart_uploads(worker: Worker) -> None:
    s3, key = worker.s3, worker.key()
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    bodies = [worker.chance.randbytes(5 * MIB), some_bytes(worker.chance, 17 * KIB, MIB)]
    parts = []
    for number, body in enumerate(bodies, 1):
        sent = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=body)
        worker.ledger.part(key, upload, number, sent["ETag"])
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    worker.ledger.done(key, upload)
    if worker.chance.random() < 0.2:
        s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
        return
    with worker.ledger.changing(key, content(b"".join(bodies))):
        s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})


def copies(worker: Worker) -> None:
    """Of what another copy may just have replaced, small ones and large ones."""
    source = f"{worker.name}/source-{worker.chance.randrange(2)}"
    if worker.chance.random() < 0.3 or worker.ledger.may.get(source, {None}) == {None}:
        body = some_bytes(worker.chance, 0, 64 * KIB)
        with worker.ledger.changing(source, content(body)):
            worker.s3.put_object(Bucket=BUCKET, Key=source, Body=body)
    (known,) = worker.ledger.may[source]
    key = worker.key()
    with worker.ledger.changing(key, known):
        worker.s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source})


def deletes(worker: Worker) -> None:
    """What was just put, one by one or all of them at once."""
    _put(worker, 0, 64 * KIB)
    if worker.chance.random() < 0.7:
        key = worker.key()
        with worker.ledger.changing(key, None):
            worker.s3.delete_object(Bucket=BUCKET, Key=key)
        return
    for number in range(KEYS_EACH):
        key = f"{worker.name}/{number}"
        worker.ledger.may[key] = worker.ledger.may.get(key, {None}) | {None}
    objects = [{"Key": f"{worker.name}/{number}"} for number in range(KEYS_EACH)]
    answer = worker.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    for one in answer["Deleted"]:
        worker.ledger.may[one["Key"]] = {None}


def transfers(worker: Worker) -> None:
    """boto3's transfer manager: its own threads, parts from 5 MiB on."""
    body, key = some_bytes(worker.chance, 0, 7 * MIB), worker.key()
    path = worker.folder / worker.name
    path.write_bytes(body)
    settings = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=3)
    with worker.ledger.changing(key, content(body)):
        worker.s3.upload_file(str(path), BUCKET, key, Config=settings)


def until_nothing_is_left_over(cloud: CloudProcess) -> None:
    """The parts of an object that was replaced go one after the other, soon."""
    needed = Bucket(cloud, BUCKET).files_needed()
    until(lambda: sweep(cloud) == 0 and len(blob_files(cloud)) <= needed)


CHANGES = [small_puts, large_puts, multipart_uploads, copies, deletes, transfers]


def through_kills(folder: Path, change: Callable[[Worker], None], kills: int, *, sealed: bool = False) -> None:
    """Work, kill, start, look; again and again on one bucket. Nothing is left that nobody needs."""
    with running(CloudProcess(folder / "data", checks_outputs=False)) as cloud:
        _through_kills(cloud, folder, change, kills, sealed=sealed)


def seal_objects(cloud: CloudProcess) -> None:
    """Has all objects of the bucket lie under a key of KMS."""
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    cloud.client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _through_kills(
    cloud: CloudProcess, folder: Path, change: Callable[[Worker], None], kills: int, *, sealed: bool
) -> None:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    if sealed:
        seal_objects(cloud)
    ledger, chance = Ledger(etags_tell=not sealed), random.Random(change.__name__)
    for _ in range(kills):
        enough = ledger.acknowledged + chance.randint(5, 20)
        killing = threading.Event()
        workers = [
            Worker(cloud.client("s3"), ledger, random.Random(chance.random()), f"w{number}", folder, killing)
            for number in range(WORKERS)
        ]
        with ThreadPoolExecutor(WORKERS) as pool:
            working = [pool.submit(worker.work, change) for worker in workers]
            until(lambda: ledger.acknowledged >= enough or any(work.done() for work in working))  # noqa: B023
            killing.set()
            cloud.kill()
        for work in working:
            work.result()
        cloud.start()
        sweep(cloud)
        Bucket(cloud, BUCKET).check(ledger)
        until_nothing_is_left_over(cloud)
    assert ledger.acknowledged >= 5 * kills
    Bucket(cloud, BUCKET).empty()
    until_nothing_is_left_over(cloud)
    assert cloud.stop() == 0


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_acknowledged_is_whole_after_a_kill_and_nothing_is_half(
    tmp_path: Path, change: Callable[[Worker], None]
) -> None:
    through_kills(tmp_path, change, kills=2)


@pytest.mark.parametrize("change", [large_puts, multipart_uploads, copies])
def test_it_is_so_under_a_key_of_kms(tmp_path: Path, change: Callable[[Worker], None]) -> None:
    through_kills(tmp_path, change, kills=1, sealed=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", CHANGES)
def test_it_is_so_after_many_kills(tmp_path: Path, change: Callable[[Worker], None]) -> None:
    through_kills(tmp_path, change, kills=30)


class Half:
    """A body that stays half sent: the head and as much as is told, then silence."""

    def __init__(self, url: str, size: int, sent: bytes) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE_SECONDS)
        self._connection.putrequest("PUT", f"{parts.path}?{parts.query}")
        self._connection.putheader("Content-Length", str(size))
        self._connection.endheaders(sent)

    def close(self) -> None:
        self._connection.close()


def half_put(cloud: CloudProcess, size: int) -> Half:
    """Of an object."""
    url = cloud.client("s3").generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "half"})
    return Half(url, size, b"n" * (size // 2))


def half_part(cloud: CloudProcess, size: int) -> Half:
    """Of a part of an upload."""
    s3 = cloud.client("s3")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="half")["UploadId"]
    asked = {"Bucket": BUCKET, "Key": "half", "UploadId": upload, "PartNumber": 1}
    return Half(s3.generate_presigned_url("upload_part", Params=asked), size, b"n" * (size // 2))


@pytest.mark.parametrize("start_half", [half_put, half_part])
def test_a_body_that_a_kill_cut_in_half_is_invisible_and_swept(
    own_cloud: CloudProcess, start_half: Callable[[CloudProcess, int], Half]
) -> None:
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="half", Body=b"o" * MIB)
    (old,) = blob_files(own_cloud)
    half = start_half(own_cloud, 40 * MIB)
    until(lambda: sum(path.stat().st_size for path in blob_files(own_cloud)) > 8 * MIB)
    own_cloud.kill()
    half.close()
    own_cloud.start()
    bucket = Bucket(own_cloud, BUCKET)
    assert bucket.content("half") == content(b"o" * MIB)
    assert bucket.listed() == {"half": (MIB, content(b"o" * MIB))}
    for one in bucket.uploads():
        assert bucket.s3.list_parts(Bucket=BUCKET, Key="half", UploadId=one["UploadId"]).get("Parts", []) == []
    assert sweep(own_cloud) == 1
    assert blob_files(own_cloud) == [old]
    assert bucket.content("half") == content(b"o" * MIB)


@pytest.mark.parametrize("start_half", [half_put, half_part])
def test_a_body_that_its_client_cut_in_half_leaves_nothing_at_once(
    own_cloud: CloudProcess, start_half: Callable[[CloudProcess, int], Half]
) -> None:
    own_cloud.client("s3").create_bucket(Bucket=BUCKET)
    half = start_half(own_cloud, 40 * MIB)
    until(lambda: blob_files(own_cloud))
    half.close()
    until(lambda: not blob_files(own_cloud))
    assert Bucket(own_cloud, BUCKET).listed() == {}


def test_an_upload_that_a_kill_interrupted_is_taken_up_again(own_cloud: CloudProcess) -> None:
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="long", Metadata={"who": "fog"})["UploadId"]
    bodies = [bytes([number]) * 5 * MIB for number in (1, 2)] + [b"end"]
    asked = {"Bucket": BUCKET, "Key": "long", "UploadId": upload}
    parts = []
    for number, body in enumerate(bodies, 1):
        parts.append({"PartNumber": number, "ETag": s3.upload_part(**asked, PartNumber=number, Body=body)["ETag"]})
        own_cloud.kill()
        own_cloud.start()
    assert sweep(own_cloud) == 0
    s3.complete_multipart_upload(**asked, MultipartUpload={"Parts": parts})
    own_cloud.kill()
    own_cloud.start()
    found = s3.get_object(Bucket=BUCKET, Key="long")
    assert (found["Metadata"], found["Body"].read()) == ({"who": "fog"}, b"".join(bodies))


def test_what_a_reader_holds_open_is_read_to_its_end_though_it_is_deleted_and_swept(own_cloud: CloudProcess) -> None:
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    body = random.Random(1).randbytes(40 * MIB)
    s3.put_object(Bucket=BUCKET, Key="read", Body=body)
    reading = s3.get_object(Bucket=BUCKET, Key="read")["Body"]
    start = reading.read(MIB)
    own_cloud.client("s3").delete_object(Bucket=BUCKET, Key="read")
    sweep(own_cloud)
    assert start + reading.read() == body
    until(lambda: sweep(own_cloud) == 0 and not blob_files(own_cloud))


def test_sweeps_in_the_middle_of_work_take_nothing_that_is_needed(tmp_path: Path, own_cloud: CloudProcess) -> None:
    own_cloud.client("s3").create_bucket(Bucket=BUCKET)
    ledger, enough = Ledger(), threading.Event()
    workers = [
        Worker(own_cloud.client("s3"), ledger, random.Random(number), f"w{number}", tmp_path, enough)
        for number in range(WORKERS)
    ]

    def work(worker: Worker) -> None:
        for change in (large_puts, multipart_uploads, copies, deletes) * 5:
            change(worker)

    with ThreadPoolExecutor(WORKERS) as pool:
        working = [pool.submit(work, worker) for worker in workers]
        while not all(one.done() for one in working):
            sweep(own_cloud)
        for one in working:
            one.result()
    Bucket(own_cloud, BUCKET).check(ledger)
    until_nothing_is_left_over(own_cloud)


# --------------------------------------------------------------------------- a full disk
def fill(s3: Any, body: bytes) -> tuple[list[str], ClientError]:
    """Puts until refused: the keys that were acknowledged, and the refusal."""
    kept: list[str] = []
    for number in range(2_000):
        try:
            s3.put_object(Bucket=BUCKET, Key=f"{number:04}", Body=body)
        except ClientError as error:
            return kept, error
        kept.append(f"{number:04}")
    raise AssertionError("the disk never filled")


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
@pytest.mark.parametrize("size", [10 * KIB, 700 * KIB])
def test_on_a_full_disk_a_put_is_refused_and_room_makes_it_well(small_disk: Path, size: int) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 14 * MIB)
    with running(CloudProcess(small_disk / "data")) as cloud:
        s3, body = cloud.client("s3"), random.Random(2).randbytes(size)
        s3.create_bucket(Bucket=BUCKET)
        kept, refusal = fill(s3, body)
        assert refusal.response["Error"]["Code"] == "ServiceUnavailable"
        assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert cloud.admin("GET", "/_fogstead/health")
        bucket = Bucket(cloud, BUCKET)
        assert list(bucket.listed()) == kept
        assert len(blob_files(cloud)) == bucket.files_needed()
        ballast.unlink()
        s3.put_object(Bucket=BUCKET, Key="room again", Body=body)
        assert {bucket.content(key) for key in (*kept, "room again")} == {content(body)}


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_a_cloud_killed_on_a_full_disk_starts_again_with_all_it_acknowledged(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 14 * MIB)
    with running(CloudProcess(small_disk / "data")) as cloud:
        s3, body = cloud.client("s3"), random.Random(3).randbytes(700 * KIB)
        s3.create_bucket(Bucket=BUCKET)
        kept, _ = fill(s3, body)
        cloud.kill()
        ballast.unlink()
        cloud.start()
        bucket = Bucket(cloud, BUCKET)
        assert list(bucket.listed()) == kept
        assert {bucket.content(key) for key in kept} == {content(body)}
        sweep(cloud)
        assert len(blob_files(cloud)) == len(kept)


@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)
def test_a_part_that_finds_no_room_is_refused_and_the_others_stay(small_disk: Path) -> None:
    with running(CloudProcess(small_disk / "data")) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="long")["UploadId"]
        asked = {"Bucket": BUCKET, "Key": "long", "UploadId": upload}
        first = s3.upload_part(**asked, PartNumber=1, Body=b"1" * 10 * MIB)
        with pytest.raises(ClientError) as refused:
            s3.upload_part(**asked, PartNumber=2, Body=b"2" * 20 * MIB)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert [part["PartNumber"] for part in s3.list_parts(**asked)["Parts"]] == [1]
        assert len(blob_files(cloud)) == 1
        last = s3.upload_part(**asked, PartNumber=2, Body=b"2")
        parts = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in ((1, first), (2, last))]
        s3.complete_multipart_upload(**asked, MultipartUpload={"Parts": parts})
        assert Bucket(cloud, BUCKET).content("long") == content(b"1" * 10 * MIB + b"2")


# --------------------------------------------------------------------------- zones
@pytest.mark.parametrize("lost", ["a", "b", "c"])
def test_a_lost_zone_loses_nothing_that_is_kept_in_all(tmp_path: Path, lost: str) -> None:
    with running(CloudProcess(tmp_path / "data", "--zones", "3")) as cloud:
        s3, chance = cloud.client("s3"), random.Random(4)
        s3.create_bucket(Bucket=BUCKET)
        bodies = {f"{number}": some_bytes(chance, 0, MIB) for number in range(12)}
        for key, body in bodies.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            s3.put_object(Bucket=BUCKET, Key=f"single {key}", Body=body, StorageClass="ONEZONE_IA")
        kept = {zone: {path.name for path in blob_files(cloud) if path.parent.parent.name == zone} for zone in "abc"}
        lone = kept[lost] - set().union(*(kept[zone] for zone in "abc" if zone != lost))
        shutil.rmtree(next(path.parent.parent for path in blob_files(cloud) if path.parent.parent.name == lost))
        assert read(cloud, list(bodies)) == bodies

        survivors = read(cloud, [f"single {key}" for key in bodies])
        assert {key: bodies[key.removeprefix("single ")] for key in survivors} == survivors
        assert len(survivors) == len(bodies) - len(lone)

        s3.put_object(Bucket=BUCKET, Key="after", Body=b"x" * MIB)
        cloud.kill()
        cloud.start()
        assert read(cloud, [*bodies, "after"]) == {**bodies, "after": b"x" * MIB}
        assert cloud.stop() == 0


def read(cloud: CloudProcess, keys: list[str]) -> dict[str, bytes]:
    """Those that can be read, whole."""
    s3, found = cloud.client("s3"), {}
    for key in keys:
        try:
            found[key] = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        except (ClientError, BotoCoreError):
            continue
    return found
