"""Timers of JetStream run as batches of the router."""

import pytest

from headwater.base.clock import ManualClock
from headwater.base.timers import Timers
from headwater.jetstream.turns import TurnTimers


class _Router:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def begin(self) -> None:
        self.calls.append("begin")

    def flush(self) -> None:
        self.calls.append("flush")


def _run(callback: object) -> list[str]:
    clock, router = ManualClock(), _Router()
    timers = Timers(clock)
    TurnTimers(timers, router).after(10, callback)
    clock.advance(9)
    timers.run_due()
    assert router.calls == []
    clock.advance(1)
    try:
        timers.run_due()
    finally:
        router.calls.append("end")
        assert router.calls == ["begin", "flush", "end"]
    return router.calls


def test_a_callback_is_a_batch() -> None:
    called: list[bool] = []
    _run(lambda: called.append(True))
    assert called == [True]


def test_a_failing_callback_is_flushed() -> None:
    with pytest.raises(ZeroDivisionError):
        _run(lambda: 1 / 0)


def test_a_timer_can_be_cancelled() -> None:
    clock, router = ManualClock(), _Router()
    timers = Timers(clock)
    timer = TurnTimers(timers, router).after(10, lambda: 1 / 0)
    timer.cancel()
    clock.advance(20)
    timers.run_due()
    assert router.calls == []
