"""Units of time, and the clock that tests turn by hand."""

import pytest

from headwater.base import clock
from headwater.base.clock import Clock, ManualClock


def test_units_are_nanoseconds():
    assert clock.SECOND == 10**9
    assert clock.SECOND == 1000 * clock.MILLISECOND == 1_000_000 * clock.MICROSECOND
    assert clock.DAY == 24 * clock.HOUR == 24 * 60 * clock.MINUTE == 86_400 * clock.SECOND


def test_a_manual_clock_moves_both_times():
    manual = ManualClock(now_ns=5)
    assert (manual.now(), manual.monotonic()) == (5, 0)
    manual.advance(clock.SECOND)
    assert (manual.now(), manual.monotonic()) == (5 + clock.SECOND, clock.SECOND)


def test_the_wall_clock_may_jump_alone():
    manual = ManualClock()
    manual.now_ns -= clock.HOUR
    assert manual.monotonic() == 0


@pytest.mark.parametrize("method", ["now", "monotonic"])
def test_a_clock_must_be_implemented(method):
    with pytest.raises(NotImplementedError):
        getattr(Clock(), method)()
