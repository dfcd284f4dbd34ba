"""The log of one stream: records staged in memory, written in batches, kept in block files.

``stage_*`` collect records while a batch is being written; ``start`` takes them as the next batch.
A batch is one write and one sync, done by a thread; nothing in it counts before it is committed.
The log knows blocks and bytes; what the records mean is the index's business.
"""

from headwater.base.buffer import Buffer
from headwater.base.errors import StoreError, invariant
from headwater.store import record
from headwater.store.block import HEAD_BYTES, Block, BlockHead, CachedBlock, decode_head
from headwater.store.frames import Packed, Packing
from headwater.store.writes import LOG, Writes

BLOCK_BYTES = 4 * 1024 * 1024
_SPARE_BYTES_MAX = 8 * 1024 * 1024


class Batch:
    """Records on their way to the disk, all of them or none."""

    __slots__ = (
        "accepted_bytes",
        "attachment",
        "block",
        "buffer",
        "error",
        "first_sequence",
        "fresh",
        "offset",
        "packed",
        "records",
    )

    def __init__(self, buffer, records, accepted_bytes, block, fresh):
        self.buffer = buffer
        self.records = records
        self.accepted_bytes = accepted_bytes  # headers and payloads of its messages
        self.first_sequence = first_sequence(buffer)
        self.block = block  # where they go
        self.offset = block.size
        self.packed = Packed(buffer)  # what is written of it
        self.fresh = fresh  # whether the block's file is still to be made
        self.error = None  # the OSError for which the batch has failed
        self.attachment = None  # the owner's: what to do when the batch is through

    def end(self):
        """Return where it ends in the file of its block."""
        return self.offset + self.packed.buffer.size


