"""The journal that all streams of a store share: the format of its files.

It is a redo log of small batches: what it says is to be written into block files, it says with the
very bytes.  Its files have a fixed size and are overwritten in place.  A file begins with a head:

offset  size
     0     8  magic
     8     4  format version
    12     4  0
    16     8  identity of the journal
    24     8  the same again
    32     4  CRC-32 of everything before it
    36    28  0

Behind it lie entries.  An entry is what was written, and synced, at one go:

offset  size
     0     8  magic
     8     4  CRC-32 of everything behind it, seeded with that of the journal's identity
    12     4  size of the whole entry
    16     8  number, one more than that of the entry before it
    24     8  number of the first entry that still counts
    32     4  how many pieces it has
    36     4  0
    40        pieces

and a piece is what belongs into one block file:

offset  size
     0     2  size of the path of the stream's folder
     2     2  0
     4     4  size of the bytes
     8     8  number of the block
    16     8  where in its file they belong
    24     8  identity of the stream
    32        path, bytes

The identity is known to nobody outside: what a publisher puts into a message does not pass for an
entry, wherever a damaged journal is looked through.
"""

from zlib import crc32

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError

MAGIC = b"HWJOURN\n"
ENTRY_MAGIC = b"HWENTRY\n"
VERSION = 1
FILE_HEAD_BYTES = 64
ENTRY_HEAD_BYTES = 40
PIECE_HEAD_BYTES = 32
_IDENTITY_PLACES = (slice(16, 24), slice(24, 32))

_entry_head_bytes = ENTRY_HEAD_BYTES
_piece_head_bytes = PIECE_HEAD_BYTES


class EntryWriter:
    """Builds one entry after the other in a buffer."""

    __slots__ = ("buffer", "pieces", "seed")

    def __init__(self, identity):
        self.seed = seed_of(identity)
        self.buffer = Buffer(4096)
        self.pieces = 0

    def begin(self):
        """Begin an entry without pieces."""
        self.buffer.size = 0
        self.buffer.append(ENTRY_MAGIC + bytes(_entry_head_bytes - len(ENTRY_MAGIC)))
        self.pieces = 0

    def add(self, log, batch):
        """Add the bytes of a batch of a Log."""
        folder = log.folder.encode()
        out = self.buffer
        data = batch.packed
        out.reserve(_piece_head_bytes + len(folder) + data.size)
        at = octets.put_u16(out.view, out.size, len(folder))
        at = octets.put_u16(out.view, at, 0)
        at = octets.put_u32(out.view, at, data.size)
        at = octets.put_u64(out.view, at, batch.block.number)
        at = octets.put_u64(out.view, at, batch.offset)
        at = octets.put_bytes(out.view, at, log.stream_id)
        at = octets.put_bytes(out.view, at, folder)
        out.size = octets.copy_into(out.view, at, data.view, 0, data.size)
        self.pieces += 1

    def seal(self, number, first_number):
        """Complete the entry: it is the one of that number, none below the first one counts."""
        out = self.buffer
        octets.put_u32(out.view, 12, out.size)
        octets.put_u64(out.view, 16, number)
        octets.put_u64(out.view, 24, first_number)
        octets.put_u32(out.view, 32, self.pieces)
        octets.put_u32(out.view, 8, octets.checksum(out.view, 12, out.size, self.seed))

    def data(self):
        """Return the bytes of the entry."""
        return memoryview(self.buffer.data)[: self.buffer.size]


class Entry:
    """An intact entry that was found in a file of the journal, between ``start`` and ``end``."""

    def __init__(self, data, start):
        self.start = start
        self.number = octets.get_i64(data, start + 16)
        self.first_number = octets.get_i64(data, start + 24)
        self.end = start + octets.get_u32(data, start + 12)
        self._count = octets.get_u32(data, start + 32)
        self._data = data

    def pieces(self):
        """Return (folder, identity of the stream, number of the block, offset, bytes) of each."""
        data = self._data
        found = []
        at = self.start + ENTRY_HEAD_BYTES
        for _ in range(self._count):
            folder_size = octets.get_u16(data, at)
            size = octets.get_u32(data, at + 4)
            number = octets.get_i64(data, at + 8)
            offset = octets.get_i64(data, at + 16)
            stream_id = octets.slice_bytes(data, at + 24, at + 32)
            at += PIECE_HEAD_BYTES
            folder = octets.slice_bytes(data, at, at + folder_size).decode()
            at += folder_size
            found.append(
                (folder, stream_id, number, offset, octets.slice_bytes(data, at, at + size))
            )
            at += size
        return found


def seed_of(identity):
    """Return the seed of the checksums in the journal of that identity."""
    return octets.checksum(memoryview(identity), 0, len(identity), 0)


def file_head(identity):
    """Return the head of a file of the journal."""
    head = MAGIC + VERSION.to_bytes(4, "little") + bytes(4) + identity + identity
    head += crc32(head).to_bytes(4, "little")
    return head + bytes(FILE_HEAD_BYTES - len(head))


def identities(data):
    """Return the identities that the head of a file names: maybe two, if it is damaged.

    Raises:
        StoreError: it is one of another format, which must not be touched.
    """
    head = bytes(data[:FILE_HEAD_BYTES])
    version = int.from_bytes(head[8:12], "little")
    intact = head[:8] == MAGIC and head[32:36] == crc32(head[:32]).to_bytes(4, "little")
    if intact and version != VERSION:
        raise StoreError(
            f"the journal is of format version {version}; this server reads version {VERSION}: "
            "use the version of the server that wrote it"
        )
    said = dict.fromkeys(head[place] for place in _IDENTITY_PLACES)
    return [identity for identity in said if len(identity) == 8 and any(identity)]


def find_entries(data, seed):
    """Return every intact Entry in a file of the journal (bytes), whatever lies between them."""
    view = memoryview(data)
    found = []
    at = data.find(ENTRY_MAGIC, FILE_HEAD_BYTES)
    while at >= 0:
        end = at + 1
        if is_entry(view, at, seed):
            found.append(Entry(view, at))
            end = found[len(found) - 1].end
        at = data.find(ENTRY_MAGIC, end)
    return found


def is_entry(view, at, seed):
    """Tell whether an intact entry begins at ``at``."""
    if at + ENTRY_HEAD_BYTES > len(view):
        return False
    size = octets.get_u32(view, at + 12)
    if size < ENTRY_HEAD_BYTES or size > len(view) - at:
        return False
    wanted = octets.checksum(view, at + 12, at + size, seed)
    return wanted == octets.get_u32(view, at + 8)
