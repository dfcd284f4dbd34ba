"""How many bytes streams may take together: those of an account, within those of the server."""

from headwater.jetstream import api_errors


class Quota:
    """What streams of one kind of storage may take; -1 stands for any number of bytes.

    ``whole`` is the quota that this one is a part of, None for that of the server.
    """

    __slots__ = ("bytes_max", "closed", "reserved", "used", "whole")

    def __init__(self, bytes_max, whole=None):
        self.bytes_max = bytes_max
        self.whole = whole
        self.closed = False  # whether nothing is taken, because the disk has no room
        self.used = 0
        self.reserved = 0  # by streams with a limit of their own

    def is_full(self, more):
        """Tell whether there is no room for ``more`` bytes, be it here or in the whole."""
        if self.closed or 0 <= self.bytes_max < self.used + more:
            return True
        return self.whole is not None and self.whole.is_full(more)

    def refusal(self, more):
        """Return the ApiError for ``more`` bytes that were too many, here or in the whole."""
        if self.whole is None or self.closed or self.whole.is_full(more):
            return api_errors.INSUFFICIENT_RESOURCES
        return api_errors.ACCOUNT_RESOURCES_EXCEEDED

    def add(self, used):
        """Count so many bytes more, or less."""
        self.used += used
        if self.whole is not None:
            self.whole.add(used)

    def reserve(self, size):
        """Set so many bytes aside, or give them back if that is negative."""
        self.reserved += size
        if self.whole is not None:
            self.whole.reserve(size)
