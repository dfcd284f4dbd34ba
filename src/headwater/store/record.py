"""One record of a stream's log: how it is written, and how it is read back in place.

Everything that changes a stream is a record, and the record is the operation: what is proposed is
encoded once, and the same bytes are synced, applied and, after a crash, read again.

    offset  size
         0     4  CRC-32 of everything behind it, seeded with that of the block's identity
         4     4  size of the whole record
         8     1  kind, and flags above its four bits
         9     2  size of the subject (or of the name that a record is about)
        11     8  sequence
        19     8  time, nanoseconds since 1970
        27     4  size of the header block, only if the flags say that there is one
                  subject, header block, payload

Numbers are little endian.
"""

from headwater.base import octets

HEAD_BYTES = 27
KIND_AT = 8
SEQUENCE_AT = 11
_HEADER_SIZE_BYTES = 4

# Kinds of records; numbers are part of the format and never reused.
MESSAGE = 1
DELETE = 2  # one message: its sequence in the payload
PURGE = 3  # messages by subject, bound and number to keep
TRIM = 4  # everything below a sequence, because of its age
CONFIG = 5  # the stream's configuration
CONSUMER = 6  # a consumer was made or changed; its name is the subject
CONSUMER_DELETE = 7
CONSUMER_STATE = 8  # what a consumer delivered, and what was acknowledged
SKIP = 9  # sequences up to this one were given out and are not used; the time of the last, or none
FRAME = 10  # a run of other records, compressed, encrypted or both: see frames.py
CHECKPOINT = 11  # what a checkpoint says, but for what can be counted; the name is its block
KIND_LAST = CHECKPOINT
_KIND_BITS = 15

# The first record of a write: everything before it had been synced when it was written.
BATCH_START = 16
# The next record belongs to it: after a crash both of them count, or neither.
GOES_ON = 32
# It has a header block.
_HAS_HEADERS = 64
_FLAG_BITS = BATCH_START | GOES_ON  # those that readers are told of

# The same as C numbers (see the .pxd), for the functions that run once a record.
_head_bytes = HEAD_BYTES
_message = MESSAGE
_frame = FRAME
_kind_last = KIND_LAST
_batch_start = BATCH_START
_goes_on = GOES_ON
_has_headers = _HAS_HEADERS
_kind_at = KIND_AT
_kind_bits = _KIND_BITS
_flag_bits = _FLAG_BITS
_header_size_bytes = _HEADER_SIZE_BYTES


def put_message(out, sequence, time_ns, message):
    """Append a MESSAGE record of ``message``; return its size."""
    subject_size = len(message.subject)
    body_size = message.body_end - message.body_start
    size = _head_bytes + subject_size + body_size
    kind = _message
    if message.header_size:
        size += _header_size_bytes
        kind |= _has_headers
    out.reserve(size)
    at = _put_head(out, out.size, size, kind, subject_size, sequence, time_ns)
    if message.header_size:
        at = octets.put_u32(out.view, at, message.header_size)
    at = octets.put_bytes(out.view, at, message.subject)
    out.size = octets.copy_into(
        out.view, at, message.body_view, message.body_start, message.body_end
    )
    return size


def put_record(out, kind, sequence, time_ns, name, payload):
    """Append a record of another kind; return its size."""
    size = _head_bytes + len(name) + len(payload)
    out.reserve(size)
    at = _put_head(out, out.size, size, kind, len(name), sequence, time_ns)
    at = octets.put_bytes(out.view, at, name)
    out.size = octets.put_bytes(out.view, at, payload)
    return size


def _put_head(out, start, size, kind, subject_size, sequence, time_ns):
    """Write a head at ``start``, flags being a part of the kind; return where it ends."""
    at = octets.put_u32(out.view, start, 0)
    at = octets.put_u32(out.view, at, size)
    at = octets.put_byte(out.view, at, kind)
    at = octets.put_u16(out.view, at, subject_size)
    at = octets.put_u64(out.view, at, sequence)
    return octets.put_u64(out.view, at, time_ns)


def add_flag(data, start, flag):
    """Set a flag of the record at ``start`` of a bytearray, or of a view of one."""
    data[start + _kind_at] |= flag


def first_sequence(data):
    """Return the lowest sequence that a message of ``data``, a run of records, may have."""
    last = int.from_bytes(data[SEQUENCE_AT : SEQUENCE_AT + 8], "little")
    return last if data[KIND_AT] & _KIND_BITS == MESSAGE else last + 1


