"""One stream's records and what they add up to: propose, commit, apply, and reads.

*Propose* encodes a record into the next batch.  *Commit* writes and syncs a batch.  *Apply* takes
the records of a committed batch, in order, into the index; only then does anybody see them.
Nothing here waits: whatever needs a block that is not in memory is put off until a thread has
fetched it, and everything behind it in order is put off as well.
"""

from functools import partial

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.base.errors import InvariantError, StoreError
from headwater.store import message_ttl
from headwater.store.block import CachedBlock
from headwater.store.index import Index
from headwater.store.log import Log
from headwater.store.record import CHECKPOINT, DELETE, MESSAGE, PURGE, SKIP, TRIM, Record
from headwater.store.stream_work import (
    Enforcement,
    Places,
    Purge,
    Removal,
    Scan,
    Trim,
    Walk,
)
from headwater.wire import headers

# What nats-server counts for a message beyond its parts: limits and clients go by it.
_FILE_BASE_BYTES = 30
_FILE_HEADER_BYTES = 4
_MEMORY_BASE_BYTES = 16

_message = MESSAGE
TIME_MAX = (1 << 63) - 1
_WORK_MAX = 4000  # messages looked at or removed at a stretch: about a millisecond


class Proposer:
    """Who proposes to a store, as the store sees it."""

    def take_attachment(self):
        """Return what is to be given to ``settled`` when the batch that starts now is through."""
        raise NotImplementedError

    def settled(self, attachment, error):
        """A batch was applied with all that follows from it, or failed with ``error``."""
        raise NotImplementedError


class StreamOwner(Proposer):
    """What a store tells the stream that it belongs to; it may have another be the Proposer."""

    def apply(self, kind, name, payload, sequence, time_ns):
        """Apply a record that is the owner's: its configuration, its consumers."""
        raise NotImplementedError

    def stored(self, sequence, subject):
        """A message was applied; called only while ``watched``."""
        raise NotImplementedError

    def read(self, subject, record, view):
        """A message was applied, and this is its Record; called only while ``tapped``."""
        raise NotImplementedError

    def removed(self, sequence, subject):
        """A message is gone; called only while ``watched``."""
        raise NotImplementedError

    def purged(self, purge):
        """A Purge is through, and knows how much it has removed; not all want to hear of it."""

    def report(self, text):
        """Something on the disk is not as it should be."""
        raise NotImplementedError

    def damaged(self, text):
        """Something on the disk is damaged; by default that is reported as the rest is."""
        self.report(text)

    def replayed(self, view, start, end):
        """Recovery has applied the records in ``view[start:end]``."""

    def snapshot(self, *, brief=False):
        """Return what the owner wants to have back from a checkpoint; msgspec can encode it.

        That is done later and on a thread: nothing may change it any more.  A brief one is without
        what messages themselves tell (see ``replayed``).
        """
        raise NotImplementedError

    def restore(self, data):
        """Take back what ``snapshot`` returned, as msgspec has encoded and decoded it."""
        raise NotImplementedError


class Loading:
    """A block that a thread is reading."""

    __slots__ = ("tail", "waiters")

    def __init__(self):
        self.waiters = []
        self.tail = Buffer()  # records that the block got since the thread began


