"""The end of a block that is safe in the journal, and not in the block's file yet."""

from headwater.base import octets
from headwater.base.buffer import Buffer


class Tail:
    """Bytes that belong at ``offset`` in the file of ``block``.

    The journal has them from its entry ``entry`` on.  One tail of a log grows; one that a thread
    has taken does not.
    """

    __slots__ = ("block", "buffer", "busy", "entry", "offset", "suspect", "written")

    def __init__(self, block, offset, entry):
        self.block = block
        self.offset = offset
        self.entry = entry
        self.buffer = Buffer(1024)
        self.busy = False  # whether a thread has it
        self.written = False  # whether it is in the file and synced
        self.suspect = False  # whether a write of it has failed: the file is to be made anew

    def append(self, buffer):
        """Add the bytes of a batch."""
        own = self.buffer
        own.reserve(buffer.size)
        own.size = octets.copy_into(own.view, own.size, buffer.view, 0, buffer.size)

    def data(self):
        """Return what is to be written; only while it does not grow."""
        return memoryview(self.buffer.data)[: self.buffer.size]
