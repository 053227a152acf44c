"""Objects much larger than the memory that the cloud may take for them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from cloud import CloudProcess

MIB, GIB = 1024 * 1024, 1024 * 1024 * 1024
GROWTH_BYTES_MAX = 64 * MIB
PART_BYTES = 32 * MIB
RANGE_BYTES = 24 * MIB + 1
WORKERS = 8
_SAMPLE_SECONDS = 0.02
_STAMP_BYTES = 8


class Content:
    """Bytes of any length that are never all in memory: a mebibyte again and again, each with its number in front."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._rest = bytes(number * 31 % 251 for number in range(MIB - _STAMP_BYTES))

    def between(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`."""
        end = min(end, self.size)
        numbers = range(start // MIB, -(-end // MIB))
        joined = b"".join(number.to_bytes(_STAMP_BYTES, "big") + self._rest for number in numbers)
        return joined[start % MIB : start % MIB + end - start]


class Memory:
    """The proportional share of memory of a process, looked at many times a second."""

    def __init__(self, pid: int) -> None:
        self._rollup = Path(f"/proc/{pid}/smaps_rollup")
        if not self._rollup.exists():
            pytest.skip("needs /proc/PID/smaps_rollup, which Linux has")

    def now(self) -> int:
        """Bytes."""
        found = re.search(r"^Pss:\s+(\d+) kB", self._rollup.read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        """All that was seen meanwhile."""
        seen, over = [self.now()], threading.Event()

        def look() -> None:
            while not over.wait(_SAMPLE_SECONDS):
                seen.append(self.now())

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield seen
        finally:
            over.set()
            looking.join()


def upload(s3: Any, content: Content) -> str:
    """In parts, side by side; gives the ETag."""
    upload_id = s3.create_multipart_upload(Bucket="large", Key="object")["UploadId"]

    def part(number: int) -> dict[str, Any]:
        body = content.between((number - 1) * PART_BYTES, number * PART_BYTES)
        sent = s3.upload_part(Bucket="large", Key="object", UploadId=upload_id, PartNumber=number, Body=body)
        return {"PartNumber": number, "ETag": sent["ETag"]}

    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(part, range(1, -(-content.size // PART_BYTES) + 1)))
    return s3.complete_multipart_upload(
        Bucket="large", Key="object", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )["ETag"]


def download(s3: Any, content: Content) -> int:
    """In ranges that do not meet the parts' edges, side by side; gives how many bytes were as they should be."""

    def one(start: int) -> int:
        end = min(start + RANGE_BYTES, content.size)
        got = s3.get_object(Bucket="large", Key="object", Range=f"bytes={start}-{end - 1}")
        return end - start if got["Body"].read() == content.between(start, end) else 0

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(one, range(0, content.size, RANGE_BYTES)))


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize("size", [256 * MIB + 1, pytest.param(5 * GIB, marks=pytest.mark.slow)])
def test_a_large_object_goes_up_and_down_in_little_memory(own_cloud: CloudProcess, size: int) -> None:
    s3 = own_cloud.client("s3", config=Config(retries={"max_attempts": 0}, max_pool_connections=WORKERS))
    s3.create_bucket(Bucket="large")
    # What is loaded on first use is there before it is counted.
    small = Content(MIB)
    upload(s3, small)
    assert download(s3, small) == MIB
    content, memory = Content(size), Memory(own_cloud.pid)
    with memory.watched() as seen:
        etag = upload(s3, content)
        assert etag.endswith(f'-{-(-size // PART_BYTES)}"')
        assert s3.head_object(Bucket="large", Key="object")["ContentLength"] == size
        assert download(s3, content) == size
    assert max(seen) - seen[0] < GROWTH_BYTES_MAX
