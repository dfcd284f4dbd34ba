"""One block: an append-only file of records, its head, and its form in memory.

offset  size
     0     8  magic
     8     2  format version
    10     2  1 when it was written anew without what had been deleted, else 0
    12     4  number of the block before it, 0 when it is the first: those in between are void
    16     8  identity of the stream
    24     8  number of the block
    32     8  first sequence that may be in it
    40     8  how long the block before it is: what lies behind that there is void
    48    12  reserved
    60     4  CRC-32 of everything before it
    64        records
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError
from headwater.store.expiries import Expiries
from headwater.store.record import BATCH_START, FRAME, GOES_ON, MESSAGE, Record, block_seed

MAGIC = b"HWBLOCK\n"
VERSION = 2
HEAD_BYTES = 64
_NUMBER_BOUND = 1 << 31
_ENTRY_BYTES = 12  # a sequence and an offset in the table of messages

_message = MESSAGE
_frame = FRAME
_batch_start = BATCH_START
_goes_on = GOES_ON
_entry_bytes = _ENTRY_BYTES


class BlockHead:
    """What the head of a block file says."""

    def __init__(self, stream_id, number, first_sequence, previous_number, previous_size):
        self.stream_id = stream_id
        self.number = number
        self.first_sequence = first_sequence
        self.previous_number = previous_number
        self.previous_size = previous_size
        # Whether it was written anew: then it may be shorter than the next block says.
        self.compacted = False

    def encode(self):
        """Return the 64 bytes of the head."""
        head = (
            MAGIC
            + VERSION.to_bytes(2, "little")
            + int(self.compacted).to_bytes(2, "little")
            + self.previous_number.to_bytes(4, "little")
            + self.stream_id
            + self.number.to_bytes(8, "little")
            + self.first_sequence.to_bytes(8, "little")
            + self.previous_size.to_bytes(8, "little")
            + bytes(12)
        )
        return head + octets.checksum(memoryview(head), 0, len(head), 0).to_bytes(4, "little")


def decode_head(data):
    """Return the BlockHead at the start of ``data``, or None when it is damaged.

    Raises:
        StoreError: it is one of a newer format, which must not be touched.
    """
    head = bytes(data[:HEAD_BYTES])
    if len(head) < HEAD_BYTES or head[:8] != MAGIC:
        return None
    wanted = octets.checksum(memoryview(head), 0, 60, 0)
    if wanted != int.from_bytes(head[60:64], "little"):
        return None
    version = int.from_bytes(head[8:10], "little")
    if version != VERSION:
        raise StoreError(
            f"the store is of format version {version}; this server reads version {VERSION}: "
            "use the version of the server that wrote it"
        )
    found = BlockHead(
        head[16:24],
        int.from_bytes(head[24:32], "little"),
        int.from_bytes(head[32:40], "little"),
        int.from_bytes(head[12:16], "little"),
        int.from_bytes(head[40:48], "little"),
    )
    found.compacted = head[10] == 1
    return found


class Block:
    """What is known of one block without having it in memory."""

    __slots__ = (
        "cached",
        "content",
        "deleted",
        "expiries",
        "first_sequence",
        "first_time_ns",
        "frames",
        "kept",
        "last_sequence",
        "last_time_ns",
        "live",
        "number",
        "packed",
        "plain",
        "previous_number",
        "previous_size",
        "seed",
        "size",
    )

    def __init__(self, stream_id, number, previous_number=0, previous_size=0):
        self.number = number
        self.seed = block_seed(stream_id, number)
        self.previous_number = previous_number  # what a new block's head is going to say
        self.previous_size = previous_size
        self.size = HEAD_BYTES  # synced bytes of the file
        self.content = HEAD_BYTES  # what they are in memory; only right for the last block
        self.frames = 0  # in the file
        self.plain = 0  # bytes of the file that are records and in no frame
        self.first_sequence = 0  # of the messages in it; 0 while there is none
        self.last_sequence = 0
        self.first_time_ns = 0
        self.last_time_ns = 0
        self.live = 0  # messages in it that are not deleted
        self.packed = 0  # messages in its file when that was last written anew, 0 for never
        self.deleted = None  # a bit for each sequence from the first on, once one is missing
        self.expiries = None  # Expiries, once a message is to go by its own word
        self.kept = None  # bits as in ``deleted``, once a message is not to go for its age
        self.cached = None  # CachedBlock, when the cache has it

    def note(self, sequence, time_ns):
        """A message was written to the block; sequences left out count as deleted."""
        if self.first_sequence == 0:
            self.first_sequence = sequence
            self.first_time_ns = time_ns
        else:
            for missing in range(self.last_sequence + 1, sequence):
                self._mark(missing)
        self.last_sequence = sequence
        self.last_time_ns = time_ns
        self.live += 1

    def name(self):
        """Return the name of the block's file."""
        return file_name(self.number)

    def has(self, sequence):
        """Tell whether the message ``sequence`` is in the block and not deleted."""
        if not 0 < self.first_sequence <= sequence <= self.last_sequence:
            return False
        return self.deleted is None or not _bit(self.deleted, sequence - self.first_sequence)

    def delete(self, sequence):
        """Mark the message ``sequence`` as deleted; return whether it was there."""
        if not self.has(sequence):
            return False
        self._mark(sequence)
        self.live -= 1
        return True

    def clear(self):
        """Mark every message as deleted."""
        self.live = 0
        self.first_sequence = 0
        self.deleted = None
        self.expiries = None
        self.kept = None

    def expire(self, sequence, time_ns):
        """The message ``sequence`` is to go at a time."""
        if self.expiries is None:
            self.expiries = Expiries()
        self.expiries.add(time_ns, sequence)

    def keep(self, sequence):
        """The message ``sequence`` is not to go for its age."""
        if self.kept is None:
            self.kept = bytearray()
        _set_bit(self.kept, sequence - self.first_sequence)

    def keeps(self, sequence):
        """Tell whether the message ``sequence``, which is there, is not to go for its age."""
        return self.kept is not None and _bit(self.kept, sequence - self.first_sequence)

    def next_expiry(self):
        """Return when the next message is to go by its own word, 0 when none is."""
        while self.expiries is not None:
            if self.has(self.expiries.first_sequence()):
                return self.expiries.first_time()
            self.expiries.drop_first()
            if len(self.expiries) == 0:
                self.expiries = None
        return 0

    def tidy(self):
        """Let go of what is noted of messages that are gone."""
        if self.expiries is not None:
            self.expiries = self.expiries.kept(self)

    def count_from(self, sequence):
        """Return how many messages from ``sequence`` on are there."""
        if sequence <= self.first_sequence or self.live == 0:
            return self.live
        count = 0
        if sequence <= self.last_sequence:
            if self.deleted is None:
                return self.last_sequence - sequence + 1
            for other in range(sequence, self.last_sequence + 1):
                if self.has(other):
                    count += 1
        return count

    def first_from(self, sequence):
        """Return the first message from ``sequence`` on that is there, or 0."""
        if self.live == 0:
            return 0
        sequence = max(sequence, self.first_sequence)
        while sequence <= self.last_sequence:
            if self.has(sequence):
                return sequence
            sequence += 1
        return 0

    def _mark(self, sequence):
        if self.deleted is None:
            self.deleted = bytearray()
        _set_bit(self.deleted, sequence - self.first_sequence)


