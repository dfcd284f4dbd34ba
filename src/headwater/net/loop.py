"""The event loop of a node: which one, its clock, and its timers."""

import asyncio
import time

from headwater.base.clock import SECOND, Clock
from headwater.base.timers import Timers

try:
    import uvloop
except ImportError:  # not for this platform: asyncio's own loop does the same, slower
    uvloop = None  # type: ignore[assignment]


class SystemClock(Clock):
    """The real time."""

    __slots__ = ()

    # The functions themselves: the time is asked for with every read, and a frame would show.
    now = staticmethod(time.time_ns)
    monotonic = staticmethod(time.monotonic_ns)

    if hasattr(time, "CLOCK_BOOTTIME"):

        def elapsed(self) -> int:
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop: uvloop's where it exists."""
    if uvloop is not None:
        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def loop_name() -> str:
    """Return the name of the loop that ``new_event_loop`` gives."""
    return "asyncio" if uvloop is None else f"uvloop {uvloop.__version__}"  # type: ignore[attr-defined]


class LoopTimers(Timers):
    """Timers that an event loop drives: one loop timer stands for the earliest of them."""

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(clock, on_earlier=self._schedule)
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self._scheduled_ns = 0
        self._closed = False

    def close(self) -> None:
        """Run nothing any more."""
        self._closed = True
        if self._handle is not None:
            self._handle.cancel()

    def _schedule(self, deadline_ns: int) -> None:
        if self._closed:
            return
        if self._handle is not None:
            if self._scheduled_ns <= deadline_ns:
                return
            self._handle.cancel()
        self._scheduled_ns = deadline_ns
        delay_ns = max(0, deadline_ns - self._clock.monotonic())
        self._handle = self._loop.call_later(delay_ns / SECOND, self._run)

    def _run(self) -> None:
        self._handle = None
        if self._closed:
            return
        try:
            self.run_due()
        finally:
            deadline_ns = self.next_deadline()
            if deadline_ns is not None:
                self._schedule(deadline_ns)
