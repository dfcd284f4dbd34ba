"""The log of one stream: records staged in memory, written in batches, kept in block files.

``stage_*`` collect records while a batch is being written; ``start`` takes them as the next batch.
A batch is one write and one sync, done by a thread; nothing in it counts before it is committed.
The log knows blocks and bytes; what the records mean is the index's business.

A batch that the journal of the store has taken instead (see ``committer``) is not in its block's
file yet: it adds to a ``Tail`` of the block, which a thread writes there some time later.
"""

import errno

from headwater.base.buffer import Buffer
from headwater.base.errors import InvariantError, StoreError, invariant
from headwater.store import record
from headwater.store.block import HEAD_BYTES, Block, BlockHead, CachedBlock, decode_head
from headwater.store.frames import Packing
from headwater.store.tail import Tail
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
        "entry",
        "error",
        "frames",
        "fresh",
        "is_packed",
        "lead",
        "offset",
        "packed",
        "plain",
        "records",
    )

    def __init__(self, buffer, records, accepted_bytes, block, fresh):
        self.buffer = buffer
        self.records = records
        self.accepted_bytes = accepted_bytes  # headers and payloads of its messages
        self.block = block  # where they go
        self.offset = block.size
        self.packed = buffer  # what is written of it
        self.is_packed = False  # whether that is known already
        self.frames = 0  # in what is written
        self.plain = 0  # bytes of it that are in none
        self.fresh = fresh  # whether the block's file is still to be made
        self.entry = 0  # of the journal, if that has taken the batch
        self.lead = None  # the Tail that is written before it
        self.error = None  # the OSError for which the batch has failed
        self.attachment = None  # the owner's: what to do when the batch is through

    def end(self):
        """Return where it ends in the file of its block."""
        return self.offset + self.packed.size


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
        self.tails = []  # what the journal has and the files of blocks do not, in order
        self._tail = None  # the one of them that grows
        self._file = None  # of the block that was written last; used by the writing thread only
        self._file_number = 0
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
        fresh = self._wants_new_block(buffer.size)
        block = self._new_block() if fresh else self.active
        batch = Batch(buffer, self.staged_records, self._staged_accepted_bytes, block, fresh)
        self.staged_records = 0
        self._staged_accepted_bytes = 0
        self.writing = batch
        return batch

    def _wants_new_block(self, size):
        block = self.active
        if block is None or (block.size > HEAD_BYTES and block.content + size > self.block_bytes):
            return True
        return bool(self.tails) and self._is_suspect(block)

    def _is_suspect(self, block):
        """Tell whether what is in the file of a block is unknown: a write of a tail has failed."""
        for tail in self.tails:
            if tail.suspect and tail.block is block:
                return True
        return False

    def pack(self, batch):
        """Make what is written of a batch, once."""
        if batch.is_packed:
            return
        if self.packing.is_plain:
            record.seal(batch.buffer, batch.block.seed)
            batch.plain = batch.buffer.size
        else:
            self._pack_anew(batch)
        batch.is_packed = True

    def _pack_anew(self, batch):
        """Make what is written of a batch, for the block that it has now."""
        packed = self.packing.pack(batch.buffer, batch.block)
        batch.packed = packed.buffer
        batch.frames = packed.frames
        batch.plain = packed.plain

    def write(self, batch):
        """Write a batch and sync it; on a thread.  A failure is left in ``batch.error``."""
        if self.disk is None:
            return
        self.pack(batch)
        try:
            self._write(batch)
        except OSError as first:
            # What the failed write left is void: a sync that failed once may report success the
            # next time without having written.  The batch goes to a new block, or fails.
            self._void(batch)
            self._move_to_new_block(batch)
            try:
                self._write(batch)
            except OSError:
                batch.error = first
                self._void(batch)

    def finish(self, batch):
        """Take note that a batch is through; return whether it is committed."""
        if batch is not self.writing:  # no call of ``invariant``: once a batch
            raise InvariantError("batches finish in order")
        self.writing = None
        if batch.lead is not None:
            self.tails_written([batch.lead])
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
        if batch.entry:
            self._add_to_tail(batch)
        else:
            self.written_bytes += batch.packed.size
            self.syncs += 1
        if self.disk is not None:
            self._count(batch)
        return True

    # Tails

    def _add_to_tail(self, batch):
        if self._tail is None or self._tail.block is not batch.block:
            self._tail = Tail(batch.block, batch.offset, batch.entry)
            self.tails.append(self._tail)
        self._tail.append(batch.packed)

    def take_lead(self):
        """Return the tail that grows, for a thread to write; None when none does."""
        tail = self._tail
        self._tail = None
        if tail is not None:
            tail.busy = True
        return tail

    def take_tails(self):
        """Return every tail that no thread has yet, for one to write them."""
        self._tail = None
        found = [tail for tail in self.tails if not tail.busy]
        for tail in found:
            tail.busy = True
        return found

    def write_tails(self, tails):
        """Bring tails into the files of their blocks; on a thread.

        Raises:
            OSError: one could not be written; the others are.
        """
        failed = None
        for tail in tails:
            try:
                self._write_tail(tail)
            except OSError as error:
                failed = error
        if failed is not None:
            raise failed

    def tails_written(self, tails):
        """Take note of what a thread has done with tails."""
        for tail in tails:
            tail.busy = False
            if tail.written and tail in self.tails:
                self.tails.remove(tail)
                self.written_bytes += tail.buffer.size
                self.syncs += 1
                self.writes.add(LOG, tail.buffer.size, new_file=False)

    def forget_block(self, block):
        """What is missing in the file of a block is not wanted any more."""
        self.tails = [tail for tail in self.tails if tail.block is not block]

    def tail_bytes(self):
        """Return how long the tail is that grows."""
        return 0 if self._tail is None else self._tail.buffer.size

    def oldest_entry(self):
        """Return the first entry of the journal that is still needed, 0 when none is."""
        oldest = 0
        for tail in self.tails:
            if oldest == 0 or tail.entry < oldest:
                oldest = tail.entry
        return oldest

    def patches(self, block):
        """Return (offset, bytes) of what the file of a block lacks."""
        return [(t.offset, t.buffer.contents()) for t in self.tails if t.block is block]

    def _write_tail(self, tail):
        try:
            if not tail.suspect:
                self._open(tail.block).write_synced(tail.data(), tail.offset)
        except OSError:
            # A sync that failed once may report success the next time without having written.
            tail.suspect = True
            self._close_quietly()
        if tail.suspect:
            self._write_anew(tail)
        tail.suspect = False
        tail.written = True

    def _write_anew(self, tail):
        """Make the file of a block anew, with what it lacks."""
        path = self.path(tail.block.name())
        data = self.disk.read(path)
        put_piece(data, tail.offset, tail.data())
        self._close_quietly()
        self.disk.replace(path, data)

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

    def read_block(self, block, size, patches=()):
        """Return the first ``size`` bytes of a block: CachedBlock, stretches that were damaged.

        ``patches`` is what its file lacks: (offset, bytes) of each.

        Runs on a thread.
        """
        data = self.disk.read(self.path(block.name()), 0, size)
        for offset, piece in patches:
            put_piece(data, offset, piece)
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
        block.frames += batch.frames
        block.plain += batch.plain

    def _close_quietly(self):
        try:
            self.close()
        except OSError:
            pass

    def _count(self, batch):
        if not batch.entry:
            head_bytes = HEAD_BYTES if batch.fresh else 0
            self.writes.add(LOG, head_bytes + batch.packed.size, new_file=batch.fresh)
        self.writes.accepted_bytes += batch.accepted_bytes

    def _new_block(self):
        return Block(self.stream_id, self._next_number, self._previous_number, self._previous_size)

    def _write(self, batch):
        packed = batch.packed
        data = memoryview(packed.data)[: packed.size]
        if batch.fresh:
            if batch.lead is not None:
                self._write_lead(batch.lead)
            self._create(batch)
            self._file.write(data, batch.offset)
            self._file.sync()
            self.disk.sync_directory(self.folder)
            return
        if self.tails and self._is_suspect(batch.block):
            raise OSError(errno.EIO, "what is before the batch could not be written")
        file = self._open(batch.block)
        lead = batch.lead
        if lead is None:
            file.write_synced(data, batch.offset)
        else:
            # In case of an error it is the whole file that nothing is known of.
            lead.suspect = True
            file.write(lead.data(), lead.offset)
            file.write(data, batch.offset)
            file.sync()
            lead.suspect = False
            lead.written = True

    def _write_lead(self, lead):
        """Complete the block before a new one; if that fails its tail stays what it is."""
        if not lead.written:
            try:
                self._write_tail(lead)
            except OSError:
                lead.suspect = True

    def _open(self, block):
        if self._file is None or self._file_number != block.number:
            self.close()
            self._file = self.disk.open(self.path(block.name()))
            self._file_number = block.number
        return self._file

    def _create(self, batch):
        block = batch.block
        self.close()
        path = self.path(block.name())
        self.disk.remove(path)
        self._file = self.disk.create(path)
        self._file_number = block.number
        head = BlockHead(
            self.stream_id,
            block.number,
            record.first_sequence(batch.buffer.data),
            block.previous_number,
            block.previous_size,
        )
        self._file.write(head.encode(), 0)

    def _void(self, batch):
        """Remove what a failed write left, if that is possible: the next block voids it anyway."""
        try:
            if batch.fresh:
                self.disk.remove(self.path(batch.block.name()))
            elif self._file is not None:
                self._file.truncate(batch.offset)
        except OSError:
            pass
        self._close_quietly()

    def _move_to_new_block(self, batch):
        old = batch.block
        if batch.fresh:
            block = Block(self.stream_id, old.number + 1, old.previous_number, old.previous_size)
        else:
            block = Block(self.stream_id, old.number + 1, old.number, batch.offset)
        batch.block = block
        self._pack_anew(batch)
        batch.offset = block.size
        batch.fresh = True


def put_piece(data, offset, piece):
    """Put bytes where they belong in the content of a file (a bytearray), which may be shorter."""
    end = offset + len(piece)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[offset:end] = piece
