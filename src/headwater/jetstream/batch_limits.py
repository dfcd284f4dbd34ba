"""How many batches may be under way on a node, of how many messages, and for how long."""

from headwater.base.clock import SECOND

BATCH_ID_BYTES_MAX = 64


class BatchLimits:
    """The limits for one kind of batches, and how many of them are under way on the node."""

    def __init__(self, *, per_stream_max, total_max, messages_max=0, timeout_ns=10 * SECOND):
        self.per_stream_max = per_stream_max
        self.total_max = total_max
        self.messages_max = messages_max  # 0 for any number
        self.timeout_ns = timeout_ns  # without a message
        self.total = 0

    def is_full(self, of_stream):
        """Tell whether a stream with so many batches may not begin another one."""
        return of_stream >= self.per_stream_max or self.total >= self.total_max


def atomic_limits():
    """Return the limits of atomic batches."""
    return BatchLimits(per_stream_max=50, total_max=1000, messages_max=1000)


def fast_limits():
    """Return the limits of fast batches."""
    return BatchLimits(per_stream_max=1000, total_max=50_000)
