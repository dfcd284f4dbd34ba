"""Which message ids were seen within a stream's duplicate window, and what became of them.

They are kept twice: by id, and by age, one behind the other in pages:

    offset  size
         0     8  time
         8     8  sequence
        16     4  size of the id
        20        the id
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.store.record import MESSAGE, Record
from headwater.wire import headers

_PAGE_BYTES = 64 * 1024
_HEAD_BYTES = 20
_ID = b"Nats-Msg-Id"

# The same as C numbers (see the .pxd).
_page_bytes = _PAGE_BYTES
_head_bytes = _HEAD_BYTES
_message = MESSAGE


class Dedupe:
    """Message ids with the sequence that each was stored as; ``window_ns`` 0 keeps none."""

    __slots__ = ("_at", "_pages", "_record", "_sequences", "last_id", "window_ns")

    def __init__(self, window_ns):
        self.window_ns = window_ns
        self.last_id = b""  # of the message stored last, empty when that had none
        self._sequences = {}
        self._pages = [Buffer()]  # oldest first
        self._at = 0  # where in the first page the oldest one is
        self._record = Record()

    def find(self, message_id, now_ns):
        """Return the sequence of the message ``message_id`` (bytes), 0 when it is new."""
        self._expire(now_ns - self.window_ns)
        return self._sequences.get(message_id, 0)

    def add(self, message_id, sequence, time_ns):
        """Note a message; times and sequences only rise."""
        if self.window_ns <= 0:
            return
        self._sequences[message_id] = sequence
        size = _head_bytes + len(message_id)
        page = self._pages[len(self._pages) - 1]
        if page.size and page.size + size > _page_bytes:
            page = Buffer()
            self._pages.append(page)
        page.reserve(size)
        at = octets.put_u64(page.view, page.size, time_ns)
        at = octets.put_u64(page.view, at, sequence)
        at = octets.put_u32(page.view, at, len(message_id))
        page.size = octets.put_bytes(page.view, at, message_id)

    def withdraw(self, first, last):
        """The messages of these sequences were not stored after all."""
        kept = [entry for entry in self._entries() if not first <= entry[1] <= last]
        self.clear()
        for time_ns, sequence, message_id in kept:
            self.add(message_id, sequence, time_ns)
        self.last_id = kept[len(kept) - 1][2] if kept else b""

    def clear(self):
        """Forget everything."""
        self._sequences.clear()
        self._pages = [Buffer()]
        self._at = 0

    def __len__(self):
        return len(self._sequences)

    # Over a restart

    def snapshot(self, last_sequence, now_ns):
        """Return what ``restore`` takes, of messages up to a sequence: pages, and the last id."""
        self._expire(now_ns - self.window_ns)
        kept = []
        at = self._at
        for index, page in enumerate(self._pages):
            if index + 1 < len(self._pages) and self._begins_by(index + 1, last_sequence):
                kept.append(octets.slice_bytes(page.view, at, page.size))
                at = 0
                continue
            end, last_id = _end_of(page, at, last_sequence)
            kept.append(octets.slice_bytes(page.view, at, end))
            if end < page.size or index + 1 < len(self._pages):
                # What follows is only proposed: it may never be stored.
                return kept, last_id
        return kept, self.last_id

    def restore(self, pages, last_id, bound_ns):
        """Take back what ``snapshot`` returned, from a time on."""
        self.clear()
        for data in pages:
            view = memoryview(data)
            at = 0
            while at < len(data):
                time_ns = octets.get_i64(view, at)
                start = at + _head_bytes
                end = start + octets.get_u32(view, at + 16)
                if time_ns >= bound_ns:
                    sequence = octets.get_i64(view, at + 8)
                    self.add(octets.slice_bytes(view, start, end), sequence, time_ns)
                at = end
        self.last_id = last_id

    def recall(self, view, start, end, bound_ns):
        """Note the ids of the messages among records that a start finds in its log."""
        record = self._record
        at = start
        while at < end and record.read(view, at, end):
            at = record.end
            if record.kind != _message:
                continue
            if record.header_size == 0:
                self.last_id = b""
                continue
            message_id = headers.find_value(view, record.subject_end, record.payload_start, _ID)
            self._recall(message_id or b"", record.sequence, record.time_ns, bound_ns)

    def recall_one(self, block, sequence, time_ns, bound_ns):
        """Note the id that a header block gives a message which was stored elsewhere."""
        message_id = headers.find_value(memoryview(block), 0, len(block), _ID)
        self._recall(message_id or b"", sequence, time_ns, bound_ns)

    def _recall(self, message_id, sequence, time_ns, bound_ns):
        if message_id and time_ns >= bound_ns:
            self.add(message_id, sequence, time_ns)
        self.last_id = message_id

    def _begins_by(self, index, sequence):
        page = self._pages[index]
        return octets.get_i64(page.view, 8) <= sequence

    def _expire(self, bound_ns):
        page = self._pages[0]
        while True:
            if self._at >= page.size:
                if len(self._pages) == 1:
                    page.size = self._at = 0
                    return
                self._pages.pop(0)
                page = self._pages[0]
                self._at = 0
            at = self._at
            if octets.get_i64(page.view, at) >= bound_ns:
                return
            sequence = octets.get_i64(page.view, at + 8)
            start = at + _head_bytes
            self._at = start + octets.get_u32(page.view, at + 16)
            message_id = octets.slice_bytes(page.view, start, self._at)
            if self._sequences.get(message_id) == sequence:
                del self._sequences[message_id]

    def _entries(self):
        found = []
        at = self._at
        for page in self._pages:
            while at < page.size:
                start = at + _head_bytes
                end = start + octets.get_u32(page.view, at + 16)
                message_id = octets.slice_bytes(page.view, start, end)
                entry = octets.get_i64(page.view, at), octets.get_i64(page.view, at + 8), message_id
                found.append(entry)
                at = end
            at = 0
        return found


def _end_of(page, at, last_sequence):
    """Return where in a page the messages up to a sequence end, and the id of the last one."""
    last_id = b""
    while at < page.size:
        sequence = octets.get_i64(page.view, at + 8)
        if sequence > last_sequence:
            break
        start = at + _head_bytes
        at = start + octets.get_u32(page.view, at + 16)
        if sequence == last_sequence:
            last_id = octets.slice_bytes(page.view, start, at)
    return at, last_id
