"""One suite for all append-only records; what it says is what the floors above may rely on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogstead.primitives.telemetry import (
    EVERYTHING,
    RECORD_BYTES_MAX,
    Position,
    Record,
    Segments,
    SegmentsError,
    Wanted,
)
from fogstead.primitives.telemetry.directory import DirectorySegments
from fogstead.primitives.telemetry.memory import MemorySegments

Maker = Callable[[Path], Segments]

MAKERS: dict[str, Maker] = {
    "memory": lambda _path: MemorySegments(total_bytes_max=20_000),
    "directory": lambda path: DirectorySegments(path / "audit", segment_bytes_max=4_000, total_bytes_max=20_000),
}


@pytest.fixture(params=list(MAKERS))
def segments(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Segments]:
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def ahead(segments: Segments, wanted: Wanted = EVERYTHING, after: Position = 0, limit: int = 7) -> list[Record]:
    """All records behind a position, read some at a time."""
    found: list[Record] = []
    while True:
        part = segments.read(after, limit, wanted)
        assert len(part.records) <= limit
        found += part.records
        assert part.reached > after or not part.more
        after = part.reached
        if not part.more:
            return found


def back(segments: Segments, wanted: Wanted = EVERYTHING, limit: int = 7) -> list[Record]:
    """All records from the newest to the oldest."""
    found: list[Record] = []
    before = segments.last + 1
    while True:
        part = segments.read_back(before, limit, wanted)
        assert len(part.records) <= limit
        found += part.records
        assert part.reached < before or not part.more
        before = part.reached
        if not part.more:
            return found


# --------------------------------------------------------------------------- what all of them promise
def test_records_come_back_in_the_order_they_were_appended(segments: Segments) -> None:
    positions = [segments.append(b"%d" % number, at=number) for number in range(100)]
    assert positions == list(range(1, 101))
    assert [record.data for record in ahead(segments)] == [b"%d" % number for number in range(100)]
    assert back(segments) == ahead(segments)[::-1]
    assert (segments.first, segments.last) == (1, 100)


def test_nothing_is_found_where_nothing_was_appended(segments: Segments) -> None:
    assert ahead(segments) == back(segments) == []
    assert (segments.first, segments.last) == (1, 0)


def test_a_reader_goes_on_where_it_was(segments: Segments) -> None:
    for number in range(10):
        segments.append(b"%d" % number, at=number)
    first = segments.read(0, 4)
    assert [record.position for record in first.records] == [1, 2, 3, 4]
    assert first.more
    segments.append(b"new", at=10)
    assert [record.position for record in ahead(segments, after=first.reached)] == [5, 6, 7, 8, 9, 10, 11]


def test_a_reader_that_comes_from_another_folder_begins_at_the_oldest(segments: Segments) -> None:
    segments.append(b"one", at=1)
    assert [record.data for record in ahead(segments, after=1_000)] == [b"one"]


def test_the_oldest_go_at_the_cap_and_positions_stay(segments: Segments) -> None:
    for number in range(1_000):
        segments.append(b"x" * 100 + b"%d" % number, at=number)
    found = ahead(segments)
    assert segments.first > 1
    assert [record.position for record in found] == list(range(segments.first, 1_001))
    assert found[-1].data.endswith(b"999")
    assert 10_000 <= sum(len(record.data) for record in found) <= 20_000
    assert [record.position for record in back(segments)] == list(range(1_000, segments.first - 1, -1))


def test_what_is_cleared_is_gone_and_its_positions_are_not_given_again(segments: Segments) -> None:
    for number in range(100):
        segments.append(b"x" * 100, at=number)
    segments.clear()
    assert ahead(segments) == []
    assert segments.append(b"new", at=0) == 101
    segments.clear()
    segments.clear()
    assert segments.append(b"newer", at=0) == 102
    assert [record.data for record in back(segments)] == [b"newer"]


def test_a_record_that_is_too_long_is_refused_and_leaves_nothing(segments: Segments) -> None:
    with pytest.raises(ValueError, match="at most"):
        segments.append(b"x" * (RECORD_BYTES_MAX + 1), at=0)
    assert ahead(segments) == []


appends = st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 100), st.integers(0, 3)), max_size=120)
wishes = st.builds(
    Wanted,
    st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 100),
)


@pytest.mark.parametrize("kind", list(MAKERS))
@settings(max_examples=60)
@given(records=appends, wanted=wishes, limit=st.integers(1, 9))
def test_a_reader_finds_exactly_the_records_it_wants(
    kind: str,
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[bytes, int, int]],
    wanted: Wanted,
    limit: int,
) -> None:
    segments = MAKERS[kind](tmp_path_factory.mktemp("any"))
    for data, at, stream in records:
        segments.append(data, at, stream)
    expected = [
        Record(position, at, stream, data)
        for position, (data, at, stream) in enumerate(records, 1)
        if position >= segments.first
        and wanted.stream in (None, stream)
        and (wanted.since is None or at >= wanted.since)
        and (wanted.until is None or at < wanted.until)
    ]
    assert ahead(segments, wanted, limit=limit) == expected
    assert back(segments, wanted, limit=limit) == expected[::-1]
    segments.close()


# --------------------------------------------------------------------------- what files promise
def in_files(path: Path, **more: int) -> DirectorySegments:
    return DirectorySegments(path, **{"segment_bytes_max": 4_000, "total_bytes_max": 1_000_000, **more})


def test_what_was_appended_is_there_after_a_start(tmp_path: Path) -> None:
    segments = in_files(tmp_path)
    for number in range(300):
        segments.append(b"%d" % number, at=number, stream=number % 3)
    before = ahead(segments)
    segments.close()
    again = in_files(tmp_path)
    assert ahead(again) == before
    assert ahead(again, Wanted(stream=2)) == [record for record in before if record.stream == 2]
    assert again.append(b"next", at=0) == 301


def test_a_start_without_indexes_finds_the_same(tmp_path: Path) -> None:
    segments = in_files(tmp_path)
    for number in range(300):
        segments.append(b"%d" % number, at=number, stream=number % 3)
    before = ahead(segments, Wanted(1, 50, 200))
    segments.close()
    indexes = sorted(tmp_path.glob("*.index"))
    assert indexes
    for number, index in enumerate(indexes):
        if number % 2:
            index.unlink()
        else:
            index.write_bytes(index.read_bytes()[: number % 7])
    assert ahead(in_files(tmp_path), Wanted(1, 50, 200)) == before


def test_a_torn_tail_is_cut_off_wherever_it_is_torn(tmp_path: Path) -> None:
    segments = in_files(tmp_path)
    for number in range(5):
        segments.append(b"record %d" % number, at=number)
    segments.close()
    (file,) = tmp_path.glob("*.seg")
    whole = file.read_bytes()
    size = (len(whole) - 8) // 5
    for kept in range(len(whole) + 1):
        for tail in (b"", b"\0" * 64):
            file.write_bytes(whole[:kept] + tail)
            again = in_files(tmp_path)
            count = max(0, kept - 8) // size
            assert [record.data for record in ahead(again)] == [b"record %d" % number for number in range(count)]
            assert again.append(b"after", at=9) == count + 1
            assert back(again)[0].data == b"after"
            again.close()


def test_a_flipped_bit_in_the_newest_file_ends_it_there(tmp_path: Path) -> None:
    segments = in_files(tmp_path)
    for number in range(5):
        segments.append(b"record %d" % number, at=number)
    segments.close()
    (file,) = tmp_path.glob("*.seg")
    raw = bytearray(file.read_bytes())
    raw[8 + (len(raw) - 8) // 5 * 2 + 26] ^= 1
    file.write_bytes(raw)
    assert [record.data for record in ahead(in_files(tmp_path))] == [b"record 0", b"record 1"]


def test_damage_in_an_older_file_hides_no_other_file(tmp_path: Path) -> None:
    segments = in_files(tmp_path)
    for number in range(300):
        segments.append(b"%d" % number, at=number)
    segments.close()
    oldest = min(tmp_path.glob("*.seg"))
    raw = bytearray(oldest.read_bytes())
    raw[8:12] = b"\xff" * 4
    oldest.write_bytes(raw)
    again = in_files(tmp_path)
    following = sorted(int(file.stem) for file in tmp_path.glob("*.seg"))[1]
    assert [record.position for record in ahead(again)] == list(range(following, 301))
    assert [record.position for record in back(again)] == list(range(300, following - 1, -1))


def test_files_that_hold_nothing_wanted_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = in_files(tmp_path)
    for number in range(1_000):
        segments.append(b"x" * 50, at=number, stream=number // 500)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *more: opened.append(str(path)) or real(path, *more))
    assert len(ahead(segments, Wanted(since=990), limit=1_000)) == 10
    assert len(opened) == 1
    opened.clear()
    assert len(ahead(segments, Wanted(stream=0), limit=1_000)) == 500
    assert len(opened) <= len(list(tmp_path.glob("*.seg"))) / 2 + 1


def test_readers_on_threads_see_whole_records_while_others_are_appended(tmp_path: Path) -> None:
    segments = in_files(tmp_path, segment_bytes_max=1_000, total_bytes_max=4_000)
    faults: list[str] = []
    done = threading.Event()

    def follow() -> None:
        reached, seen = 0, 0
        while not (done.is_set() and reached == segments.last):
            part = segments.read(reached, 50)
            for record in part.records:
                if record.data != b"%d" % record.position * 20 or record.position <= seen:
                    faults.append(repr(record))
                seen = record.position
            reached = part.reached
            segments.read_back(segments.last + 1, 5)

    readers = [threading.Thread(target=follow) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 401):
        segments.append(b"%d" % number * 20, at=number)
    done.set()
    for reader in readers:
        reader.join()
    assert not faults


def _takes(segments: Segments, data: bytes) -> bool:
    try:
        segments.append(data, at=0)
    except SegmentsError:
        return False
    return True


def test_at_a_limit_of_the_disk_a_record_is_refused_whole_and_room_makes_it_well(tmp_path: Path) -> None:
    """A file may not grow beyond 2,000 bytes; the last write before that is cut short."""
    segments = in_files(tmp_path)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        kept = 0
        while _takes(segments, b"x" * 300):
            kept += 1
        assert 4 <= kept <= 6
        assert not _takes(segments, b"x" * 300)
        segments.append(b"short", at=kept)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    segments.append(b"room", at=kept)
    expected = [*[b"x" * 300] * kept, b"short", b"room"]
    assert [record.data for record in ahead(segments)] == expected
    segments.close()
    assert [record.data for record in ahead(in_files(tmp_path))] == expected


def test_where_a_half_written_record_cannot_be_cut_off_another_file_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = in_files(tmp_path)
    segments.append(b"one", at=1)
    real = os.write

    def half(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[: len(data) // 2])

    def refuse(descriptor: int, size: int) -> None:
        raise OSError("the disk failed")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", half)
        broken.setattr(os, "ftruncate", refuse)
        with pytest.raises(SegmentsError):
            segments.append(b"torn" * 10, at=2)
    assert segments.append(b"two", at=2) == 2
    assert [record.data for record in ahead(segments)] == [b"one", b"two"]
    segments.close()
    assert [record.data for record in ahead(in_files(tmp_path))] == [b"one", b"two"]


APPENDER = """
import sys
from pathlib import Path
from fogstead.primitives.telemetry.directory import DirectorySegments
segments = DirectorySegments(Path(sys.argv[1]), segment_bytes_max=20_000, total_bytes_max=100_000_000)
while True:
    position = segments.append(b"%d" % (segments.last + 1) * 30, at=0)
    sys.stdout.write(f"{position}\\n")
    sys.stdout.flush()
"""


def test_a_killed_process_loses_nothing_it_had_acknowledged(tmp_path: Path) -> None:
    chance = Random(4566)
    acknowledged = 0
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        assert process.stdout is not None
        for _ in range(chance.randrange(50, 1_500)):
            acknowledged = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read()
        process.wait()
        process.stdout.close()
        lines = [line for line in rest.split("\n")[:-1] if line]
        acknowledged = int(lines[-1]) if lines else acknowledged
        segments = in_files(tmp_path, segment_bytes_max=20_000, total_bytes_max=100_000_000)
        found = ahead(segments, limit=1_000)
        assert len(found) >= acknowledged
        assert [record.data for record in found] == [b"%d" % number * 30 for number in range(1, len(found) + 1)]
        segments.close()
