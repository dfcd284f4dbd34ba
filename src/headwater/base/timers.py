"""Timers without a loop: a queue of deadlines that the driver asks and runs.

All times are those of ``Clock.monotonic``.  The driver (an event loop, or a test) calls ``run_due``
when the time of ``next_deadline`` has come; it may pass ``on_earlier`` to hear that the first
deadline has moved forward.
"""

from heapq import heapify, heappop, heappush
from itertools import count


class Timer:
    """One deadline; ``cancel`` is final and may be called at any time."""

    __slots__ = ("callback", "deadline_ns", "order")

    def __init__(self, deadline_ns, order, callback):
        self.deadline_ns = deadline_ns
        self.order = order
        self.callback = callback  # None once cancelled or run

    def __lt__(self, other):
        return (self.deadline_ns, self.order) < (other.deadline_ns, other.order)

    @property
    def active(self):
        """Whether the callback is still to come."""
        return self.callback is not None

    def cancel(self):
        """Make sure that the callback does not run any more."""
        self.callback = None


class Timers:
    """Deadlines in order; equal ones run in the order in which they were set."""

    def __init__(self, clock, on_earlier=None):
        self._clock = clock
        self._on_earlier = on_earlier
        self._heap = []
        self._order = count()
        self._cancelled_bound = 64

    def after(self, delay_ns, callback):
        """Run ``callback()`` once ``delay_ns`` have passed; return its Timer."""
        timer = Timer(self._clock.monotonic() + max(0, delay_ns), next(self._order), callback)
        self._drop_cancelled()
        heappush(self._heap, timer)
        if self._on_earlier is not None and self._heap[0] is timer:
            self._on_earlier(timer.deadline_ns)
        return timer

    def next_deadline(self):
        """Return when ``run_due`` must run next, or None when nothing is pending."""
        heap = self._heap
        while heap and heap[0].callback is None:
            heappop(heap)
        return heap[0].deadline_ns if heap else None

    def run_due(self):
        """Run every callback whose time has come; return how many ran."""
        ran = 0
        now_ns = self._clock.monotonic()
        while (deadline_ns := self.next_deadline()) is not None and deadline_ns <= now_ns:
            timer = heappop(self._heap)
            callback, timer.callback = timer.callback, None
            callback()
            ran += 1
        return ran

    def _drop_cancelled(self):
        # Most timers are cancelled long before their time (ack waits, pull expiries): without this
        # they would pile up in the heap until then.
        if len(self._heap) > self._cancelled_bound:
            self._heap = [timer for timer in self._heap if timer.callback is not None]
            heapify(self._heap)
            self._cancelled_bound = max(64, 2 * len(self._heap))