class Log:
    """Blocks of one stream and the way into them.

    ``disk`` is None for a memory stream: its blocks are only in memory, and batches are committed
    as they stand.  ``folder`` is the stream's directory on the disk.
    """

    def __init__(self, disk, folder, stream_id, *, block_bytes=BLOCK_BYTES):
        self.disk = disk
        self.folder = folder
        self.stream_id = stream_id
        self.block_bytes = block_bytes
        self.packing = Packing(stream_id)
        self.active = None  # the block that is appended to
        self.packable = False  # whether a block was finished that could be written more densely
        self.staged = Buffer(4096)
        self.staged_records = 0
        self.writing = None  # the Batch that a thread has
        self.writes = Writes()  # of all streams together, if the owner shares one
        self.written_bytes = 0  # given to the disk since the start
        self.syncs = 0
        self._staged_accepted_bytes = 0
        self._spare = None
        self._file = None  # of the active block; used by the writing thread only
        self._next_number = 1
        self._previous_number = 0  # of the block before the next one
        self._previous_size = 0

    def stage_message(self, sequence, time_ns, message):
        """Add a MESSAGE record to the next batch."""
        self.staged_records += 1
        self._staged_accepted_bytes += message.body_end - message.body_start
        record.put_message(self.staged, sequence, time_ns, message)

    def stage(self, kind, sequence, time_ns, name, payload):
        """Add a record of another kind to the next batch."""
        self.staged_records += 1
        record.put_record(self.staged, kind, sequence, time_ns, name, payload)

    def identify(self, stream_id):
        """Be the log of another stream, while there is nothing in it."""
        self.stream_id = stream_id
        self.packing.identify(stream_id)

    def compress(self, wanted):
        """Write what comes compressed from now on, or not; in time what is there is too."""
        self.packable = self.packable or wanted
        self.packing.compresses = wanted

    def bind(self, start):
        """Let what was staged from an offset on be found after a crash as a whole, or not at all.

        All that is staged goes into one block, in one write.
        """
        record.bind(self.staged, start)

    def mark(self):
        """Return what ``rewind`` takes to forget what is staged from now on."""
        return self.staged.size, self.staged_records, self._staged_accepted_bytes

    def rewind(self, mark):
        """Forget what was staged since ``mark``; no batch may have started in between."""
        self.staged.size, self.staged_records, self._staged_accepted_bytes = mark

    def drop_staged(self):
        """Forget what is staged."""
        self.staged.size = 0
        self.staged_records = 0
        self._staged_accepted_bytes = 0

    def start(self):
        """Return what is staged as a Batch ready to be written, or None when there is nothing.

        The caller runs ``write(batch)`` on a thread and then ``finish(batch)``.
        """
        if self.writing is not None or self.staged.size == 0:
            return None
        buffer = self.staged
        self.staged = self._spare or Buffer(4096)
        self._spare = None
        fresh = self.active is None or (
            self.active.size > HEAD_BYTES and self.active.content + buffer.size > self.block_bytes
        )
        block = self._new_block() if fresh else self.active
        batch = Batch(buffer, self.staged_records, self._staged_accepted_bytes, block, fresh)
        self.staged_records = 0
        self._staged_accepted_bytes = 0
        self.writing = batch
        return batch

    def write(self, batch):
        """Write a batch and sync it; on a thread.  A failure is left in ``batch.error``."""
        if self.disk is None:
            return
        batch.packed = self.packing.pack(batch.buffer, batch.block)
        try:
            self._write(batch)
        except OSError as first:
            # What the failed write left is void: a sync that failed once may report success the
            # next time without having written.  The batch goes to a new block, or fails.
            self._void_tail(batch)
            self._move_to_new_block(batch)
            try:
                self._write(batch)
            except OSError:
                batch.error = first
                self._void_tail(batch)

    def finish(self, batch):
        """Take note that a batch is through; return whether it is committed."""
        invariant(batch is self.writing, "batches finish in order")
        self.writing = None
        if batch.error is not None:
            # Never append behind a tail whose state is unknown, and never use a number again:
            # its file may come back after a crash, and must then be older than what counts.
            self.active = None
            self._next_number = batch.block.number + 1
            return False
        if batch.fresh and not self.packing.is_plain:
            self.packable = True
        self.active = batch.block
        self._grow(batch)
        self._previous_number = batch.block.number
        self._previous_size = batch.block.size
        self._next_number = batch.block.number + 1
        self.written_bytes += batch.packed.buffer.size
        self.syncs += 1
        if self.disk is not None:
            self._count(batch)
        return True

    def recycle(self, batch):
        """Take a batch's buffer back for reuse; nothing may look at it any more."""
        buffer = batch.buffer
        if self._spare is None and buffer.capacity <= _SPARE_BYTES_MAX:
            buffer.size = 0
            self._spare = buffer
        batch.buffer = batch.packed = None

    def resume(self, last, next_number, *, append):
        """Go on behind the Block ``last``, or None: in it with ``append``, else in a new one."""
        self.active = last if append else None
        self._next_number = next_number
        self._previous_number = 0 if last is None else last.number
        self._previous_size = 0 if last is None else last.size

    def begin_block(self):
        """Let the next batch go to a new block, whatever room there is; only while none waits."""
        invariant(self.writing is None and self.staged.size == 0, "a batch is under way")
        self.active = None

    def path(self, name):
        return f"{self.folder}/{name}"

    def read_block(self, block, size):
        """Return the first ``size`` bytes of a block: CachedBlock, stretches that were damaged.

        Runs on a thread.
        """
        data = self.disk.read(self.path(block.name()), 0, size)
        head = decode_head(data)
        other = head is not None and (head.stream_id, head.number) != (self.stream_id, block.number)
        if other:
            raise StoreError(f"{self.path(block.name())} is not the block that it should be")
        cached = CachedBlock()
        opener = self.packing.opener(data, block.number)
        damaged = cached.load(memoryview(data), HEAD_BYTES, len(data), block.seed, opener)
        # One that was written anew in the meantime is shorter, and whole.
        cut = len(data) < size and not (head is not None and head.compacted)
        return cached, damaged + (head is None) + cut

    def remove_files(self, blocks):
        """Remove the files of blocks that hold nothing any more; on a thread."""
        if self.disk is not None:
            for block in blocks:
                self.disk.remove(self.path(block.name()))
            self.disk.sync_directory(self.folder)

    def close(self):
        """Close the file; nothing may be written any more."""
        file = self._file
        self._file = None
        if file is not None:
            file.close()

    def _grow(self, batch):
        """Let the block of a batch have its records."""
        block = batch.block
        block.size = batch.end()
        block.content += batch.buffer.size
        block.frames += batch.packed.frames
        block.plain += batch.packed.plain

    def _count(self, batch):
        head_bytes = HEAD_BYTES if batch.fresh else 0
        self.writes.add(LOG, head_bytes + batch.packed.buffer.size, new_file=batch.fresh)
        self.writes.accepted_bytes += batch.accepted_bytes

    def _new_block(self):
        return Block(self.stream_id, self._next_number, self._previous_number, self._previous_size)

    def _write(self, batch):
        packed = batch.packed.buffer
        data = memoryview(packed.data)[: packed.size]
        if batch.fresh:
            self._create(batch)
        elif self._file is None:
            self._file = self.disk.open(self.path(batch.block.name()))
        if batch.fresh:
            self._file.write(data, batch.offset)
            self._file.sync()
            self.disk.sync_directory(self.folder)
        else:
            self._file.write_synced(data, batch.offset)

    def _create(self, batch):
        block = batch.block
        self.close()
        path = self.path(block.name())
        self.disk.remove(path)
        self._file = self.disk.create(path)
        head = BlockHead(
            self.stream_id,
            block.number,
            batch.first_sequence,
            block.previous_number,
            block.previous_size,
        )
        self._file.write(head.encode(), 0)

    def _void_tail(self, batch):
        """Remove what a failed write left, if that is possible: the next block voids it anyway."""
        try:
            if batch.fresh:
                self.disk.remove(self.path(batch.block.name()))
            elif self._file is not None:
                self._file.truncate(batch.offset)
        except OSError:
            pass
        try:
            self.close()
        except OSError:
            pass

    def _move_to_new_block(self, batch):
        old = batch.block
        if batch.fresh:
            block = Block(self.stream_id, old.number + 1, old.previous_number, old.previous_size)
        else:
            block = Block(self.stream_id, old.number + 1, old.number, batch.offset)
        batch.packed = self.packing.pack(batch.buffer, block)
        batch.block = block
        batch.offset = block.size
        batch.fresh = True


def first_sequence(buffer):
    """Return the lowest sequence that a message in ``buffer``, which is not empty, may have."""
    last = int.from_bytes(buffer.data[16:24], "little")
    return last if buffer.data[8] == record.MESSAGE else last + 1
