"""How much of the blocks is in memory: one budget; what was longest not touched goes first.

Touched is what is written to, or read from the disk.
"""

from headwater.base.clock import SECOND

_IDLE_NS = 10 * SECOND


class BlockCache:
    """The blocks that are in memory, of all streams that share it.

    A block that is dropped is read again when somebody asks for it; blocks of memory streams are
    not in here, they have no other place.
    """

    def __init__(self, bytes_max):
        self.bytes_max = bytes_max
        self.bytes = 0
        self._blocks = {}  # id -> (Block, bytes that it counts for), the least recently used first

    def use(self, block, now_ns):
        """Note that ``block``, whose ``cached`` is set, is being used; others go if need be."""
        key = id(block)
        self._uncount(key)
        size = block.cached.memory_bytes()
        self._blocks[key] = (block, size)
        self.bytes += size
        block.cached.used_ns = now_ns
        if self.bytes > self.bytes_max:
            self._evict(now_ns, keep=key)

    def drop(self, block):
        """Forget a block, for it is no more."""
        self._uncount(id(block))
        block.cached = None

    def trim(self, now_ns):
        """Drop what has not been used for long, and what is over the budget."""
        self._evict(now_ns, keep=0)

    def _evict(self, now_ns, *, keep):
        for key, (block, _) in list(self._blocks.items()):
            idle = now_ns - block.cached.used_ns > _IDLE_NS
            if not idle and self.bytes <= self.bytes_max:
                break
            if key != keep:
                self.drop(block)

    def _uncount(self, key):
        entry = self._blocks.pop(key, None)
        if entry is not None:
            self.bytes -= entry[1]

    def __len__(self):
        return len(self._blocks)
