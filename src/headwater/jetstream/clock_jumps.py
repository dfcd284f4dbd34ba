"""A wall clock that is set forward: what is old because of that alone must not go for its age.

A machine whose clock has no battery begins in 1970, or when it was switched off, and is set right
over the network later.  What was stored before that looks years older from one moment to the next.
"""

from headwater.base.clock import SECOND

# Less than that is a correction, as clocks get them all the time.
_TOLERANCE_NS = 10 * SECOND
_JUMPS_MAX = 8


class ClockJumps:
    """When a clock was set forward since it was first looked at, and how far.

    ``jumps`` are (time, nanoseconds): what the clock would show at the moment when that was
    noticed, and how far it was ahead of that.
    """

    def __init__(self, clock):
        self.jumps = []
        self._clock = clock
        self._seen_ns = clock.now()
        self._elapsed_ns = clock.elapsed()

    def notice(self):
        """Return how far the clock was set forward since this was called last, 0 if it was not."""
        now_ns, elapsed_ns = self._clock.now(), self._clock.elapsed()
        expected_ns = self._seen_ns + elapsed_ns - self._elapsed_ns
        self._seen_ns, self._elapsed_ns = now_ns, elapsed_ns
        ahead_ns = now_ns - expected_ns
        if ahead_ns > _TOLERANCE_NS:
            self.jumps = [*self.jumps, (expected_ns, ahead_ns)][-_JUMPS_MAX:]
            return ahead_ns
        if ahead_ns < -_TOLERANCE_NS:
            self._take_back(-ahead_ns)
        return 0

    def older_than(self, time_ns):
        """Return the time of the youngest message that is as old as one of ``time_ns`` looks."""
        for before_ns, ahead_ns in reversed(self.jumps):
            if time_ns >= before_ns + ahead_ns:
                break
            time_ns = min(time_ns - ahead_ns, before_ns)
        return time_ns

    def delay(self, time_ns):
        """Return how much older a message of that time looks than it is."""
        return sum(ahead_ns for before_ns, ahead_ns in self.jumps if time_ns <= before_ns)

    def _take_back(self, behind_ns):
        """The clock was set back: the last times that it was set forward were mistakes."""
        while behind_ns > _TOLERANCE_NS and self.jumps:
            before_ns, ahead_ns = self.jumps[-1]
            self.jumps = self.jumps[:-1]
            if ahead_ns - behind_ns > _TOLERANCE_NS:
                self.jumps.append((before_ns, ahead_ns - behind_ns))
            behind_ns -= ahead_ns
