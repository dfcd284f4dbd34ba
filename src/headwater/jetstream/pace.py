"""Holding a consumer's messages back: replay in the original tempo, and a limit of its rate."""

from headwater.base.clock import SECOND

# What may leave at once after a pause, as with nats-server: the largest payload that it takes.
_BURST_BYTES = 1024 * 1024


class Pace:
    """When the next message of one consumer may leave; ``rate_bps`` is in bits a second, 0: any."""

    def __init__(self, consumer, rate_bps):
        self._consumer = consumer
        self._rate_bps = rate_bps
        self._original = consumer.config.replay_policy == "original"
        self._free_ns = 0  # monotonic: when all that has left would have, at the rate
        self._left_ns = 0  # monotonic: when the last message left
        self._left_time_ns = 0  # and when it had been stored
        self._timer = None

    def may_leave(self, sequence):
        """Tell whether this message may leave now; the consumer is woken later if not."""
        now_ns = self._consumer.monotonic()
        due_ns = max(self._rate_ns(sequence), self._replay_ns(sequence))
        if due_ns <= now_ns:
            return True
        if self._timer is None or not self._timer.active:
            self._timer = self._consumer.timers.after(due_ns - now_ns, self._consumer.wake)
        return False

    def left(self, time_ns, size):
        """A message of ``size`` bytes that was stored at ``time_ns`` has left."""
        now_ns = self._consumer.monotonic()
        self._left_ns = now_ns
        self._left_time_ns = time_ns
        if self._rate_bps:
            self._free_ns = max(self._free_ns, now_ns) + self._takes_ns(size)

    def _takes_ns(self, size):
        """Return for how long so many bytes keep the rate."""
        return size * 8 * SECOND // self._rate_bps

    def _rate_ns(self, sequence):
        """Return when the rate lets a message leave: as soon as the burst has room for it."""
        if not self._rate_bps:
            return 0
        cached = self._consumer.delivery.store.find(sequence)
        size = 0 if cached is None else cached.record.end - cached.record.subject_start
        return self._free_ns - self._takes_ns(max(0, _BURST_BYTES - size))

    def _replay_ns(self, sequence):
        """Return when a message is due in the tempo in which the messages were stored."""
        if not self._original or not self._left_time_ns:
            return 0
        cached = self._consumer.delivery.store.find(sequence)
        if cached is None:
            return 0
        return self._left_ns + cached.record.time_ns - self._left_time_ns
