"""A byte buffer that grows, written through the primitives of ``octets``, and a pool of them."""

from headwater.base import octets


class Buffer:
    """Bytes collected in ``view[:size]``.

    ``data`` and ``view`` are replaced together when the buffer grows, because a bytearray with a
    live view cannot change its size: nobody may keep either across a call of ``reserve``.
    """

    __slots__ = ("capacity", "data", "size", "view")

    def __init__(self, capacity=256):
        self.capacity = capacity
        self.data = bytearray(capacity)
        self.view = memoryview(self.data)
        self.size = 0

    def reserve(self, count):
        """Make room for ``count`` more bytes."""
        if self.size + count > self.capacity:
            self._grow(self.size + count)

    def _grow(self, need):
        capacity = self.capacity or 1
        while capacity < need:
            capacity *= 2
        data = bytearray(capacity)
        data[: self.size] = self.data[: self.size]
        self.data = data
        self.view = memoryview(data)
        self.capacity = capacity

    def append(self, data):
        """Add bytes at the end."""
        self.reserve(len(data))
        self.size = octets.put_bytes(self.view, self.size, data)

    def copy(self):
        """Return another one with the same content."""
        other = Buffer(0)
        other.data = self.data[: self.size]
        other.view = memoryview(other.data)
        other.capacity = other.size = self.size
        return other

    def contents(self):
        """Return what was collected, as bytes."""
        return octets.slice_bytes(self.view, 0, self.size)


class BufferPool:
    """Empty buffers for reuse, so that only connections with something to send hold one.

    Buffers that grew beyond ``capacity_max`` are not kept: one burst must not cost memory for ever.
    """

    __slots__ = ("capacity", "capacity_max", "count_max", "free")

    def __init__(self, capacity, *, capacity_max, count_max):
        self.capacity = capacity
        self.capacity_max = capacity_max
        self.count_max = count_max
        self.free = []

    def take(self):
        """Return an empty buffer."""
        if self.free:
            return self.free.pop()
        return Buffer(self.capacity)

    def give(self, buffer):
        """Take a buffer back; its owner must not use it any more."""
        if buffer.capacity <= self.capacity_max and len(self.free) < self.count_max:
            buffer.size = 0
            self.free.append(buffer)
