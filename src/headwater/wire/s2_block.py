"""One compressed block of Snappy, or of S2, which can do a little more.

docs/nats-server-files.md has the format.  What is encoded is within Snappy's.  When decoding, every
size is checked before anything is made of it.
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.base.errors import FormatError

ENCODED_BYTES_MAX = 65536  # offsets of copies have two bytes

_LITERAL = 0
_SHORT_COPY = 1
_LENGTH_BYTES_MAX = 5

_PLACE_BITS = 13
_MATCH_BYTES = 4  # that have to be the same for a copy
_TAIL_BYTES = 8  # at the end, where no copy begins
_COPY_BYTES_MAX = 64
_SHORT_BYTES_MAX = 11
_SHORT_OFFSET_MAX = 2047

# Names for C numbers: see the .pxd.
_factor = 0x1E35A7BD
_word_mask = 0xFFFFFFFF
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


def encode(view, start, end):
    """Return ``view[start:end]``, at most ``ENCODED_BYTES_MAX`` bytes, as a block."""
    return _Encoder(view, start, end).run()


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


class _Encoder:
    """Looks for what has been before, by hashes of four bytes; in larger steps while in vain."""

    __slots__ = ("end", "out", "places", "start", "view")

    def __init__(self, view, start, end):
        self.view = view
        self.start = start
        self.end = end
        self.out = Buffer(64 + (end - start))
        # Where, behind ``start``, four bytes with a hash were last.
        self.places = memoryview(bytearray(2 << _PLACE_BITS)).cast("H")

    def run(self):
        """Return the block."""
        self._put_size(self.end - self.start)
        literal = self._put_matches()
        self._put_literal(literal, self.end)
        return self.out.contents()

    def _put_matches(self):
        """Encode up to the last copy; return where it ends."""
        view = self.view
        places = self.places
        start = self.start
        at = literal = start
        last = self.end - _TAIL_BYTES
        effort = 32
        while at <= last:
            word = octets.get_u32(view, at)
            place = (word * _factor & _word_mask) >> (32 - _PLACE_BITS)
            before = start + places[place]
            places[place] = at - start
            if before < at and octets.get_u32(view, before) == word:
                length = self._match_length(before, at)
                self._put_literal(literal, at)
                self._put_copy(at - before, length)
                at += length
                literal = at
                effort = 32
            else:
                at += effort >> 5
                effort += 1
        return literal

    def _match_length(self, before, at):
        view = self.view
        length = _MATCH_BYTES
        most = self.end - at
        while length < most and view[before + length] == view[at + length]:
            length += 1
        return length

    def _put_size(self, size):
        while size > 127:
            self._put(size & 127 | 128, 1)
            size >>= 7
        self._put(size, 1)

    def _put_literal(self, start, end):
        size = end - start
        if size == 0:
            return
        if size <= 60:
            self._put(size - 1 << 2, 1)
        elif size <= 256:
            self._put(60 << 2 | size - 1 << 8, 2)
        else:
            self._put(61 << 2 | size - 1 << 8, 3)
        out = self.out
        out.reserve(size)
        out.size = octets.copy_into(out.view, out.size, self.view, start, end)

    def _put_copy(self, offset, length):
        while length > _COPY_BYTES_MAX:
            self._put(_COPY_BYTES_MAX - 1 << 2 | 2 | offset << 8, 3)
            length -= _COPY_BYTES_MAX
        if _MATCH_BYTES <= length <= _SHORT_BYTES_MAX and offset <= _SHORT_OFFSET_MAX:
            self._put(_SHORT_COPY | length - 4 << 2 | (offset >> 8) << 5 | (offset & 255) << 8, 2)
        else:
            self._put(length - 1 << 2 | 2 | offset << 8, 3)

    def _put(self, value, count):
        """Write a number of ``count`` bytes."""
        out = self.out
        out.reserve(count)
        for _ in range(count):
            out.size = octets.put_byte(out.view, out.size, value & 255)
            value >>= 8
