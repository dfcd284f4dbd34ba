"""How much of the blocks is in memory: one budget for a node; what was not used longest goes."""

from headwater.base.clock import SECOND

_IDLE_NS = 10 * SECOND


class BlockCache:
    """The blocks that are in memory, of all streams that share it.

    A block that is dropped is read again when somebody asks for it; blocks of memory streams are
    not in here, they have no other place.
    """

    def __init__(self, bytes_max):
        self.bytes_max = bytes_max
        self.bytes = 0  # as of the last ``trim``
        self._blocks = {}  # id -> Block, the least recently used first

    def use(self, block, now_ns):
        """Note that ``block``, whose ``cached`` is set, is being used."""
        key = id(block)
        self._blocks.pop(key, None)
        self._blocks[key] = block
        block.cached.used_ns = now_ns

    def drop(self, block):
        """Forget a block, for it is no more."""
        self._blocks.pop(id(block), None)
        block.cached = None

    def trim(self, now_ns):
        """Drop what has not been used for long, and what is over the budget."""
        total = sum(block.cached.memory_bytes() for block in self._blocks.values())
        for block in list(self._blocks.values()):
            idle = now_ns - block.cached.used_ns > _IDLE_NS
            if not idle and total <= self.bytes_max:
                break
            total -= block.cached.memory_bytes()
            self.drop(block)
        self.bytes = total

    def __len__(self):
        return len(self._blocks)
