"""Time as the core sees it: nanoseconds handed in, never read from the system."""

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """Where the core takes the time from; the real one lives in ``net``, tests turn one by hand."""

    __slots__ = ()

    def now(self):
        """Return the wall clock: nanoseconds since 1970, UTC."""
        raise NotImplementedError

    def monotonic(self):
        """Return nanoseconds of a clock that never goes back."""
        raise NotImplementedError

    def elapsed(self):
        """Return those of one that goes on while the machine sleeps, if there is one."""
        return self.monotonic()


class ManualClock(Clock):
    """A clock that stands still until told otherwise."""

    __slots__ = ("monotonic_ns", "now_ns")

    def __init__(self, now_ns=1_700_000_000 * SECOND):
        self.now_ns = now_ns
        self.monotonic_ns = 0

    def now(self):
        return self.now_ns

    def monotonic(self):
        return self.monotonic_ns

    def advance(self, duration_ns):
        """Let time pass on both clocks."""
        self.now_ns += duration_ns
        self.monotonic_ns += duration_ns
