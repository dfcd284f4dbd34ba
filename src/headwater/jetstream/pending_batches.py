"""The batches of one stream that are under way, and those given up for lack of messages."""


class PendingBatches(dict):
    """Batches by id; each has ``touched_ns``, when its last message came.

    ``expired(batch)`` is called for those that have waited for too long.
    """

    def __init__(self, limits, clock, timers, expired):
        super().__init__()
        self.limits = limits
        self._clock = clock
        self._timers = timers
        self._expired = expired
        self._timer = None

    def is_full(self):
        """Tell whether no further batch may begin."""
        return self.limits.is_full(len(self))

    def begin(self, batch_id, batch):
        """Take a new batch."""
        self[batch_id] = batch
        self.limits.total += 1
        self.touch(batch)
        if self._timer is None:
            self._timer = self._timers.after(self.limits.timeout_ns, self._check)

    def touch(self, batch):
        """A message of a batch has come."""
        batch.touched_ns = self._clock.monotonic()

    def end(self, batch_id):
        """Let go of a batch, if there is one of that id."""
        if self.pop(batch_id, None) is not None:
            self.limits.total -= 1

    def stop(self):
        """Let go of all of them."""
        for batch_id in list(self):
            self.end(batch_id)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self):
        self._timer = None
        bound_ns = self._clock.monotonic() - self.limits.timeout_ns
        for batch_id, batch in list(self.items()):
            if batch.touched_ns <= bound_ns:
                self.end(batch_id)
                self._expired(batch)
        if self:
            oldest_ns = min(batch.touched_ns for batch in self.values())
            self._timer = self._timers.after(max(0, oldest_ns - bound_ns), self._check)
