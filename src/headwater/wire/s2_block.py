"""One compressed block of Snappy, or of S2, which can do a little more: how it is decoded.

docs/nats-server-files.md has the format.  Every size is checked before anything is made of it.
"""

from headwater.base import octets
from headwater.base.errors import FormatError

_LITERAL = 0
_SHORT_COPY = 1
_LENGTH_BYTES_MAX = 5

# Names for C numbers: see the .pxd.
_corrupt = "s2: corrupt input"


def decode(view, start, end, size_max):
    """Return what the block ``view[start:end]`` stands for, as a bytearray.

    Raises:
        FormatError: it is no block, or stands for more than ``size_max`` bytes.
    """
    decoder = _Decoder(view, start, end)
    size = decoder.read_size(size_max)
    out = bytearray(size)
    decoder.target = memoryview(out)
    decoder.run(size)
    return out


class _Decoder:
    """Elements in ``view[at:end]`` become bytes in ``target[:filled]``."""

    __slots__ = ("at", "end", "filled", "offset", "target", "view")

    def __init__(self, view, start, end):
        self.view = view
        self.at = start
        self.end = end
        self.target = memoryview(bytearray())
        self.filled = 0
        self.offset = 0  # of the last copy

    def read_size(self, size_max):
        """Read the size of the data."""
        size = 0
        for place in range(_LENGTH_BYTES_MAX):
            byte = self._number(1)
            size |= (byte & 127) << 7 * place
            if byte < 128:
                if size > size_max:
                    raise FormatError(_corrupt)
                return size
        raise FormatError(_corrupt)

    def run(self, size):
        """Decode all elements, which have to give ``size`` bytes."""
        while self.at < self.end:
            tag = self.view[self.at]
            self.at += 1
            if tag & 3 == _LITERAL:
                self._literal(tag >> 2, size)
            elif tag & 3 == _SHORT_COPY:
                self._short_copy(tag, size)
            else:
                offset = self._number(2 if tag & 3 == 2 else 4)
                if offset == 0:
                    raise FormatError(_corrupt)
                self.offset = offset
                self._copy((tag >> 2) + 1, size)
        if self.filled != size:
            raise FormatError(_corrupt)

    def _number(self, count):
        """Read a number of ``count`` bytes."""
        if self.end - self.at < count:
            raise FormatError(_corrupt)
        value = 0
        for place in range(count):
            byte = self.view[self.at + place]
            value |= byte << 8 * place
        self.at += count
        return value

    def _literal(self, code, size):
        length = code + 1
        if code >= 60:
            length = self._number(code - 59) + 1
        if length > self.end - self.at or length > size - self.filled:
            raise FormatError(_corrupt)
        self.filled = octets.copy_into(
            self.target, self.filled, self.view, self.at, self.at + length
        )
        self.at += length

    def _short_copy(self, tag, size):
        length = (tag >> 2 & 7) + 4
        offset = (tag >> 5) << 8 | self._number(1)
        if offset:
            self.offset = offset
        elif length == 9:
            length = self._number(1) + 8
        elif length == 10:
            length = self._number(2) + 260
        elif length == 11:
            length = self._number(3) + 65540
        self._copy(length, size)

    def _copy(self, length, size):
        offset = self.offset
        at = self.filled
        if offset == 0 or offset > at or length > size - at:
            raise FormatError(_corrupt)
        target = self.target
        end = at + length
        if offset >= length:
            octets.copy_into(target, at, target, at - offset, end - offset)
        else:
            # What is copied is still being written: one byte after the other.
            while at < end:
                target[at] = target[at - offset]
                at += 1
        self.filled = end
