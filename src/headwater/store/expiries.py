"""When the messages of one block are to go by their own word, the soonest first.

A heap in flat memory, 16 bytes for each such message: when it is to go, and its sequence.
Messages that are gone already are still in it until they come to the top or the block is written
anew.
"""

from headwater.base import octets
from headwater.base.buffer import Buffer

_ENTRY_BYTES = 16
_entry_bytes = _ENTRY_BYTES
_time_max = (1 << 63) - 1


class Expiries:
    """Times and sequences, as a heap."""

    __slots__ = ("_heap",)

    def __init__(self):
        self._heap = Buffer(4 * _ENTRY_BYTES)

    def __len__(self):
        return self._heap.size // _entry_bytes

    def add(self, time_ns, sequence):
        """Note that a message is to go at a time."""
        heap = self._heap
        heap.reserve(_entry_bytes)
        at = heap.size // _entry_bytes
        heap.size += _entry_bytes
        while at > 0:
            above = (at - 1) >> 1
            if octets.get_i64(heap.view, above * _entry_bytes) <= time_ns:
                break
            self._move(above, at)
            at = above
        self._put(at, time_ns, sequence)

    def first_time(self):
        """Return the soonest time; there has to be one."""
        return octets.get_i64(self._heap.view, 0)

    def first_sequence(self):
        """Return the message that is to go first; there has to be one."""
        return octets.get_i64(self._heap.view, 8)

    def drop_first(self):
        """Take out the one that is to go first."""
        heap = self._heap
        heap.size -= _entry_bytes
        last = heap.size // _entry_bytes
        if last == 0:
            return
        time_ns = octets.get_i64(heap.view, heap.size)
        sequence = octets.get_i64(heap.view, heap.size + 8)
        at = 0
        while True:
            below = 2 * at + 1
            if below >= last:
                break
            if below + 1 < last and self._time(below + 1) < self._time(below):
                below += 1
            if self._time(below) >= time_ns:
                break
            self._move(below, at)
            at = below
        self._put(at, time_ns, sequence)

    def due(self, now_ns, count_max):
        """Return (time, sequence) of up to so many whose time has come; all of them stay."""
        found = []
        waiting = [0] if self._heap.size else []
        while waiting and len(found) < count_max:
            at = waiting.pop()
            time_ns = self._time(at)
            if time_ns > now_ns:
                continue
            found.append((time_ns, octets.get_i64(self._heap.view, at * _entry_bytes + 8)))
            below = 2 * at + 1
            if below * _entry_bytes < self._heap.size:
                waiting.append(below)
            if (below + 1) * _entry_bytes < self._heap.size:
                waiting.append(below + 1)
        return found

    def pack(self):
        """Return all of it as bytes."""
        return self._heap.contents()

    def unpack(self, data):
        """Take what ``pack`` returned."""
        self._heap = Buffer(max(len(data), _entry_bytes))
        self._heap.append(data)

    def kept(self, block):
        """Return those of messages that are still in ``block``, None when there are none."""
        other = Expiries()
        at = 0
        heap = self._heap
        while at < heap.size:
            sequence = octets.get_i64(heap.view, at + 8)
            if block.has(sequence):
                other.add(octets.get_i64(heap.view, at), sequence)
            at += _entry_bytes
        return other if len(other) else None

    def delayed(self, delay_ns, last_sequence):
        """Return all of it, those of messages up to a sequence later by so much."""
        other = Expiries()
        at = 0
        heap = self._heap
        while at < heap.size:
            time_ns = octets.get_i64(heap.view, at)
            sequence = octets.get_i64(heap.view, at + 8)
            if sequence <= last_sequence:
                time_ns = time_ns + delay_ns if time_ns < _time_max - delay_ns else _time_max
            other.add(time_ns, sequence)
            at += _entry_bytes
        return other

    def _time(self, at):
        return octets.get_i64(self._heap.view, at * _entry_bytes)

    def _move(self, source, target):
        view = self._heap.view
        start = source * _entry_bytes
        octets.copy_into(view, target * _entry_bytes, view, start, start + _entry_bytes)

    def _put(self, at, time_ns, sequence):
        view = self._heap.view
        octets.put_u64(view, octets.put_u64(view, at * _entry_bytes, time_ns), sequence)