def bind(out, start):
    """Let the records from ``start`` on count together or not at all."""
    at = start
    while at < out.size:
        following = at + octets.get_u32(out.view, at + 4)
        if following < out.size:
            octets.put_byte(out.view, at + _kind_at, out.view[at + _kind_at] | _goes_on)
        at = following


def seal(out, seed):
    """Mark the first record in ``out`` as the start of a write, and set every checksum.

    The seed belongs to the block that the records are going to: a record that turns up in another
    block, by a misdirected write or a renamed file, does not pass for one of it.
    """
    at = 0
    if out.size > at:
        octets.put_byte(out.view, _kind_at, out.view[_kind_at] | _batch_start)
    while at < out.size:
        size = octets.get_u32(out.view, at + 4)
        octets.put_u32(out.view, at, octets.checksum(out.view, at + 4, at + size, seed))
        at += size


def unseal(out):
    """Take back what ``seal`` does: inside a frame, which has its own, it would only take room."""
    at = 0
    while at < out.size:
        octets.put_u32(out.view, at, 0)
        octets.put_byte(out.view, at + _kind_at, out.view[at + _kind_at] & ~_batch_start)
        at += octets.get_u32(out.view, at + 4)


def run_end(view, start, end, size_max):
    """Return where a run of whole records from ``start`` ends: one, or up to ``size_max`` bytes."""
    at = start + octets.get_u32(view, start + 4)
    while at < end:
        size = octets.get_u32(view, at + 4)
        if at + size - start > size_max:
            break
        at += size
    return at


def is_run(view):
    """Tell whether ``view`` is a run of whole records, none of them a frame."""
    record = Record()
    at = 0
    end = len(view)
    while at < end:
        if not record.read(view, at, end) or record.kind == _frame:
            return False
        at = record.end
    return True


class Record:
    """A record as read in place: its fields, and where its parts lie in the view."""

    __slots__ = (
        "end",
        "flags",
        "header_size",
        "kind",
        "payload_start",
        "sequence",
        "start",
        "subject_end",
        "subject_start",
        "time_ns",
    )

    def __init__(self):
        self.start = self.end = 0
        self.kind = self.flags = 0
        self.sequence = self.time_ns = 0
        self.subject_start = self.subject_end = 0
        self.header_size = 0
        self.payload_start = 0  # headers lie between the subject's end and here

    def read(self, view, start, end):
        """Take the fields of the record at ``start``; return whether its sizes make sense."""
        if end - start < _head_bytes:
            return False
        size = octets.get_u32(view, start + 4)
        kind_and_flags = view[start + _kind_at]
        self.kind = kind_and_flags & _kind_bits
        self.flags = kind_and_flags & _flag_bits
        subject_size = octets.get_u16(view, start + 9)
        self.sequence = octets.get_i64(view, start + 11)
        self.time_ns = octets.get_i64(view, start + 19)
        self.start = start
        self.end = start + size
        self.subject_start = start + _head_bytes
        self.header_size = 0
        if kind_and_flags & _has_headers:
            if end - self.subject_start < _header_size_bytes:
                return False
            self.header_size = octets.get_u32(view, self.subject_start)
            self.subject_start += _header_size_bytes
        self.subject_end = self.subject_start + subject_size
        self.payload_start = self.subject_end + self.header_size
        return (
            size <= end - start
            and self.payload_start <= self.end
            and 0 < self.kind <= _kind_last
            and self.sequence >= 0
        )

    def is_intact(self, view, seed):
        """Tell whether the checksum of the record that was just read is right."""
        wanted = octets.checksum(view, self.start + 4, self.end, seed)
        return wanted == octets.get_u32(view, self.start)

    def subject(self, view):
        """Return the subject, or the name that the record is about."""
        return octets.slice_bytes(view, self.subject_start, self.subject_end)

    def headers(self, view):
        return octets.slice_bytes(view, self.subject_end, self.payload_start)

    def payload(self, view):
        return octets.slice_bytes(view, self.payload_start, self.end)


def block_seed(stream_id, number):
    """Return the seed of the checksums in block ``number`` of the stream ``stream_id`` (bytes)."""
    identity = memoryview(stream_id + number.to_bytes(8, "little"))
    return octets.checksum(identity, 0, len(identity), 0)
