"""A byte buffer that grows, written through the primitives of ``octets``."""


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
        capacity = self.capacity
        while capacity < need:
            capacity *= 2
        data = bytearray(capacity)
        data[: self.size] = self.data[: self.size]
        self.data = data
        self.view = memoryview(data)
        self.capacity = capacity
