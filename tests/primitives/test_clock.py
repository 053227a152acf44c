import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.primitives.clock import Clock, Millis, system_millis

DAY = 86_400_000


class Hands:
    """True time as the test turns it."""

    def __init__(self, at: Millis = 1_000_000) -> None:
        self.at = at

    def __call__(self) -> Millis:
        return self.at


def advance(clock: Clock, cloud_time: Millis) -> None:
    clock.stand_at(cloud_time)
    clock.settle()


def test_the_system_clock_gives_whole_milliseconds_since_the_epoch() -> None:
    before = time.time()
    now = system_millis()
    later = time.time()

    assert isinstance(now, int)
    assert int(before * 1000) - 1 <= now <= int(later * 1000) + 1
    assert abs(Clock().true_now() - now) < 60_000


def test_cloud_time_is_true_time_until_it_is_moved() -> None:
    hands = Hands()
    clock = Clock(hands)
    hands.at += 5

    assert clock.now() == clock.true_now() == hands.at
    assert clock.offset == 0
    assert list(clock.moves) == []


def test_cloud_time_stands_still_during_a_step_and_true_time_does_not() -> None:
    hands = Hands()
    clock = Clock(hands)
    clock.stand_at(hands.at + DAY)
    stood_at = clock.now()
    hands.at += 1_000

    assert clock.now() == stood_at
    assert clock.true_now() == hands.at


def test_cloud_time_runs_on_from_where_it_stood() -> None:
    hands = Hands()
    clock = Clock(hands)
    target = hands.at + DAY
    clock.stand_at(target)
    hands.at += 1_000
    move = clock.settle()

    assert move == (hands.at, DAY - 1_000)
    assert list(clock.moves) == [move]
    assert clock.now() == target
    hands.at += 7
    assert clock.now() == target + 7
    assert clock.true_now() == hands.at


def test_an_advance_that_takes_longer_than_it_advances_does_not_pull_time_back() -> None:
    hands = Hands()
    clock = Clock(hands)
    advance(clock, hands.at + DAY)
    clock.stand_at(clock.now() + 10)
    hands.at += 1_000
    clock.settle()

    assert clock.offset == DAY
    assert clock.now() == hands.at + DAY


def test_cloud_time_refuses_to_go_back() -> None:
    hands = Hands()
    clock = Clock(hands)
    with pytest.raises(ValueError, match="forward only"):
        clock.stand_at(clock.now() - 1)
    clock.stand_at(clock.now() + DAY)
    with pytest.raises(ValueError, match="forward only"):
        clock.stand_at(clock.now() - 1)

    assert clock.now() == hands.at + DAY


def test_settling_a_clock_that_runs_logs_no_move() -> None:
    hands = Hands()
    clock = Clock(hands)

    assert clock.settle() == (hands.at, 0)
    assert list(clock.moves) == []


def test_the_log_tells_the_cloud_time_of_a_moment_on_either_side_of_a_move() -> None:
    hands = Hands(10_000)
    clock = Clock(hands)
    hands.at = 20_000
    advance(clock, 20_000 + DAY)
    hands.at = 30_000
    advance(clock, 30_000 + 2 * DAY)

    assert clock.cloud_time_of(0) == 0
    assert clock.cloud_time_of(19_999) == 19_999
    assert clock.cloud_time_of(20_000) == 20_000 + DAY
    assert clock.cloud_time_of(29_999) == 29_999 + DAY
    assert clock.cloud_time_of(30_000) == 30_000 + 2 * DAY
    assert clock.cloud_time_of(40_000) == 40_000 + 2 * DAY


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 10_000)),
        st.tuples(st.just("stand"), st.integers(0, DAY)),
        st.tuples(st.just("settle"), st.just(0)),
    ),
    max_size=30,
)


@given(STEPS)
def test_cloud_time_never_goes_back_and_the_log_remembers_all_of_it(steps: list[tuple[str, int]]) -> None:
    hands = Hands()
    clock = Clock(hands)
    shown = clock.now()
    running: dict[Millis, Millis] = {}
    for step, amount in steps:
        if step == "tick":
            hands.at += amount
        elif step == "stand":
            clock.stand_at(clock.now() + amount)
        else:
            clock.settle()
            running[hands.at] = clock.now()
        assert clock.now() >= shown
        shown = clock.now()
    clock.settle()
    running[hands.at] = clock.now()

    assert {true: clock.cloud_time_of(true) for true in running} == running
    assert [true for true, _ in clock.moves] == sorted(true for true, _ in clock.moves)
    assert [offset for _, offset in clock.moves] == sorted(offset for _, offset in clock.moves)


@given(STEPS)
def test_a_clock_made_from_the_log_shows_the_same_time(steps: list[tuple[str, int]]) -> None:
    hands = Hands()
    clock = Clock(hands)
    for step, amount in steps:
        if step == "tick":
            hands.at += amount
        elif step == "stand":
            clock.stand_at(clock.now() + amount)
        else:
            clock.settle()
    clock.settle()

    again = Clock(hands, list(clock.moves))
    hands.at += 12_345
    assert again.now() == clock.now()
    assert again.offset == clock.offset
    assert again.cloud_time_of(1_000_500) == clock.cloud_time_of(1_000_500)
    advance(again, again.now() + DAY)
    assert again.now() == clock.now() + DAY
