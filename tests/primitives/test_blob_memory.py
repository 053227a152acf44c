"""However large and however many: streams take the same memory. In a process of their own, which only does that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fogstead.primitives.blobs import CHUNK_BYTES

MIB = 1024 * 1024

# Every piece is a new object, so that what is held is counted; the peaks say what was held at once.
SCRIPT = """
import asyncio, hashlib, json, resource, sys, tracemalloc
from pathlib import Path
from fogstead.primitives.blobs.directory import DirectoryBlobs
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.ids import Ids

folder, streams, size, piece = Path(sys.argv[1]), *map(int, sys.argv[2:])

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

async def source(size):
    for number in range(size // piece):
        yield bytes([number % 256]) * piece

async def one(blobs, size):
    md5 = hashlib.md5()
    written = await blobs.write(source(size), (md5,))
    again = hashlib.md5()
    async for part in blobs.read(written.blob, size):
        again.update(part)
    await blobs.delete(written.blob)
    assert written.size == size and md5.digest() == again.digest()

async def main():
    blobs = DirectoryBlobs([folder / "zone"], RootKey(bytes(32)), Ids())
    await one(blobs, piece)
    before = peak()
    if streams > 1:
        tracemalloc.start()
    await asyncio.gather(*[one(blobs, size) for _ in range(streams)])
    print(json.dumps(tracemalloc.get_traced_memory()[1] if streams > 1 else peak() - before))
    await blobs.close()

asyncio.run(main())
"""


def growth(path: Path, *, streams: int, size: int, piece: int) -> int:
    """Bytes that were held at the peak: for one stream those of the process, for many those of their objects.

    What the allocator keeps between threads for later differs from run to run.
    """
    command = [sys.executable, "-c", SCRIPT, str(path), str(streams), str(size), str(piece)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return int(json.loads(told.stdout))


@pytest.mark.parametrize("piece", [64, 64 * 1024, 4 * MIB], ids=["tiny", "usual", "huge"])
def test_a_large_blob_takes_no_more_memory_than_a_few_batches(tmp_path: Path, piece: int) -> None:
    size = 16 * MIB if piece < 1024 else 256 * MIB
    assert growth(tmp_path, streams=1, size=size, piece=piece) < 20 * MIB + 2 * piece


@pytest.mark.parametrize("size", [2 * MIB, 6 * MIB])
def test_many_streams_at_once_take_less_than_three_chunks_each(tmp_path: Path, size: int) -> None:
    assert growth(tmp_path, streams=64, size=size, piece=64 * 1024) < 64 * 2.5 * CHUNK_BYTES
