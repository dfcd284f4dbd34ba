"""The clock and the timers of an event loop."""

import asyncio

from headwater.base.clock import MILLISECOND, SECOND
from headwater.net.loop import LoopTimers, SystemClock, loop_name, new_event_loop
from tests.support.wait import wait_until_async


def _run(scenario) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(scenario())


def test_system_clock_goes_on() -> None:
    clock = SystemClock()
    assert clock.now() > 1_700_000_000 * SECOND
    first = clock.monotonic()
    assert clock.monotonic() >= first


def test_timers_run_in_the_order_of_their_deadlines() -> None:
    async def scenario() -> None:
        timers = LoopTimers(SystemClock(), asyncio.get_running_loop())
        ran: list[int] = []
        for delay in (30, 10, 20):
            timers.after(delay * MILLISECOND, lambda d=delay: ran.append(d))
        cancelled = timers.after(5 * MILLISECOND, lambda: ran.append(0))
        cancelled.cancel()
        await wait_until_async(lambda: len(ran) == 3)
        assert ran == [10, 20, 30]

    _run(scenario)


def test_a_timer_may_set_another() -> None:
    async def scenario() -> None:
        timers = LoopTimers(SystemClock(), asyncio.get_running_loop())
        ran: list[int] = []

        def again() -> None:
            ran.append(len(ran))
            if len(ran) < 5:
                timers.after(0, again)

        timers.after(0, again)
        await wait_until_async(lambda: len(ran) == 5)

    _run(scenario)


def test_one_that_fails_does_not_stop_the_others() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        failures: list[dict] = []
        loop.set_exception_handler(lambda _, context: failures.append(context))
        timers = LoopTimers(SystemClock(), loop)
        ran: list[int] = []
        timers.after(0, lambda: 1 / 0)
        timers.after(5 * MILLISECOND, lambda: ran.append(1))
        await wait_until_async(lambda: ran)
        assert len(failures) == 1

    _run(scenario)


def test_nothing_runs_once_closed() -> None:
    async def scenario() -> None:
        timers = LoopTimers(SystemClock(), asyncio.get_running_loop())
        others = LoopTimers(SystemClock(), asyncio.get_running_loop())
        ran: list[int] = []
        timers.after(MILLISECOND, lambda: ran.append(1))
        timers.close()
        timers.after(0, lambda: ran.append(2))
        others.after(20 * MILLISECOND, lambda: ran.append(3))
        await wait_until_async(lambda: ran)
        assert ran == [3]

    _run(scenario)


def test_loop_name_is_told() -> None:
    assert loop_name().partition(" ")[0] in ("asyncio", "uvloop")
