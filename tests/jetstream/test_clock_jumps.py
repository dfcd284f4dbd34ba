"""A clock that is set forward, and back again."""

import pytest

from headwater.base.clock import SECOND, ManualClock
from headwater.jetstream.clock_jumps import ClockJumps

YEAR = 365 * 86400 * SECOND
AGE = 100 * SECOND


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1000 * SECOND)


def test_small_corrections_are_none(clock):
    jumps = ClockJumps(clock)
    clock.now_ns += 9 * SECOND
    clock.advance(50 * SECOND)
    assert jumps.notice() == 0
    clock.now_ns -= 9 * SECOND
    assert jumps.notice() == 0
    assert jumps.jumps == []


def test_what_was_there_before_is_as_old_as_it_was(clock):
    jumps = ClockJumps(clock)
    times = []
    for _ in range(10):  # messages at 1000, 1010, … 1090
        times.append(clock.now())
        clock.advance(10 * SECOND)
    clock.now_ns += YEAR
    assert jumps.notice() == YEAR
    after = clock.now()  # a message that comes now
    for passed in range(0, 200, 10):
        cutoff = jumps.older_than(clock.now() - AGE)
        gone = [time for time in times if time <= cutoff]
        assert len(gone) == min(10, passed // 10 + 1)
        assert (after <= cutoff) == (passed >= 100)
        clock.advance(10 * SECOND)
        assert jumps.notice() == 0
    assert jumps.delay(times[0]) == YEAR
    assert jumps.delay(after) == 0


def test_several(clock):
    jumps = ClockJumps(clock)
    first = clock.now()
    clock.advance(SECOND)
    clock.now_ns += YEAR
    jumps.notice()
    second = clock.now()
    clock.advance(SECOND)
    clock.now_ns += 2 * YEAR
    jumps.notice()
    assert (jumps.delay(first), jumps.delay(second)) == (3 * YEAR, 2 * YEAR)
    clock.advance(AGE - 2 * SECOND)
    assert jumps.older_than(clock.now() - AGE) == first
    clock.advance(SECOND)
    assert jumps.older_than(clock.now() - AGE) == second


def test_one_that_was_a_mistake(clock):
    jumps = ClockJumps(clock)
    clock.now_ns += YEAR
    assert jumps.notice() == YEAR
    clock.advance(SECOND)
    clock.now_ns -= YEAR
    assert jumps.notice() == 0
    assert jumps.jumps == []
    clock.now_ns += YEAR
    jumps.notice()
    clock.now_ns -= YEAR // 2
    jumps.notice()
    assert [ahead for _, ahead in jumps.jumps] == [YEAR // 2]
    clock.now_ns -= 5 * YEAR
    jumps.notice()
    assert jumps.jumps == []


def test_only_the_last_are_kept(clock):
    jumps = ClockJumps(clock)
    for _ in range(20):
        clock.now_ns += YEAR
        jumps.notice()
    assert len(jumps.jumps) == 8