def _bit(bits, index):
    """Return a bit, 0 where there is none yet."""
    place = index >> 3
    return place < len(bits) and bits[place] >> (index & 7) & 1


def _set_bit(bits, index):
    place = index >> 3
    if place >= len(bits):
        bits.extend(bytes(place + 1 - len(bits)))
    bits[place] |= 1 << (index & 7)


def file_name(number):
    """Return the name of the file of block ``number``."""
    return f"{number:010d}.blk"


def number_of(name):
    """Return the number of the block in file ``name``, or 0 when it is no block's name."""
    stem = name.removesuffix(".blk")
    if len(stem) != 10 or stem == name or not (stem.isascii() and stem.isdigit()):
        return 0
    # So high none gets: behind a stray file of such a name the numbers would come to their end.
    return int(stem) if int(stem) < _NUMBER_BOUND else 0


class CachedBlock:
    """A block's records in memory, its head left out, with a table of where each message lies."""

    __slots__ = ("data", "entries", "record", "table", "used_ns")

    def __init__(self):
        self.used_ns = 0  # when it was last read or written; only the cache looks at it
        self.data = Buffer()
        self.table = Buffer()
        self.entries = 0
        self.record = Record()  # what ``find`` has found

    def note(self, sequence, offset):
        """Add a message to the table; sequences only rise."""
        table = self.table
        table.reserve(_entry_bytes)
        at = octets.put_u64(table.view, table.size, sequence)
        table.size = octets.put_u32(table.view, at, offset)
        self.entries += 1

    def find(self, sequence):
        """Point ``record`` at the message ``sequence``; return whether it is there."""
        low = 0
        high = self.entries - 1
        table = self.table
        if high < 0:
            return False
        # Sequences in a block hardly ever have gaps: try where it lies without any.
        guess = sequence - octets.get_i64(table.view, 0)
        while low <= high:
            if guess < low:
                guess = low
            elif guess > high:
                guess = high
            found = octets.get_i64(table.view, guess * _entry_bytes)
            if found == sequence:
                offset = octets.get_u32(table.view, guess * _entry_bytes + 8)
                return self.record.read(self.data.view, offset, self.data.size)
            if found < sequence:
                low = guess + 1
            else:
                high = guess - 1
            guess = (low + high) // 2
        return False

    def first_after(self, time_ns):
        """Point ``record`` at the first message that is younger than a time; tell whether one is.

        Times of messages never go back.
        """
        low = 0
        high = self.entries
        table = self.table
        while low < high:
            middle = (low + high) // 2
            self._read_entry(table, middle)
            if self.record.time_ns <= time_ns:
                low = middle + 1
            else:
                high = middle
        if low == self.entries:
            return False
        return self._read_entry(table, low)

    def _read_entry(self, table, index):
        offset = octets.get_u32(table.view, index * _entry_bytes + 8)
        return self.record.read(self.data.view, offset, self.data.size)

    def load(self, data, start, end, seed, opener=None):
        """Take the records of a block file; return how many stretches of it were damaged.

        ``data`` is a memoryview of the file; what fails its checksum is left out.  ``opener`` is
        its FrameOpener, which may be left out where there are no frames.
        """
        damaged = 0
        while start < end:  # not so when not even the head is whole
            stop = intact_end(data, start, end, seed, self.record)
            damaged += self._append_run(data, start, stop, opener)
            start = stop
            if stop < end:
                damaged += 1
                start = next_intact(data, stop + 1, end, seed, self.record)
        return damaged

    def _append_run(self, data, start, end, opener):
        """Take intact records; return how many frames among them cannot be opened."""
        damaged = 0
        while start < end:
            at = next_frame(data, start, end, self.record)
            self.append_messages(data, start, at)
            if at == end:
                break
            start = at + octets.get_u32(data, at + 4)
            content = None if opener is None else opener.open(at)
            if content is None:
                damaged += 1
            else:
                self.append_messages(content, 0, len(content))
        return damaged

    def subject(self):
        """Return the subject of the message that ``find`` has found."""
        return self.record.subject(self.data.view)

    def headers(self):
        """Return its header block, empty when there is none."""
        return self.record.headers(self.data.view)

    def payload(self):
        """Return its payload."""
        return self.record.payload(self.data.view)

    def memory_bytes(self):
        """Return how much memory this takes."""
        return self.data.capacity + self.table.capacity

    def append_messages(self, view, start, end):
        """Copy encoded records behind those that are here, and note the messages among them."""
        data = self.data
        shift = data.size - start
        data.reserve(end - start)
        data.size = octets.copy_into(data.view, data.size, view, start, end)
        record = self.record
        at = start
        while at < end and record.read(view, at, end):
            if record.kind == _message:
                self.note(record.sequence, at + shift)
            at = record.end


def intact_end(data, at, end, seed, record):
    """Return where the intact records that follow one another from ``at`` on come to their end."""
    while at < end and record.read(data, at, end) and record.is_intact(data, seed):
        at = record.end
    return at


def last_write(data, at, end, record):
    """Return where the last write among the whole records of a stretch began, ``at`` if unknown."""
    begin = at
    while at < end:
        record.read(data, at, end)
        if record.flags & _batch_start:
            begin = at
        at = record.end
    return begin


def next_frame(data, at, end, record):
    """Return where the first frame among the whole records of a stretch begins, or its end."""
    while at < end:
        record.read(data, at, end)
        if record.kind == _frame:
            return at
        at = record.end
    return end


def next_intact(data, at, end, seed, record):
    """Return where the first intact record at or after ``at`` begins, ``end`` when none does."""
    while at < end:
        if record.read(data, at, end) and record.is_intact(data, seed):
            return at
        at += 1
    return end


def whole_end(data, start, end, record):
    """Return where in intact records the last of those that count together ends."""
    whole = at = start
    while at < end and record.read(data, at, end):
        at = record.end
        if not record.flags & _goes_on:
            whole = at
    return whole