class StreamStore:
    """Log, index and cache of one stream.

    ``disk`` is None for a memory stream.  ``jobs`` does the blocking work, ``timers`` lets long
    walks take turns with everything else.
    """

    def __init__(self, owner, disk, folder, stream_id, cache, jobs, timers, clock):
        self.owner = owner
        self.proposer = owner
        self.log = Log(disk, folder, stream_id)
        if disk is None:
            self.index = Index(_MEMORY_BASE_BYTES, 0)
        else:
            self.index = Index(_FILE_BASE_BYTES, _FILE_HEADER_BYTES)
        self.in_memory = disk is None
        self.messages_max = -1
        self.bytes_max = -1
        self.per_subject_max = -1
        self.ages = False  # whether messages may have to go for their age, or by their own word
        self.keeps_ttls = False  # whether messages may say themselves when they are to go
        self.soonest_ns = TIME_MAX  # when one of those stored since the owner has looked is to go
        self.discards_new = False  # whether a full stream refuses what is new
        self.watched = False  # whether the owner wants to hear of every message
        self.tapped = False  # whether the owner wants to see every message, also after a start
        self.last_proposed = 0
        self.last_time_ns = 0
        self.staged_messages = 0  # proposed and not applied
        self.staged_bytes = 0
        self.position_number = 0  # up to where the log is applied
        self.position_offset = 0
        self.unsaved_bytes = 0  # applied since the last checkpoint
        self.due_bytes = TIME_MAX  # more than so many of them are worth the next one
        self.closed = False
        self.committer = None  # what commits its batches together with those of others
        self.unreadable = None  # a block that could not be fetched for the batch in hand
        self.covered_number = 0  # before this block nothing but messages is needed from the log
        self.known_damaged = set()  # numbers of blocks whose damage was reported at the start
        self._cache = cache
        self._jobs = jobs
        self._timers = timers
        self._clock = clock
        self._completed = []  # batches that are committed and not applied
        self._batch = None  # the one that is being applied
        self._at = 0
        self._work = []  # what an applied record still has to do, in order
        self._needed = None  # the block without which it cannot go on
        self._fetching = False  # whether that one is on its way
        self.work_max = _WORK_MAX
        self._spent = 0  # of ``work_max`` in this stretch
        self._paused = False  # whether the next stretch waits for its turn
        self._running = False
        self._loading = {}  # number of a block -> Loading
        self._idle_waiters = []
        self._settled_waiters = []
        self._record = Record()

    # Propose

    def propose_message(self, message, time_ns):
        """Add a message to the next batch; return its sequence."""
        self.last_proposed += 1
        if time_ns < self.last_time_ns:
            time_ns = self.last_time_ns
        self.last_time_ns = time_ns
        self.staged_messages += 1
        self.staged_bytes += self.index.message_bytes(
            len(message.subject),
            message.header_size,
            message.body_end - message.body_start - message.header_size,
        )
        self.log.stage_message(self.last_proposed, time_ns, message)
        return self.last_proposed

    def propose(self, kind, name, payload, sequence=0):
        """Add a record of another kind to the next batch; it gets the last sequence given out."""
        if kind == SKIP and sequence > self.last_proposed:
            self.last_proposed = sequence
        self.log.stage(kind, sequence or self.last_proposed, self._clock.now(), name, payload)

    def is_bare(self):
        """Tell whether the store is encrypted and not all of what is in the blocks is."""
        if self.log.packing.keys is None or self.in_memory:
            return False
        return any(block.plain for block in self.index.blocks)

    def mark(self):
        """Return what ``rewind`` takes to withdraw what is proposed from now on."""
        times = self.last_proposed, self.last_time_ns
        return self.log.mark(), times, (self.staged_messages, self.staged_bytes)

    def rewind(self, mark):
        """Withdraw what was proposed since ``mark``; return the last sequence that stays.

        Nothing may have been committed in between.
        """
        staged, times, counts = mark
        self.log.rewind(staged)
        self.last_proposed, self.last_time_ns = times
        self.staged_messages, self.staged_bytes = counts
        return self.last_proposed

    def last_sequence(self):
        """Return the last sequence as a publisher is to see it: what is proposed counts."""
        return self.last_proposed if self.staged_messages else self.index.last_sequence

    def has(self, sequence):
        """Tell whether there is a message of that sequence."""
        block = self.index.block_of(sequence)
        return block is not None and block.has(sequence)

    # Commit

    def commit(self):
        """Start to write what was proposed, unless a batch is being written: then that goes on."""
        if self.closed:
            return
        batch = self.log.start()
        if batch is None:
            return
        batch.attachment = self.proposer.take_attachment()
        if self.in_memory:
            self._written(batch)
        elif self.committer is None:
            self._jobs.submit(self.log.folder, partial(self.log.write, batch), self.was_written)
        else:
            self.committer.commit(self, batch)

    def was_journaled(self, batch):
        """A batch is in the journal."""
        try:
            self._written(batch)
        finally:
            self.commit()

    def was_written(self, _, error):
        """The batch that was being written is in its block, or has failed."""
        batch = self.log.writing
        if error is not None:
            batch.error = error
        try:
            self._written(batch)
        finally:
            self.commit()

    def _written(self, batch):
        if not self.log.finish(batch):
            self._withdraw(batch.buffer)
            self.proposer.settled(batch.attachment, batch.error)
            self.log.recycle(batch)
            self._fail_staged(batch.error)
            self._tell_idle()
            return
        block = batch.block
        if batch.fresh and (self.in_memory or self.watched):
            # Somebody is going to read it; otherwise it is read from the disk if need be.
            block.cached = CachedBlock()
        if block.cached is not None:
            block.cached.append_messages(batch.buffer.view, 0, batch.buffer.size)
            if not self.in_memory:
                self._cache.use(block, self._clock.monotonic())
        elif self._loading:
            self._note_tail(batch)
        self._completed.append(batch)
        self.run()

    def _note_tail(self, batch):
        """Keep what a block grows by while a thread reads what it was before."""
        loading = self._loading.get(batch.block.number)
        if loading is not None:
            size = batch.buffer.size
            tail = loading.tail
            tail.reserve(size)
            tail.size = octets.copy_into(tail.view, tail.size, batch.buffer.view, 0, size)

    def _fail_staged(self, error):
        """Fail what was proposed behind a batch that failed: it was judged as if that held."""
        staged = self.log.staged
        if staged.size:
            self._withdraw(staged)
            attachment = self.proposer.take_attachment()
            self.log.drop_staged()
            self.proposer.settled(attachment, error)

    def _withdraw(self, buffer):
        """The records of a failed batch are no more; their sequences are not used again."""
        view = buffer.view
        record = self._record
        at = 0
        while at < buffer.size and record.read(view, at, buffer.size):
            if record.kind == MESSAGE:
                self._unstage(record)
            at = record.end

    def _unstage(self, record):
        self.staged_messages -= 1
        self.staged_bytes -= self.index.size_of(record)

    # Apply

    def run(self):
        """Apply what is committed, until it is done, a block is missing, or it takes too long."""
        if self._running or self._paused:
            return
        self._running = True
        self._spent = 0
        try:
            while self._needed is None and self._spent < self.work_max and self._step():
                pass
        finally:
            self._running = False
        if self._needed is not None:
            if not self._fetching:
                self._fetching = True
                self.load(self._needed, self._fetched)
        elif self._spent >= self.work_max:
            self._paused = True
            self._timers.after(0, self._go_on)
        else:
            self._tell_settled()
            self._tell_idle()

    def _go_on(self):
        self._paused = False
        self.run()

    def is_spent(self):
        """Count a step of long work; tell whether the rest has to wait for the next stretch."""
        if self._spent >= self.work_max:
            return True
        self._spent += 1
        return False

    def _step(self):
        """Do the next thing; return whether there may be more."""
        if self._work:
            if self._work[0].step(self):
                self._work.pop(0)
            return True
        if self._batch is None:
            if not self._completed:
                return False
            self._batch = self._completed.pop(0)
            self._at = 0
            if self._batch.fresh:
                self._take_block(self._batch.block)
        batch = self._batch
        if self._apply_records(batch.block, batch.buffer.view, batch.buffer.size):
            self._batch = None
            self.unreadable = None
            self.position_number = batch.block.number
            self.position_offset = batch.end()
            self.unsaved_bytes += batch.buffer.size
            attachment = batch.attachment
            self.log.recycle(batch)
            if self.in_memory and self.index.emptied:
                self.index.take_empty(self.position_number)
            self.proposer.settled(attachment, None)
            self._tell_settled()
        return True

    def _take_block(self, block):
        """Let a new block be the last of the index: whatever is before it has been applied."""
        block.last_sequence = self.index.last_sequence
        self.index.blocks.append(block)

    def _fetched(self, error):
        if error is not None:
            self._give_up(self._needed, error)
        self._needed = None
        self._fetching = False
        self.run()

    def _give_up(self, block, error):
        """Go on without a block: only what was to be removed from it anyway is lost."""
        self.unreadable = block
        self.owner.damaged(f"block {block.number} could not be read: {error}")

    def replay(self, block, view, start, end):
        """Apply the records in ``view[start:end]``, which recovery found in ``block``."""
        self._at = start
        self.complete()
        while not self._apply_records(block, view, end):
            self.complete()
        self.owner.replayed(view, start, end)
        self.unreadable = None
        self.unsaved_bytes += end - start
        self.last_proposed = self.index.last_sequence
        self.last_time_ns = self.index.last_time_ns

    def complete(self):
        """Do on the spot what applied records still have to do; for recovery only."""
        self._spent = 0
        while self._work or self._needed is not None:
            self._spent = 0
            if self._needed is not None:
                self.fetch_now(self._needed)
            elif self._work[0].step(self):
                self._work.pop(0)

    def fetch_now(self, block):
        """Read a block on the spot: recovery runs on a thread of its own."""
        self._needed = None
        try:
            cached, damaged = self.log.read_block(block, block.size, self.log.patches(block))
        except (OSError, StoreError) as error:
            self._give_up(block, error)
        else:
            self._keep(block, cached, damaged)

    def _apply_records(self, block, view, end):
        """Apply records from ``_at`` on; return False where one has more work to do first."""
        record = self._record
        while True:
            # Limits come last: what a record still has to do might need a block, or might not,
            # and what is left in the end must not depend on that.
            if self._work or not self.enforce():
                return False
            if self._at >= end:
                return True
            if not record.read(view, self._at, end):  # no call of ``invariant``: once a record
                raise InvariantError("what was committed cannot be read")
            self._at = record.end
            if record.kind == _message:
                self._apply_message(block, record, view)
            else:
                self._apply_other(record, view)

    def _apply_message(self, block, record, view):
        if self._batch is not None:
            self._unstage(record)
        sequence = record.sequence
        index = self.index
        if sequence <= index.last_sequence:
            return  # skipped by a later record, or damage has brought it back
        subject = index.add(block, record, view)
        if self.keeps_ttls and record.header_size:
            self._note_ttl(block, record, view)
        if self.tapped:
            self.owner.read(subject, record, view)
        if self.watched:
            self.owner.stored(sequence, subject)
        if self.per_subject_max > 0:
            self.enforce_subject(subject)

    def _note_ttl(self, block, record, view):
        """Note when a message is to go, if its headers say so."""
        value = headers.find_value(
            view, record.subject_end, record.payload_start, message_ttl.HEADER
        )
        if not value:
            return
        seconds = message_ttl.ttl_seconds(value)
        if seconds == message_ttl.NEVER:
            block.keep(record.sequence)
        elif seconds > 0:
            time_ns = message_ttl.expiry_ns(record.time_ns, seconds)
            block.expire(record.sequence, time_ns)
            self.soonest_ns = min(self.soonest_ns, time_ns)

    def enforce_subject(self, subject):
        """Remove the oldest messages of a subject that are over its limit."""
        index = self.index
        subjects = index.subjects
        number = subjects.find(subject)
        places = index.places.get(number)
        if places is None:
            if number >= 0 and index.previous_last:
                self._remove_known(index.previous_last, subject, index.previous_bytes)
            return
        while subjects.count(number) > self.per_subject_max and len(places) > 2:
            self._remove_known(places[0], subject, places[1])

    def _remove_known(self, sequence, subject, size):
        if not self.index.remove(sequence, subject, size):
            self.index.forget_oldest(subject)
        elif self.watched:
            self.owner.removed(sequence, subject)

    def enforce(self):
        """Remove from the front what is over the limits; return False to go on later."""
        if self.discards_new:
            return True
        index = self.index
        while (self.messages_max > 0 and index.messages > self.messages_max) or (
            self.bytes_max > 0 and index.bytes > self.bytes_max
        ):
            if index.messages == 0:
                break
            if self.is_spent() or not self.remove_first():
                return False
        return True

    def remove_first(self):
        """Remove the first message; False when its block has to be fetched before."""
        return self.remove(self.index.first_sequence)

    def remove(self, sequence):
        """Remove a message if it is there; False when its block has to be fetched before."""
        index = self.index
        block = index.block_of(sequence)
        if block is None or not block.has(sequence):
            if sequence == index.first_sequence:
                index.settle_first()
            return True
        cached = block.cached
        if cached is None and block is not self.unreadable:
            self._needed = block
            return False
        if cached is None or not cached.find(sequence):
            # It was damaged on the disk and is lost already.
            index.lose(sequence)
            return True
        record = cached.record
        subject = record.subject(cached.data.view)
        index.remove(sequence, subject, index.size_of(record))
        if self.watched:
            self.owner.removed(sequence, subject)
        return True

    def _apply_other(self, record, view):
        kind = record.kind
        payload = record.payload(view)
        if kind == DELETE:
            for at in range(record.payload_start, record.end - 7, 8):
                self._work.append(Removal(octets.get_i64(view, at)))
        elif kind == TRIM:
            self._work.append(Trim(int.from_bytes(payload, "little")))
        elif kind == PURGE:
            self._work.append(Purge.decode(record.subject(view), payload))
        elif kind == CHECKPOINT:
            self.covered_number = int.from_bytes(record.subject(view), "little")
        elif kind == SKIP:
            self.index.skip_to(record.sequence)
            if payload:  # a message was there, elsewhere, and was the last one
                self.index.last_time_ns = int.from_bytes(payload[:8], "little")
        else:
            self.owner.apply(kind, record.subject(view), payload, record.sequence, record.time_ns)

    def recall(self, cached):
        """Note what the headers of the message that ``cached`` points at say, as when it came."""
        record = cached.record
        view = cached.data.view
        if self.keeps_ttls and record.header_size:
            self._note_ttl(self.index.block_of(record.sequence), record, view)
        self.owner.replayed(view, record.start, record.end)

    def limit_subjects(self, per_subject_max):
        """Set how many messages a subject may have, -1 for any number; those beyond that go."""
        had_places = self.index.keep_places
        self.per_subject_max = per_subject_max
        self.index.keep_places = per_subject_max > 1
        if self.index.messages and (had_places or per_subject_max > 0):
            self._work.append(Places(known=had_places))

    def needs(self, sequence):
        """Have the block of a message fetched before the work in hand goes on, if it has to be."""
        block = self.missing(sequence)
        if block is None or block is self.unreadable:
            return False
        self._needed = block
        return True

    def enforce_limits(self):
        """Remove what is over limits that have just been changed."""
        self._work.append(Enforcement())
        self.run()

    # Reads

    def load(self, block, done):
        """Call ``done(error)`` once ``block.cached`` is there (at once, if it is)."""
        if block.cached is not None:
            done(None)
            return
        loading = self._loading.get(block.number)
        if loading is not None:
            loading.waiters.append(done)
            return
        loading = self._loading[block.number] = Loading()
        loading.waiters.append(done)
        self._jobs.submit(
            (self.log.folder, "read"),
            partial(self.log.read_block, block, block.size, self.log.patches(block)),
            partial(self._block_was_read, block),
        )

    def _block_was_read(self, block, result, error):
        loading = self._loading.pop(block.number)
        if error is None:
            cached, damaged = result
            tail = loading.tail
            cached.append_messages(tail.view, 0, tail.size)
            self._keep(block, cached, damaged)
        for done in loading.waiters:
            done(error)

    def _keep(self, block, cached, damaged):
        if damaged and block.number not in self.known_damaged:
            self.owner.damaged(f"block {block.number}: {damaged} damaged stretches left out")
        block.cached = cached
        self._cache.use(block, self._clock.monotonic())

    def find(self, sequence):
        """Return the CachedBlock whose ``record`` is the message ``sequence``.

        None when there is no such message; ``missing`` is then the block to ``load`` first, or
        None when the message does not exist.
        """
        block = self.index.block_of(sequence)
        if block is None or not block.has(sequence):
            return None
        cached = block.cached
        if cached is None or not cached.find(sequence):
            return None
        return cached

    def missing(self, sequence):
        """Return the block to load before ``sequence`` can be read; None when that is no help."""
        block = self.index.block_of(sequence)
        if block is None or not block.has(sequence) or block.cached is not None:
            return None
        return block

    def read(self, sequence, done):
        """Call ``done(cached, error)``: its record is the message, or None if there is none."""
        block = self.missing(sequence)
        if block is None:
            done(self.find(sequence), None)
            return
        self.load(block, partial(self._was_read, sequence, done))

    def _was_read(self, sequence, done, error):
        done(None if error else self.find(sequence), error)

    def read_last(self, pattern, done):
        """Call ``done(cached, error)`` with the last message whose subject ``pattern`` stands for.

        One that goes while it is read has another one in its place, unless there is none.
        """
        sequence = self.index.subjects.last_matching(pattern)
        if sequence:
            self.read(sequence, partial(self._was_last, pattern, sequence, done))
        elif self._work and self.index.subjects.find(pattern) >= 0:
            # The last one was deleted, and the one before it is being looked for.
            self.when_settled(partial(self.read_last, pattern, done))
        else:
            done(None, None)

    def _was_last(self, pattern, sequence, done, cached, error):
        last = self.index.subjects.last_matching(pattern)
        if cached is None and error is None and last != sequence:
            self.read_last(pattern, done)
        else:
            done(cached, error)

    def walk(self, first, last, visit, done):
        """Call ``visit(cached)`` for each message from ``first`` to ``last``: its ``record``.

        It stops when ``visit`` returns True; ``done(error)`` follows.  Long walks take turns with
        everything else.
        """
        Walk(self, first, last, visit, done, self._timers).go()

    def scan(self, first):
        """Return an iterator over the CachedBlocks of the messages from ``first`` on.

        For recovery only: it reads what it needs on the spot.
        """
        return Scan(self, first)

    def use_jobs(self, jobs):
        """Let ``jobs`` do the blocking work from now on."""
        self._jobs = jobs

    def in_flight(self, note):
        """Call ``note(sequence, subject)`` for each message that is proposed and not applied."""
        if self._batch is not None:
            self._note_messages(self._batch.buffer, self._at, note)
        for batch in self._completed:
            self._note_messages(batch.buffer, 0, note)
        if self.log.writing is not None:
            self._note_messages(self.log.writing.buffer, 0, note)
        self._note_messages(self.log.staged, 0, note)

    def _note_messages(self, buffer, at, note):
        record = Record()
        while at < buffer.size and record.read(buffer.view, at, buffer.size):
            if record.kind == MESSAGE:
                note(record.sequence, record.subject(buffer.view))
            at = record.end

    def when_idle(self, done):
        """Call ``done()`` as soon as everything proposed is applied."""
        self._idle_waiters.append(done)
        self.commit()
        self._tell_idle()

    def when_settled(self, done):
        """Call ``done()`` as soon as no batch is applied in part: the index fits its position."""
        self._settled_waiters.append(done)
        if self._batch is None and not self._work:
            self._tell_settled()

    def _tell_settled(self):
        if self._settled_waiters:
            waiters = self._settled_waiters
            self._settled_waiters = []
            for done in waiters:
                done()

    def _tell_idle(self):
        if self._idle_waiters and self.is_idle():
            waiters = self._idle_waiters
            self._idle_waiters = []
            for done in waiters:
                done()

    def is_idle(self):
        """Tell whether nothing is proposed, being written or being applied."""
        return (
            self.log.writing is None
            and self.log.staged.size == 0
            and self._batch is None
            and not self._completed
            and not self._work
        )

    def forget(self, block):
        """Let go of the memory of a block that is no more."""
        self._cache.drop(block)
        self.log.forget_block(block)

    def flush(self, done):
        """Call ``done()`` once all that is applied now is in the stream's own files."""
        if self.committer is None:
            done()
        else:
            self.committer.flush(self.log, done)

    def close(self):
        """Write nothing any more."""
        self.closed = True
        if self.committer is not None:
            self.committer.forget(self.log)
        self.log.close()

    def drop_cache(self):
        """Let go of the memory of every block; the stream is going away."""
        for block in self.index.blocks:
            self._cache.drop(block)
