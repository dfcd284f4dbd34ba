"""How many batches may be under way on a node, of how many messages, and for how long."""

from headwater.base.clock import SECOND
from headwater.config.options import BatchOptions

BATCH_ID_BYTES_MAX = 64
_TIMEOUT_NS = 10 * SECOND


class BatchLimits:
    """The limits for one kind of batches, and how many of them are under way on the node."""

    def __init__(self, per_stream_max, total_max, messages_max):
        self._defaults = per_stream_max, total_max, messages_max
        self.total = 0
        self.configure(BatchOptions())

    def configure(self, options):
        """Take over config.options.BatchOptions."""
        per_stream_max, total_max, messages_max = self._defaults
        self.per_stream_max = options.per_stream_max or per_stream_max
        self.total_max = options.total_max or total_max
        self.messages_max = options.messages_max or messages_max
        self.timeout_ns = options.timeout_ns or _TIMEOUT_NS  # without a message

    def is_full(self, of_stream):
        """Tell whether a stream with so many batches may not begin another one."""
        return of_stream >= self.per_stream_max or self.total >= self.total_max


def atomic_limits():
    """Return the limits of atomic batches."""
    return BatchLimits(50, 1000, 1000)


def fast_limits():
    """Return the limits of fast batches, which may have any number of messages."""
    return BatchLimits(1000, 50_000, 0)
