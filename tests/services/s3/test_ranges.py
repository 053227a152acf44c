"""Ranges of bytes: what is served, what is ignored, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.services.s3 import ranges
from fogstead.services.s3.service import InvalidArgument, InvalidRange


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-9", (0, 9)),
        ("bytes=3-", (3, 9)),
        ("bytes=9-", (9, 9)),
        ("bytes=4-400", (4, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-300", (0, 9)),
        ("Bytes= 1 - 2", (1, 2)),
    ],
)
def test_a_range_is_cut_to_the_object(header: str, wanted: tuple[int, int]) -> None:
    assert ranges.parse(header, 10) == wanted


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "items=0-1", "0-1", "bytes=1",
     "bytes=-1-2", "bytes=٣-٤", "bytes=0-" + "9" * 5000, "bytes=" + "9" * 5000 + "-"],
)  # fmt: skip
def test_what_is_no_single_range_is_ignored(header: str | None) -> None:
    assert ranges.parse(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=10-", 10), ("bytes=10-11", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0), ("bytes=0-0", 0)],
)
def test_a_range_outside_of_the_object_is_refused_with_its_size(header: str, size: int) -> None:
    with pytest.raises(InvalidRange) as refused:
        ranges.parse(header, size)
    assert refused.value.members == {"RangeRequested": header, "ActualObjectSize": size}
    assert refused.value.status == 416


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_the_slice_it_names(data: bytes, first: int, last: int) -> None:
    if first >= len(data) and first <= last:
        with pytest.raises(InvalidRange):
            ranges.parse(f"bytes={first}-{last}", len(data))
        return
    found = ranges.parse(f"bytes={first}-{last}", len(data))
    assert (data if found is None else data[found[0] : found[1] + 1]) == (data[first : last + 1] or data)


@given(st.binary(min_size=1, max_size=50), st.integers(1, 60))
def test_a_suffix_is_the_end_of_the_object(data: bytes, length: int) -> None:
    found = ranges.parse(f"bytes=-{length}", len(data))
    assert found is not None
    assert data[found[0] : found[1] + 1] == data[-length:]


def test_a_copied_range_lies_within_its_source() -> None:
    assert ranges.parse_copy_source(None, 10) is None
    assert ranges.parse_copy_source("bytes=0-9", 10) == (0, 9)
    assert ranges.parse_copy_source("bytes=9-9", 10) == (9, 9)


@pytest.mark.parametrize(
    "header",
    ["", "0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-2,3-5", "bytes=-5", "bytes=5-",
     "bytes=5-2", " bytes=0-1", "bytes=0-" + "9" * 5000],
)  # fmt: skip
def test_a_copied_range_has_one_form_only(header: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        ranges.parse_copy_source(header, 10)
    assert refused.value.message.startswith("The x-amz-copy-source-range value must be of the form bytes=first-last ")
    assert refused.value.members == {"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header}


def test_a_copied_range_past_the_end_is_refused_with_the_size() -> None:
    with pytest.raises(InvalidArgument, match="Range specified is not valid for source object of size: 10"):
        ranges.parse_copy_source("bytes=0-10", 10)
