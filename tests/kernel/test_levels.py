"""What is held over time, against a dictionary that knows every moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from fogstead.kernel import levels, usage
from fogstead.kernel.levels import Payer
from fogstead.kernel.meter import PriceLine
from fogstead.kernel.usage import DAY_MILLIS, day_of_date, days_of, month_of
from fogstead.primitives.store import end_of
from fogstead.primitives.store.memory import MemoryKeys

HELD = PriceLine("s3", "Held", "GB-month")
OTHER = PriceLine("s3", "Other", "month")
START = day_of_date(date(2026, 11, 22)) * DAY_MILLIS
RED, BLUE = (("team", "red"),), (("team", "blue"),)
Days = dict[tuple[int, str, tuple[tuple[str, str], ...]], int]


def _read(keys: MemoryKeys, now: int, account: str = "1") -> Days:
    """Amounts by day, line and tags, of all months there are."""
    found: Days = defaultdict(int)
    for month in range(month_of(START // DAY_MILLIS), month_of(now // DAY_MILLIS) + 1):
        for part in (usage.read(keys, account, month), levels.read(keys, account, month, now)):
            for used in part:
                assert used.day in days_of(month)
                found[used.day, used.series.usage_type, used.series.tags] += used.amount
    return {key: amount for key, amount in found.items() if amount}


class Model:
    """The same by a plain dictionary, moment by moment."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, PriceLine], int] = defaultdict(int)
        self.tags = {"a": RED, "b": ()}
        self.days: Days = defaultdict(int)

    def pass_time(self, start: int, end: int) -> None:
        for (resource, line), level in self.held.items():
            at = start
            while at < end:
                stop = min(end, (at // DAY_MILLIS + 1) * DAY_MILLIS)
                self.days[at // DAY_MILLIS, line.usage_type, self.tags[resource]] += level * (stop - at)
                at = stop

    def shown(self) -> Days:
        return {key: amount for key, amount in self.days.items() if amount}


_steps = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 999, DAY_MILLIS - 1, DAY_MILLIS, 5 * DAY_MILLIS + 17, 40 * DAY_MILLIS]),
        st.sampled_from(["more", "less", "end", "red", "blue"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([HELD, OTHER]),
        st.integers(1, 10**15),
    ),
    max_size=25,
)


@given(_steps)
@settings(max_examples=150)
def test_levels_are_what_a_dictionary_says(steps: list[tuple[int, str, str, PriceLine, int]]) -> None:
    keys, model, now = MemoryKeys(), Model(), START
    for passed, what, resource, line, size in steps:
        model.pass_time(now, now + passed)
        now += passed
        payer = Payer("1", "us-east-1", resource, model.tags[resource])
        if what in {"more", "less"}:
            delta = size if what == "more" else -min(size, model.held[resource, line])
            levels.change(keys, now, payer, line, delta)
            model.held[resource, line] += delta
        elif what == "end":
            levels.end(keys, now, payer)
            for held in model.held:
                model.held[held] = 0 if held[0] == resource else model.held[held]
        else:
            model.tags[resource] = RED if what == "red" else BLUE
            levels.retag(keys, now, payer._replace(tags=model.tags[resource]))
        assert _read(keys, now) == model.shown()


def test_a_level_that_is_left_alone_costs_one_row_a_month() -> None:
    keys, payer = MemoryKeys(), Payer("1", "us-east-1", "a")
    levels.change(keys, START, payer, HELD, 100)
    levels.change(keys, START + 100 * DAY_MILLIS, payer, HELD, 1)
    rows = keys.scan(usage.USAGE, end_of(usage.USAGE), limit=1_000)
    assert len(rows) == 5  # November, December, January, February, and March up to the second
    assert sum(_read(keys, START + 100 * DAY_MILLIS).values()) == 100 * 100 * DAY_MILLIS


def test_what_nobody_holds_any_more_leaves_no_level() -> None:
    keys, payer = MemoryKeys(), Payer("1", "us-east-1", "a")
    levels.change(keys, START, payer, HELD, 100)
    levels.change(keys, START + 1_000, payer, HELD, -100)
    assert keys.scan(levels.LEVELS, end_of(levels.LEVELS), limit=10) == []
    assert _read(keys, START + 99 * DAY_MILLIS) == {(START // DAY_MILLIS, "Held", ()): 100_000}


def test_what_was_there_before_its_line_goes_without_a_trace() -> None:
    keys, payer = MemoryKeys(), Payer("1", "us-east-1", "a")
    levels.change(keys, START, payer, HELD, -100)
    levels.change(keys, START, payer, HELD, 40)
    levels.change(keys, START + 1, payer, HELD, -100)
    assert _read(keys, START + DAY_MILLIS) == {(START // DAY_MILLIS, "Held", ()): 40}


def test_time_that_is_set_back_stands_still() -> None:
    keys, payer = MemoryKeys(), Payer("1", "us-east-1", "a")
    levels.change(keys, START, payer, HELD, 100)
    levels.change(keys, START - 3_600_000, payer, HELD, 100)
    assert _read(keys, START - 1_000) == {}
    assert _read(keys, START + 5) == {(START // DAY_MILLIS, "Held", ()): 1_000}


def test_an_account_reads_its_own_levels_only() -> None:
    keys = MemoryKeys()
    levels.change(keys, START, Payer("1", "us-east-1", "a"), HELD, 100)
    levels.change(keys, START, Payer("11", "us-east-1", "a"), HELD, 7)
    assert _read(keys, START + 10, "11") == {(START // DAY_MILLIS, "Held", ()): 70}
