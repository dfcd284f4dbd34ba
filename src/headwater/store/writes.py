"""What streams cost the disk, beside what they took for it: their ratio is the amplification.

Counted by the loop's thread, when a write is through; what failed is left out.
"""

LOG = "log"
JOURNAL = "journal"
CHECKPOINT = "checkpoint"
COMPACTION = "compaction"

_BATCH_SYNCS = 1
_NEW_FILE_SYNCS = 2  # of the file, and of the directory that names it


class Writes:
    """What was given to the disk since the start."""

    __slots__ = ("accepted_bytes", "bytes", "syncs")

    def __init__(self):
        self.bytes = {LOG: 0, JOURNAL: 0, CHECKPOINT: 0, COMPACTION: 0}
        self.syncs = 0
        self.accepted_bytes = 0  # headers and payloads of the messages in them

    def add(self, kind, size, *, new_file=True):
        """Count a synced write of ``size`` bytes."""
        self.bytes[kind] += size
        self.syncs += _NEW_FILE_SYNCS if new_file else _BATCH_SYNCS
