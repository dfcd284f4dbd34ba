"""Mending the files of one stream while nobody uses it: damaged blocks are written anew.

What was in such a file before is kept in the folder ``damaged`` beside it, which nothing here ever
reads.  As with sparse blocks (see ``compaction``), this may be done only when two checkpoints know
what is no longer in the files, and begin behind them.
"""

from headwater.base.buffer import Buffer
from headwater.store.block import HEAD_BYTES, BlockHead, decode_head, number_of
from headwater.store.disk import UNREADABLE
from headwater.store.frames import records_in
from headwater.store.record import MESSAGE

KEPT = "damaged"


class BlockRepair:
    """The block files of a StreamStore that was recovered."""

    def __init__(self, store):
        self._store = store
        self._log = store.log
        self._disk = store.log.disk
        self._unreadable = []  # names of files that the medium does not give
        self._strays = []  # names of files that are no blocks of the stream
        self._damaged = []  # (Block, file content) of those that are not as they should be
        self._examine()

    def damaged(self):
        """Return the names of the files that have to be kept and left out or written anew."""
        return [*self._unreadable, *self._strays, *(block.name() for block, _ in self._damaged)]

    def keep(self):
        """Put a copy of every damaged file aside."""
        for name in self._unreadable:
            self._move(name)
        for name in self._strays:
            self._keep(name, self._disk.read(self._log.path(name)))
        for block, data in self._damaged:
            self._keep(block.name(), data)

    def mend(self):
        """Write damaged blocks anew, and let files go that are none.

        Two checkpoints must lie behind them all; blocks without messages are gone with those.
        """
        left = {block.number: block for block in self._store.index.blocks}
        for block, data in self._damaged:
            if left.get(block.number) is block:
                self._rewrite(block, data)
        for name in self._strays:
            self._disk.remove(self._log.path(name))
        self._disk.sync_directory(self._log.folder)

    def _examine(self):
        blocks = {block.number: block for block in self._store.index.blocks}
        for name in self._disk.names(self._log.folder):
            number = number_of(name)
            if not number:
                continue
            try:
                data = self._disk.read(self._log.path(name))
            except OSError as error:
                if error.errno not in UNREADABLE:
                    raise
                self._unreadable.append(name)
                continue
            block = blocks.get(number)
            if block is not None:
                if not self._is_whole(block, data):
                    self._damaged.append((block, data))
            elif self._head(number, data) is None:
                self._strays.append(name)

    def _head(self, number, data):
        head = decode_head(data)
        if head is None or (head.stream_id, head.number) != (self._log.stream_id, number):
            return None
        return head

    def _is_whole(self, block, data):
        head = self._head(block.number, data)
        if head is None or (len(data) < block.size and not head.compacted):
            return False
        return all(found is not None for found in self._records(block, data))

    def _records(self, block, data):
        """Give the records of a block that count, None for each damage."""
        opener = self._log.packing.opener(data, block.number)
        return records_in(data, HEAD_BYTES, min(len(data), block.size), block.seed, opener)

    def _move(self, name):
        """Put a file aside as it is: parts of it may still be had by other means."""
        self._disk.rename(self._log.path(name), self._place(name))
        self._disk.sync_directory(self._log.path(KEPT))
        self._disk.sync_directory(self._log.folder)

    def _keep(self, name, data):
        place = self._place(name, data)
        if not self._disk.exists(place):
            self._disk.replace(place, data)

    def _place(self, name, data=None):
        """Return where a file is kept: at a name that is free, or has that content already."""
        folder = self._log.path(KEPT)
        self._disk.make_directory(folder)
        place = f"{folder}/{name}"
        copies = 1
        while self._disk.exists(place) and (data is None or self._disk.read(place) != data):
            copies += 1
            place = f"{folder}/{name}.{copies}"
        return place

    def _rewrite(self, block, data):
        """Write a block with every intact record, but for messages that are not there."""
        head = self._head(block.number, data) or self._made_head(block)
        head.compacted = True
        kept = Buffer(len(data))
        for found in self._records(block, data):
            if found is None:
                continue
            view, record = found
            if record.kind != MESSAGE or block.has(record.sequence):
                kept.append(bytes(view[record.start : record.end]))
        packed = self._log.packing.repack(kept, block)
        self._disk.replace(self._log.path(block.name()), head.encode() + packed.buffer.contents())
        block.size = HEAD_BYTES + packed.buffer.size
        block.frames = packed.frames
        block.plain = packed.plain
        block.packed = block.live

    def _made_head(self, block):
        """Return a head for a block whose own cannot be read."""
        before = None
        for other in self._store.index.blocks:
            if other.number < block.number:
                before = other
        number, size = (0, 0) if before is None else (before.number, before.size)
        first = block.first_sequence
        return BlockHead(self._log.stream_id, block.number, first, number, size)


def unreadable(store):
    """Return the messages that should be there and cannot be read, in order."""
    found = []
    index = store.index
    sequence = index.next_from(0)
    while sequence:
        block = store.missing(sequence)
        if block is not None and block is not store.unreadable:
            store.fetch_now(block)
        if store.find(sequence) is None:
            found.append(sequence)
        sequence = index.next_from(sequence + 1)
    return found


def take_out(store, sequences):
    """Take messages out that cannot be read, and count anew what is left."""
    index = store.index
    for sequence in sequences:
        index.lose(sequence)
    index.begin_count()
    for cached in store.scan(index.first_sequence):
        index.count(cached)
    index.emptied = True
    index.settle_first()
