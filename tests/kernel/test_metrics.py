"""Counts of calls."""

from __future__ import annotations

import pytest

from fogstead.kernel import metrics
from fogstead.kernel.metrics import CallCounts, Series


def test_calls_are_counted_by_service_operation_and_outcome() -> None:
    counts = CallCounts()
    for error in ("", "", "Throttling"):
        counts.add("sqs", "SendMessage", error)
    counts.add("sqs", "ReceiveMessage", "")

    assert dict(counts) == {
        Series("sqs", "SendMessage", ""): 2,
        Series("sqs", "SendMessage", "Throttling"): 1,
        Series("sqs", "ReceiveMessage", ""): 1,
    }
    assert counts.total("sqs", "SendMessage") == 3
    assert counts.total("sqs", "CreateQueue") == 0


def test_the_number_of_series_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SERIES_MAX", 3)
    counts = CallCounts()
    for number in range(10):
        counts.add("s", str(number), "")
        counts.add("s", "0", "")
    assert len(dict(counts)) == 3
    assert counts.total("s", "0") == 11


def test_counts_may_grow_while_they_are_read() -> None:
    counts = CallCounts()
    counts.add("s", "a", "")
    for series, _ in counts:
        counts.add("s", series.operation + "x", "")
    assert len(dict(counts)) == 2
